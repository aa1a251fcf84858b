package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
)

// awayStore is a store that can be taken away.
type awayStore struct {
	uploads.StoreClient
	away atomic.Bool
}

func (a *awayStore) HeadObject(ctx context.Context, in *s3.HeadObjectInput, o ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if a.away.Load() {
		return nil, errAway
	}
	return a.StoreClient.HeadObject(ctx, in, o...)
}

func (a *awayStore) ListParts(ctx context.Context, in *s3.ListPartsInput, o ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	if a.away.Load() {
		return nil, errAway
	}
	return a.StoreClient.ListParts(ctx, in, o...)
}

// brokenApplication fails whatever it is told.
func brokenApplication(c *handlers.Config) {
	broken := errors.New("the application's database is locked")
	c.OnComplete = func(context.Context, uploads.Completed) error { return broken }
	c.OnReplaced = func(context.Context, uploads.Replaced) error { return broken }
	c.OnRemoved = func(context.Context, uploads.Completed) error { return broken }
}

// panickingApplication panics at the first upload that it is told of.
func panickingApplication(c *handlers.Config) {
	c.OnComplete = func(context.Context, uploads.Completed) error { panic("at the application's") }
}

// lines returns what was logged, each line as its members.
func (l *logbook) lines(t *testing.T) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		var members map[string]any
		if err := json.Unmarshal([]byte(line), &members); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		list = append(list, members)
	}
	return list
}

// wantIDs wants every line that was logged to name one of these uploads by the member id, or of a
// batch all of them by ids.
func (l *logbook) wantIDs(t *testing.T, uploads ...string) {
	t.Helper()
	lines := l.lines(t)
	for _, line := range lines {
		id, _ := line["id"].(string)
		ids, _ := line["ids"].([]any)
		batch := make([]string, len(ids))
		for i := range ids {
			batch[i], _ = ids[i].(string)
		}
		if !slices.Contains(uploads, id) && !slices.Equal(batch, uploads) {
			t.Errorf("the line names none of %q: %v", uploads, line)
		}
	}
	if len(lines) == 0 {
		t.Error("nothing was logged")
	}
}

// wantMessage wants a line with this message.
func (l *logbook) wantMessage(t *testing.T, message string) {
	t.Helper()
	for _, line := range l.lines(t) {
		if line["msg"] == message {
			return
		}
	}
	t.Errorf("no line says %q:\n%s", message, l)
}

// Each row drives one way in or one failure. Everything that it makes the server log is about one
// upload.
func TestEveryLogLineAboutAnUploadNamesIt(t *testing.T) {
	t.Parallel()
	picture := func(s lateSite) *plan {
		p := s.issue("pictures", "garden.png", "image/png", 4000)
		p.send(png(4000))
		return p
	}
	rows := []struct {
		name    string
		edits   []func(*handlers.Config)
		happens func(t *testing.T, s lateSite, store *awayStore) (id string)
		says    string // the message of one line, beside those of requests; "" for none
	}{
		{"sent and completed", nil, func(_ *testing.T, s lateSite, _ *awayStore) string {
			p := picture(s)
			p.complete()
			p.complete()
			return p.ID
		}, ""},
		{"sent in parts", nil, func(_ *testing.T, s lateSite, _ *awayStore) string {
			content := prose(11 << 20)
			p := s.issue("films", "plot.txt", "text/plain", len(content), "Authorization", "Bearer alice")
			p.call("GET", "/parts", "")
			p.send(content)
			p.complete()
			return p.ID
		}, ""},
		{"a form without script", nil, func(t *testing.T, s lateSite, _ *awayStore) string {
			f := s.form("pictures")
			f.send(png(4000))
			return f.id(t)
		}, ""},
		{"the page for an iframe", nil, func(t *testing.T, s lateSite, _ *awayStore) string {
			f := readForm(s.site, s.call("GET", "/widget/pictures", "").body)
			f.send([]byte("no picture at all, but long enough"))
			return f.id(t)
		}, ""},
		{"a file that breaks the plan", nil, func(_ *testing.T, s lateSite, _ *awayStore) string {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.send([]byte(strings.Repeat("no picture", 400)))
			p.call("POST", "/complete", "")
			return p.ID
		}, ""},
		{"aborted", nil, func(_ *testing.T, s lateSite, _ *awayStore) string {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.abort()
			p.call("POST", "/complete", "")
			return p.ID
		}, ""},
		{"with a token of nobody's", nil, func(_ *testing.T, s lateSite, _ *awayStore) string {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.Token = "none"
			p.call("POST", "/complete", "")
			return p.ID
		}, ""},
		{"a browser whose requests fail", nil, func(t *testing.T, s lateSite, _ *awayStore) string {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.call("POST", "/diagnosis", `{"seen":{"failures":1}}`)
			return p.ID
		}, "a browser's requests to the store fail"},
		{"a store that is away", nil, func(_ *testing.T, s lateSite, store *awayStore) string {
			p := picture(s)
			store.away.Store(true)
			p.call("POST", "/complete", "")
			s.clock.move(lifetimeOfForms + 1)
			s.work()
			p.call("DELETE", "", "")
			return p.ID
		}, "upload not looked up"},
		{"a store that is away when a form lands", nil, func(t *testing.T, s lateSite, store *awayStore) string {
			f := s.form("pictures")
			store.away.Store(true)
			f.send(png(4000))
			return f.id(t)
		}, "request failed"},
		{"a ledger that is away", nil, func(_ *testing.T, s lateSite, _ *awayStore) string {
			s.ledger.away.Store(true)
			p := picture(s)
			p.complete()
			return p.ID
		}, "ledger is away"},
		{"an application that fails", []func(*handlers.Config){brokenApplication}, func(_ *testing.T, s lateSite, _ *awayStore) string {
			p := picture(s)
			p.call("POST", "/complete", "")
			return p.ID
		}, "request failed"},
		{"an application that fails when an upload is removed", []func(*handlers.Config){brokenApplication, func(c *handlers.Config) { c.OnComplete = nil },
			removable(newClock(), time.Hour)}, func(_ *testing.T, s lateSite, _ *awayStore) string {
			p := picture(s)
			p.complete()
			p.abort()
			return p.ID
		}, "OnRemoved failed"},
		{"an application that fails when an upload is replaced", []func(*handlers.Config){brokenApplication, func(c *handlers.Config) { c.OnComplete = nil }}, func(t *testing.T, s lateSite, _ *awayStore) string {
			p := picture(s)
			p.complete()
			put(t, &s3.PutObjectInput{Key: aws.String(p.Key), Body: reader(append(png(3999), 1)), ContentType: aws.String("image/png"),
				Metadata: map[string]string{"source": "web", "filename": "garden.png"}, CacheControl: aws.String("no-cache")})
			p.call("POST", "/complete", "")
			return p.ID
		}, "OnReplaced failed"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			away := &awayStore{}
			s := newLateSite(t, append(row.edits, func(c *handlers.Config) {
				away.StoreClient = c.Store.Client
				c.Store.Client = away
			})...)
			id := row.happens(t, s, away)
			s.log.wantIDs(t, id)
			if row.says != "" {
				s.log.wantMessage(t, row.says)
			}
		})
	}
}

func TestTheLogLinesOfABatchNameItsUploads(t *testing.T) {
	t.Parallel()
	s := newLateSite(t, panickingApplication)
	s.ledger.away.Store(true)
	issued := s.batch("pictures", []string{file("a.png", "image/png", 4000), file("b.png", "image/png", 4000), file("c.exe", "application/x-msdownload", 10)}).Uploads
	one, two := issued[0].Upload, issued[1].Upload
	s.log.wantIDs(t, one.ID, two.ID)
	if away := strings.Count(s.log.String(), `"msg":"ledger is away"`); away != 2 {
		t.Errorf("%d lines say that the ledger is away, wanted one for each upload:\n%s", away, s.log)
	}
	put(t, &s3.PutObjectInput{Key: aws.String(one.Key), Body: reader(png(4000)), ContentType: aws.String("image/png"),
		Metadata: map[string]string{"source": "web", "filename": "a.png"}, CacheControl: aws.String("no-cache")})
	body, err := json.Marshal(map[string]any{"uploads": []map[string]string{{"id": one.ID, "token": one.Token}, {"id": two.ID, "token": two.Token}}})
	if err != nil {
		t.Fatal(err)
	}
	if a := s.call("POST", "/uploads/complete", string(body)); a.status != http.StatusOK {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	s.log.wantIDs(t, one.ID, two.ID)
	s.log.wantMessage(t, "request failed")
}

// serviceFolder is absolute, since a running store changes the working directory.
var serviceFolder, _ = filepath.Abs("uploads")

// logCall is a call of a logger of the service, whose lines are all about an upload.
var logCall = regexp.MustCompile(`[lL]ogger\.(?:Debug|Info|Warn|Error|Log)[A-Za-z]*\(`)

// Some lines take minutes or an outage at the right moment to be written, so their code is read too.
func TestEveryLogCallOfTheServiceNamesItsUpload(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(serviceFolder, "*.go"))
	if err != nil || len(files) < 20 {
		t.Fatal(len(files), err)
	}
	calls := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range logCall.FindAllIndex(text, -1) {
			call, _, _ := strings.Cut(string(text[at[0]:min(at[0]+400, len(text))]), "\n\t}")
			if calls++; !strings.Contains(call, `"id"`) {
				t.Errorf("%s: the line doesn't name its upload: %s", file, call)
			}
		}
	}
	if calls < 10 {
		t.Errorf("%d calls found", calls)
	}
}

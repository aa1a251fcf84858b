package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// sweepConfig is a config file whose uploads may be resumed for two seconds.
func sweepConfig(store string, replacements ...string) string {
	return serveConfig(store, "127.0.0.1:0", append(replacements, "size: 1..10MiB", "size: 1..1GiB, lifetime: 1s, upload_lifetime: 2s")...)
}

// sweepResult is the JSON of postern sweep.
type sweepResult struct {
	Uploads []uploads.AbandonedUpload
	Count   int
	Bytes   int64
	findings.Report
}

// runSweep runs postern sweep as a process of its own, and reads its JSON.
func runSweep(t *testing.T, config string, flags ...string) (sweepResult, outcome) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, config)
	got := runProcess(t, filepath.Dir(name), operatorKeys, append([]string{"sweep", "--config", "postern.yaml", "--json"}, flags...)...)
	var result sweepResult
	if got.code != exitUsage {
		if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
			t.Fatalf("sweep: %v\n%s\n%s", err, got.stdout, got.stderr)
		}
	}
	return result, got
}

// begin begins a multipart upload with a part of 5 bytes and returns its ID.
func begin(t *testing.T, g *gateway.Gateway, key string) string {
	t.Helper()
	made, err := g.Client().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String("media"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	part := &s3.UploadPartInput{Bucket: made.Bucket, Key: &key, UploadId: made.UploadId, PartNumber: aws.Int32(1), Body: bytes.NewReader([]byte("12345"))}
	if _, err := g.Client().UploadPart(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	return *made.UploadId
}

// openKeys lists the keys of unfinished uploads.
func openKeys(t *testing.T, g *gateway.Gateway) string {
	t.Helper()
	list, err := g.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("media")})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, up := range list.Uploads {
		keys = append(keys, *up.Key)
	}
	return strings.Join(keys, " ")
}

func TestSweepAbortsAbandonedUploadsOfARealStoreAndNoneThatRuns(t *testing.T) {
	g := startStore(t)
	for _, key := range []string{"in/a/1", "in/b/2", "inside/3", "other/4"} {
		begin(t, g, key)
	}
	config := sweepConfig(g.URL())
	if result, got := runSweep(t, config, "--older", "1h"); got.code != exitDone || result.Count != 0 {
		t.Errorf("nothing is so old: %+v", got)
	}
	waitUntil(t, "two uploads are two seconds old", func() bool {
		result, got := runSweep(t, config, "--older", "2s")
		return got.code == exitFailed && result.Count == 2 && result.Bytes == 10 && result.Findings[0].Code == uploadsAbandoned
	})
	var running sync.WaitGroup
	var done atomic.Bool
	var completed atomic.Int32
	for worker := range 3 {
		running.Go(func() {
			for n := 0; !done.Load(); n++ {
				key := fmt.Sprintf("in/running/%d-%d", worker, n)
				begun := time.Now()
				err := complete(t.Context(), g, key, begin(t, g, key))
				if err != nil && time.Since(begun) < 2*time.Second { // an older one may be aborted
					t.Errorf("%s: %v", key, err)
				}
				completed.Add(1)
			}
		})
	}
	for round := range 3 {
		before := completed.Load()
		result, got := runSweep(t, config, "--older", "2s", "--apply")
		if wanted := []int{2, 0, 0}[round]; got.code != exitDone || result.Count != wanted {
			t.Errorf("round %d: %+v", round, got)
		}
		waitUntil(t, "more uploads", func() bool { return completed.Load() > before })
	}
	done.Store(true)
	running.Wait()
	if left := openKeys(t, g); left != "inside/3 other/4" {
		t.Errorf("wanted inside/3 and other/4 to stay, got %q", left)
	}
}

// complete completes an upload of begin; it fails if somebody has aborted it.
func complete(ctx context.Context, g *gateway.Gateway, key, id string) error {
	client := g.Client()
	parts, err := client.ListParts(ctx, &s3.ListPartsInput{Bucket: aws.String("media"), Key: &key, UploadId: &id})
	if err != nil {
		return err
	}
	list := &types.CompletedMultipartUpload{}
	for _, part := range parts.Parts {
		list.Parts = append(list.Parts, types.CompletedPart{PartNumber: part.PartNumber, ETag: part.ETag})
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("media"), Key: &key, UploadId: &id, MultipartUpload: list})
	return err
}

func TestServeSweepsOnATimerThatEndsWithIt(t *testing.T) {
	g := startStore(t)
	begin(t, g, "in/a/1")
	begin(t, g, "other/4")
	s, _ := startServe(t, g.URL(), "size: 1..10MiB", "size: 1..1GiB, lifetime: 1s, upload_lifetime: 2s", "profiles:", "sweep: {every: 1s, older: 2s}\nprofiles:")
	waitUntil(t, "the log says that one is aborted", func() bool { return strings.Contains(s.Log.String(), `"aborted":1`) })
	if left := openKeys(t, g); left != "other/4" {
		t.Errorf("wanted other/4 to stay, got %q", left)
	}
	s.Stop() // fails unless the process ends with exit code 0
}

func TestSweepRefusesWhatItCantTellApart(t *testing.T) {
	t.Parallel()
	const nowhere = "http://127.0.0.1:1"
	for _, c := range []struct {
		name, config string
		flags        []string
		code         int
		want         string
	}{
		{"an age below upload_lifetime", sweepConfig(nowhere), []string{"--older", "1s"}, exitUsage, "wanted an age of at least 2s, the longest upload_lifetime, got 1s"},
		{"no age", sweepConfig(nowhere), []string{"--older", "old"}, exitUsage, `--older: wants an age above zero such as 8d or 200h, got "old"`},
		{"an empty prefix", sweepConfig(nowhere, "in/{subject}", "{subject}"), nil, exitUsage, "wanted a key template that begins with a folder, such as uploads/{subject}/{id}{ext}"},
		{"a store that lists none", sweepConfig("https://store.example.com", "provider: versity", "provider: other"), nil, exitDone, uploadsUnlisted},
		{"a store that isn't there", sweepConfig(nowhere), nil, exitFailed, "store_unreachable"},
		{"a profile that can't be swept beside one that can", sweepConfig(nowhere) + "  open: {bucket: media, key: \"{subject}/{id}\", types: [\"*/*\"], size: 1..10MiB, insecure_key: true}\n", nil, exitFailed, `"key_prefix_empty"`},
	} {
		_, got := runSweep(t, c.config, c.flags...)
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.want) || strings.Count(got.stderr, "\n") > 1 {
			t.Errorf("%s: wanted %d and %q, got %+v", c.name, c.code, c.want, got)
		}
	}
}

// TestSweepTellsTheStoresFailuresApart: each has the bucket, and one line of the store's words.
func TestSweepTellsTheStoresFailuresApart(t *testing.T) {
	_, proxy := startFaultyStore(t)
	for _, c := range []struct {
		name         string
		replace      []string
		fault        func(*storeProxy, http.ResponseWriter, *http.Request)
		code, remedy string
	}{
		{"no bucket", []string{"bucket: media", "bucket: films"}, nil, "bucket_missing", "create-bucket --bucket films"},
		{"another region", []string{"region: us-east-1", "region: eu-central-1"}, nil, "region_wrong", "store.region: us-east-1"},
		{"a wrong key", nil, answerTo(func(s3Request) bool { return true }, 403, "InvalidAccessKeyId"), "credentials_refused", "AWS_ACCESS_KEY_ID"},
		{"no right", nil, answerTo(func(s3Request) bool { return true }, 403, "AccessDenied"), sweepFailed, "s3:ListBucketMultipartUploads"},
		{"no store", nil, func(_ *storeProxy, w http.ResponseWriter, _ *http.Request) { http.Error(w, "no page", 404) }, "store_not_s3", "store.endpoint"},
		{"a closed port", []string{proxy.URL, "http://127.0.0.1:1"}, nil, "store_unreachable", "store.endpoint"},
	} {
		proxy.have(c.fault)
		result, got := runSweep(t, strings.NewReplacer(c.replace...).Replace(sweepConfig(proxy.URL)))
		if got.code != exitFailed || len(result.Findings) != 1 {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		f := result.Findings[0]
		if f.Code != c.code || f.Bucket == "" || !strings.Contains(f.Remedy, c.remedy) || strings.Contains(f.Evidence, "operation error") || strings.Contains(f.Evidence, "\n") {
			t.Errorf("%s: wanted %s with %q, got %+v", c.name, c.code, c.remedy, f)
		}
	}
}

func TestSweepPrintsALineForEachUpload(t *testing.T) {
	g := startStore(t)
	begin(t, g, "in/a/1")
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, sweepConfig(g.URL()))
	var got outcome
	waitUntil(t, "an old upload", func() bool {
		got = runProcess(t, filepath.Dir(name), operatorKeys, "sweep", "--config", "postern.yaml", "--older", "2s")
		return got.code == exitFailed
	})
	for _, want := range []string{"s  5 bytes  \"media/in/a/1\"\n", "1 uploads, 5 bytes\n", "postern sweep --config postern.yaml --older 2s --apply"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("wanted %q in\n%s", want, got.stdout)
		}
	}
}

func TestTheServerMayListUploadsWhereItSweeps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		section string
		wanted  bool
	}{{"", false}, {"sweep: {every: 24h}\n", true}} {
		name := filepath.Join(t.TempDir(), "postern.yaml")
		write(t, name, sweepConfig("http://127.0.0.1:1", "profiles:", c.section+"profiles:"))
		got := invoke(t, nil, "iam", "--config", name, "--json")
		var printed struct {
			Documents []struct {
				Name   string
				Policy json.RawMessage
			}
		}
		if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil {
			t.Fatalf("%v, %+v", err, got)
		}
		for _, d := range printed.Documents {
			if d.Name == "server" && strings.Contains(string(d.Policy), "s3:ListBucketMultipartUploads") != c.wanted {
				t.Errorf("%q: %s", c.section, d.Policy)
			}
		}
	}
}

// hangingList is a store that doesn't answer until its caller gives up.
type hangingList struct {
	uploads.SweepClient
	asked chan struct{}
}

func (l hangingList) ListMultipartUploads(ctx context.Context, _ *s3.ListMultipartUploadsInput, _ ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	l.asked <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// emptyList is a store without multipart uploads; it counts how often it is asked.
type emptyList struct {
	uploads.SweepClient
	asked *int
}

func (l emptyList) ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	*l.asked++
	return &s3.ListMultipartUploadsOutput{}, nil
}

func TestServersWithOneLedgerSweepOnceTogether(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(ledger.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "postern.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	for _, c := range []struct {
		ledger *ledger.Ledger
		wanted int
	}{{l, 1}, {nil, 2}} {
		asked := 0
		for range 2 {
			s := &server{stderr: io.Discard, ledger: c.ledger}
			p := profile.Profile{Name: "inbox", Bucket: "media", Key: "in/{id}", Types: []string{"*/*"}, MaxSize: 1}
			s.current.Store(&serverState{config: &config.Config{}, sweep: uploads.Sweep{Client: emptyList{asked: &asked}, Profiles: []profile.Profile{p}}})
			s.sweepInTurn(t.Context(), time.Hour)
		}
		if asked != c.wanted {
			t.Errorf("with a ledger %v: swept %d times, wanted %d", c.ledger != nil, asked, c.wanted)
		}
	}
}

func TestTheTimerEndsWithTheServerInTheMiddleOfASweep(t *testing.T) {
	t.Parallel()
	list := hangingList{asked: make(chan struct{}, 1)}
	var log bytes.Buffer
	s := &server{stderr: &log}
	p := profile.Profile{Name: "inbox", Bucket: "media", Key: "in/{id}", Types: []string{"*/*"}, MaxSize: 1}
	s.current.Store(&serverState{config: &config.Config{Sweep: config.Sweep{Every: time.Millisecond}}, sweep: uploads.Sweep{Client: list, Profiles: []profile.Profile{p}}})
	stop := s.sweepOnTimer(t.Context())
	<-list.asked
	stop() // hangs unless the sweep ends
	if log.Len() > 0 {
		t.Errorf("a sweep that was stopped is logged: %s", &log)
	}
}

package nodes

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// moment is when a browser is lost.
type moment int

const (
	whileSending    moment = iota // at any byte of what it sends to the store, but the first
	afterSending                  // before it tells the server
	whileCompleting               // at any byte of its request, or before it has the answer
	never
)

// browser is a client that uploads one file to a profile and is lost at a moment.
type browser struct {
	client testclient.Client
	random *rand.Rand
	way    string // post, put, parts, or form: without script
	lost   moment
	wrong  bool // the file isn't of the type that was declared
	large  bool // parts are two
	// process: what is cut is sent by a process of its own, which is killed.
	process bool
	// repeated counts the requests to the server that were made again; nil: none is.
	repeated *atomic.Int64
}

// sent is an upload of a browser.
type sent struct {
	browser
	id     string
	issued time.Time // before it was asked for
}

// file is what a browser uploads.
func (b browser) file() []byte {
	size := 1 + b.random.IntN(60<<10)
	switch {
	case b.way == "parts" && b.large:
		size += 5 << 20
	case b.way == "parts":
		size += 64 << 10
	}
	content := bytes.Repeat([]byte("text "), size/5+1)[:size]
	if b.wrong {
		copy(content, "%PDF-1.7\n")
	}
	return content
}

// upload uploads a file by the profile, until the browser is lost. The error says what failed
// before that.
func (b browser) upload(ctx context.Context, profile string) (sent, error) {
	s := sent{browser: b, issued: time.Now()}
	content := b.file()
	if b.way == "form" {
		return b.uploadForm(ctx, s, profile, content)
	}
	var u *testclient.Upload
	err := b.ask(ctx, "issue", func() (answer testclient.Answer, err error) {
		u, answer, err = b.client.Issue(ctx, testclient.Request{Profile: profile, Filename: "notes.txt", Type: "text/plain", Size: int64(len(content))})
		return answer, err
	})
	if err != nil {
		return s, err
	}
	s.id = u.ID
	if u.Multipart != nil {
		err = b.sendParts(ctx, u, content)
	} else {
		err = b.sendWhole(ctx, u, content)
	}
	if err != nil || b.lost < whileCompleting {
		return s, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.client.Base+"/uploads/"+u.ID+"/complete", nil)
	if err != nil {
		return s, err
	}
	request.Header.Set("Upload-Token", u.Token)
	return s, b.finish(ctx, request)
}

// uploadForm uploads without script.
func (b browser) uploadForm(ctx context.Context, s sent, profile string, content []byte) (sent, error) {
	var page testclient.Answer
	err := b.ask(ctx, "form page", func() (answer testclient.Answer, err error) {
		page, err = b.client.Raw(ctx, http.MethodGet, "/forms/"+profile, http.Header{}, nil)
		return page, err
	})
	if err != nil {
		return s, err
	}
	form, err := testclient.ParseForm(page.Body)
	if err != nil {
		return s, err
	}
	landing, err := url.Parse(form.Get("success_action_redirect"))
	if err != nil {
		return s, err
	}
	_, token, _ := strings.Cut(landing.Path, "/done/")
	s.id, _, _ = strings.Cut(path.Base(form.Get("key")), ".")
	s.id = strings.TrimSuffix(s.id, "${filename}")
	request, err := form.Request(ctx, "notes.txt", content)
	if err == nil {
		err = b.send(request)
	}
	if err != nil || b.lost < whileCompleting {
		return s, err
	}
	request, err = http.NewRequestWithContext(ctx, http.MethodGet, b.client.Base+"/forms/"+profile+"/done/"+token, nil)
	if err != nil {
		return s, err
	}
	return s, b.finish(ctx, request)
}

// sendWhole sends a file in one request.
func (b browser) sendWhole(ctx context.Context, u *testclient.Upload, content []byte) error {
	var request *http.Request
	var err error
	if u.Post != nil {
		request, err = u.Post.Request(ctx, "notes.txt", content)
	} else {
		request, err = u.Put.Request(ctx, content)
	}
	if err != nil {
		return err
	}
	return b.send(request)
}

// sendParts sends a file in parts. A browser that is lost then is lost in any of them.
func (b browser) sendParts(ctx context.Context, u *testclient.Upload, content []byte) error {
	last := 1 + b.random.IntN(u.Multipart.PartCount)
	for number := 1; number <= u.Multipart.PartCount; number++ {
		part := u.PartContent(content, number)
		var signed []testclient.Part
		err := b.ask(ctx, "sign", func() (answer testclient.Answer, err error) {
			signed, answer, err = u.Sign(ctx, testclient.PartRequest{Number: number, Checksum: testclient.Checksum(u.Multipart.Checksum, part)})
			return answer, err
		})
		if err != nil {
			return err
		}
		request, err := signed[0].Request(ctx, part)
		if err != nil {
			return err
		}
		if b.lost == whileSending && number < last {
			err = toStore(request)
		} else {
			err = b.send(request)
		}
		if err != nil || b.lost == whileSending && number == last {
			return err
		}
	}
	return nil
}

// ask makes a request to the server, again and again where that is wanted and a server was killed.
func (b browser) ask(ctx context.Context, what string, call func() (testclient.Answer, error)) error {
	for {
		answer, err := call()
		again := err != nil || answer.Status >= http.StatusInternalServerError || answer.Status == http.StatusTooManyRequests
		switch {
		case err == nil && answer.OK():
			return nil
		case !again || b.repeated == nil || ctx.Err() != nil:
			return fmt.Errorf("%s: %v, %w", what, answer, err)
		}
		b.repeated.Add(1)
		time.Sleep(100 * time.Millisecond)
	}
}

// send sends a request to the store.
func (b browser) send(request *http.Request) error {
	if b.lost == whileSending {
		return b.cut(request)
	}
	return toStore(request)
}

// toStore sends a request to the store, whose answer has to be a success or a redirect.
func toStore(request *http.Request) error {
	answer, err := testclient.Do(request)
	if err == nil && answer.Status >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %v", request.Method, request.URL.Path, answer)
	}
	return err
}

// finish completes an upload, or asks for its landing page.
func (b browser) finish(ctx context.Context, request *http.Request) error {
	if b.lost == whileCompleting {
		return b.cut(request)
	}
	return b.ask(ctx, "complete", func() (testclient.Answer, error) { return testclient.Do(request) })
}

// cut sends a request up to any byte but the first, a third of the time all of it, and closes the
// connection without reading the answer. Half of the time it resets the connection, as the system
// does for a process that was killed with something unread.
func (b browser) cut(request *http.Request) error {
	request.Close = true
	var encoded bytes.Buffer
	if err := request.Write(&encoded); err != nil {
		return err
	}
	if b.process {
		return sendByClient(request.URL.Host, encoded.Bytes(), b.random)
	}
	conn, err := new(net.Dialer).DialContext(request.Context(), "tcp", request.URL.Host)
	if err != nil {
		return err
	}
	size := encoded.Len()
	if b.random.IntN(3) > 0 {
		size = 1 + b.random.IntN(size)
	}
	_, _ = conn.Write(encoded.Next(size)) // a store that refuses early closes first
	if b.random.IntN(2) == 0 {
		_ = conn.(*net.TCPConn).SetLinger(0)
	}
	return conn.Close()
}

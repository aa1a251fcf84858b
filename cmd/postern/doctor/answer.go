package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// caller is one set of credentials and the address of the store that it is used at.
type caller struct {
	name    string // "the server's own credentials"
	store   uploads.Store
	signers *awscreds.Source
}

// call is one request to the store. Its headers are signed.
type call struct {
	method, bucket, key string
	query, headers      []sigv4.Param
	body                []byte
}

// answer is what came back. A request without an answer has err, which holds no address: that of a
// presigned request is a secret.
type answer struct {
	status        int
	header        http.Header
	body          []byte // at most 64 KiB
	code, message string // of S3's error
	region        string // of S3's error, or of the header x-amz-bucket-region
	err           error
}

func (a answer) ok() bool { return a.err == nil && a.status >= 200 && a.status < 300 }

// refused reports that the store gave an answer, and that it was a refusal: a redirect to another
// region is one.
func (a answer) refused() bool { return a.err == nil && (a.status >= 400 || a.code != "") }

// String is the answer as evidence.
func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	text := fmt.Sprintf("status %d", a.status)
	if a.code != "" {
		text += " " + clip(a.code)
	}
	if a.message != "" {
		text += ": " + clip(a.message)
	}
	return text
}

// clip makes one short line of a text of the store's.
func clip(text string) string {
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) > 160 {
		text = strings.ToValidUTF8(text[:160], "") + "…"
	}
	return text
}

const maxAnswer = 64 << 10 // bytes of a body that are read

// newHTTPClient returns a client that follows no redirect and asks for no compression.
func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	transport.MaxIdleConnsPerHost = concurrency
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// send makes a signed call with a caller's credentials.
func (r *run) send(ctx context.Context, by caller, c call) answer {
	signer, err := by.signers.Signer(ctx)
	if err != nil {
		return answer{err: err}
	}
	address, err := by.store.BucketURL(c.bucket)
	if err != nil {
		return answer{err: err}
	}
	if c.key != "" {
		address = sigv4.ObjectURL(address, c.key)
	}
	now := r.now()
	signed, err := signer.PresignURL(sigv4.PresignRequest{Method: c.method, URL: address, Bucket: c.bucket, Query: c.query, Headers: c.headers, Expires: now.Add(time.Minute)}, now)
	if err != nil {
		return answer{err: err}
	}
	return r.request(ctx, c.method, signed, c.headers, c.body)
}

const (
	tries          = 3                // of a request that got no answer, or one that says to come back later
	maxUnanswered  = 6                // requests in a row that got none, after which each is sent once
	requestTimeout = 30 * time.Second // of one request, and more for its body
	slowestUplink  = 64 << 10         // bytes per second at which a body has to get through
)

// request sends a request as it is. One that gets no answer, or 5xx, is sent again: a busy store is
// no finding.
func (r *run) request(ctx context.Context, method, address string, headers []sigv4.Param, body []byte) (a answer) {
	for try := range tries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return a
			case <-time.After(time.Duration(try) * 300 * time.Millisecond):
			}
		}
		a = r.requestOnce(ctx, method, address, headers, bytes.NewReader(body))
		if a.err == nil && (a.status < 500 || a.status == http.StatusNotImplemented) && a.status != http.StatusTooManyRequests || r.unanswered.Load() >= maxUnanswered {
			return a
		}
	}
	return a
}

// requestOnce sends a request. A body that isn't a *bytes.Reader goes in chunks. Once it has begun
// it doesn't end with ctx: what a store gets of a request that is given up may arrive after the
// clean-up.
func (r *run) requestOnce(ctx context.Context, method, address string, headers []sigv4.Param, body io.Reader) answer {
	if err := ctx.Err(); err != nil {
		return answer{err: err}
	}
	timeout := requestTimeout
	if sized, ok := body.(*bytes.Reader); ok {
		timeout += time.Duration(sized.Len()/slowestUplink) * time.Second
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	a := r.exchange(ctx, method, address, headers, body)
	if a.err != nil {
		r.unanswered.Add(1)
		if !isDial(a.err) {
			r.mayArrive.Store(true)
		}
	} else {
		r.unanswered.Store(0)
	}
	return a
}

// isDial reports that there was no connection, so that nothing was sent.
func isDial(err error) bool {
	var dial *net.OpError
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &certificate)
}

// exchange sends a request and reads the answer. What it may have written is noted.
func (r *run) exchange(ctx context.Context, method, address string, headers []sigv4.Param, body io.Reader) (a answer) {
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return answer{err: withoutAddress(err)}
	}
	for _, h := range headers {
		switch strings.ToLower(h.Name) {
		case "content-length", "host":
		default:
			request.Header.Set(h.Name, h.Value)
		}
	}
	request.Header.Set("User-Agent", Subject)
	defer func() { r.written.note(request, a) }()
	// A store that refuses a body before it has read it would take the rest for another request.
	request.Close = method == http.MethodPut || method == http.MethodPost
	response, err := r.http.Do(request)
	if err != nil {
		return answer{err: withoutAddress(err)}
	}
	defer func() { _ = response.Body.Close() }()
	a = answer{status: response.StatusCode, header: response.Header, region: response.Header.Get("x-amz-bucket-region")}
	if a.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return answer{err: withoutAddress(err)}
	}
	a.readError()
	return a
}

// readError reads the store's error, if the body is one.
func (a *answer) readError() {
	var s3 struct {
		XMLName               xml.Name `xml:"Error"`
		Code, Message, Region string
	}
	if a.status >= 300 && xml.Unmarshal(a.body, &s3) == nil {
		a.code, a.message = s3.Code, s3.Message
		if a.region == "" {
			a.region = s3.Region
		}
	}
}

// withoutAddress takes the address off an error of net/http.
func withoutAddress(err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// element is the text of the first XML element of a name, wherever it is; "" for none.
func (a answer) element(name string) string {
	d := xml.NewDecoder(bytes.NewReader(a.body))
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == name {
			var text string
			if d.DecodeElement(&text, &start) != nil {
				return ""
			}
			return text
		}
	}
}

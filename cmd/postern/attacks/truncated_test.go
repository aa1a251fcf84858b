package attacks

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// A connection that ends within a body must leave nothing in the store. A store that fills the rest
// with zeros has an object of the right size, and nobody would notice.
func TestABodyThatEndsTooEarlyIsNotStored(t *testing.T) {
	t.Parallel()
	common, noPolicies := newSite(t), newSite(t, withoutPostPolicy)
	t.Run(viaMultipart, func(t *testing.T) {
		t.Parallel()
		a := newAttempt(t, common)
		u := a.issue(filmRequest(filmSize))
		p := a.sign(u, 1)
		a.sendPartly("PUT", p.URL, p.Headers, p.Size, pngOfSize(partSize/2))
		a.requireNoParts(u)
		a.requireCompletes(u, pngOfSize(filmSize))
	})
	t.Run(viaPUT, func(t *testing.T) {
		t.Parallel()
		a := newAttempt(t, noPolicies)
		u := a.issue(filmRequest(partSize - 1))
		a.sendPartly("PUT", u.Put.URL, u.Put.Headers, partSize-1, pngOfSize(partSize/2))
		a.requireNothingStored()
		a.requireCompletes(u, pngOfSize(partSize-1))
	})
	t.Run(viaPOST, func(t *testing.T) {
		t.Parallel()
		a := newAttempt(t, common)
		u := a.issue(filmRequest(partSize - 1))
		encoded, kind := encodeForm(*u.Post, pngOfSize(partSize-1))
		a.sendPartly("POST", u.Post.URL, map[string]string{"Content-Type": kind}, int64(len(encoded)), encoded[:len(encoded)/2])
		a.requireNothingStored()
		a.requireCompletes(u, pngOfSize(partSize-1))
	})
}

// encodeForm encodes a form with its file.
func encodeForm(p testclient.Post, file []byte) (body []byte, kind string) {
	const boundary = "the-boundary-of-the-form"
	var b bytes.Buffer
	for _, f := range p.Fields {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", boundary, f.Name, f.Value)
	}
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n%s\r\n--%s--\r\n", boundary, file, boundary)
	return b.Bytes(), "multipart/form-data; boundary=" + boundary
}

// sendPartly announces a length, sends fewer bytes, ends the connection, and waits until the store
// has closed it.
func (a *attempt) sendPartly(method, address string, headers map[string]string, length int64, body []byte) {
	a.Helper()
	target, err := url.Parse(address)
	if err != nil {
		a.Fatal(err)
	}
	conn, err := net.Dial("tcp", target.Host)
	if err != nil {
		a.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, target.RequestURI(), target.Host, length)
	for name, value := range headers {
		fmt.Fprintf(&head, "%s: %s\r\n", name, value)
	}
	if _, err := conn.Write(append([]byte(head.String()+"\r\n"), body...)); err != nil {
		a.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		a.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	if strings.HasPrefix(string(answer), "HTTP/1.1 2") {
		a.Errorf("answer to half a body: wanted a refusal or none, got %.200s", answer)
	}
}

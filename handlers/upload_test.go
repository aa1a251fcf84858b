package handlers_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
)

// plan is the answer to POST /uploads.
type plan struct {
	site                                                    *site
	ID, Profile, Bucket, Key, Method, Expires, Token, Owner string
	Post                                                    *struct {
		URL    string
		Fields []struct{ Name, Value string }
	}
	Put *struct {
		URL     string
		Headers map[string]string
	}
	Multipart *struct {
		PartSize  int64
		PartCount int
		Checksum  *string
		Signed    *signedParts
	}
}

type result struct {
	ID, Profile, Bucket, Key, Type, ETag, Checksum string
	Size                                           int64
}

// issue asks for a plan and wants one.
func (s *site) issue(profile, filename, kind string, size int, header ...string) *plan {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"profile": profile, "filename": filename, "type": kind, "size": size})
	if err != nil {
		s.t.Fatal(err)
	}
	p := &plan{site: s}
	s.call("POST", "/uploads", string(body), header...).into(http.StatusCreated, p)
	return p
}

// call asks for something about the upload, with its token.
func (p *plan) call(method, route, body string, header ...string) answer {
	p.site.t.Helper()
	return p.site.call(method, "/uploads/"+p.ID+route, body, append([]string{"Upload-Token", p.Token}, header...)...)
}

// at is the same upload seen by another server.
func (p *plan) at(s *site) *plan {
	other := *p
	other.site = s
	return &other
}

// send sends the whole content in the way of the plan.
func (p *plan) send(content []byte) {
	p.site.t.Helper()
	switch p.Method {
	case "post":
		p.post(content)
	case "put":
		p.put(content)
	default:
		for n := 1; n <= p.Multipart.PartCount; n++ {
			p.sendPart(n, p.piece(content, n))
		}
	}
}

func (p *plan) post(content []byte) {
	p.site.t.Helper()
	fields := make([][2]string, len(p.Post.Fields))
	for i, f := range p.Post.Fields {
		fields[i] = [2]string{f.Name, f.Value}
	}
	if a := postForm(p.site.t, p.Post.URL, fields, content); a.status != http.StatusCreated {
		p.site.t.Fatalf("post: %d %s", a.status, a.body)
	}
}

func (p *plan) put(content []byte) answer {
	p.site.t.Helper()
	request, err := http.NewRequestWithContext(p.site.t.Context(), "PUT", p.Put.URL, bytes.NewReader(content))
	if err != nil {
		p.site.t.Fatal(err)
	}
	for name, value := range p.Put.Headers {
		request.Header.Set(name, value)
	}
	return send(p.site.t, request)
}

func (p *plan) piece(content []byte, number int) []byte {
	from := int64(number-1) * p.Multipart.PartSize
	return content[from:min(from+p.Multipart.PartSize, int64(len(content)))]
}

type signedParts struct {
	Expires string
	Parts   []signedPart
}

type signedPart struct {
	Number  int
	URL     string
	Size    int64
	Headers map[string]string
}

func (p *plan) sendPart(number int, content []byte) {
	p.site.t.Helper()
	body := fmt.Sprintf(`{"parts":[{"number":%d}]}`, number)
	if p.Multipart.Checksum != nil {
		body = fmt.Sprintf(`{"parts":[{"number":%d,"checksum":%q}]}`, number, crc(content))
	}
	var signed signedParts
	p.call("POST", "/parts", body).into(http.StatusOK, &signed)
	if signed.Parts[0].Size != int64(len(content)) {
		p.site.t.Fatalf("part %d: planned %d bytes, has %d", number, signed.Parts[0].Size, len(content))
	}
	p.putPart(signed.Parts[0], content)
}

func (p *plan) putPart(signed signedPart, content []byte) {
	p.site.t.Helper()
	request, err := http.NewRequestWithContext(p.site.t.Context(), "PUT", signed.URL, bytes.NewReader(content))
	if err != nil {
		p.site.t.Fatal(err)
	}
	for name, value := range signed.Headers {
		request.Header.Set(name, value)
	}
	if a := send(p.site.t, request); a.status != http.StatusOK {
		p.site.t.Fatalf("part %d: %d %s", signed.Number, a.status, a.body)
	}
}

// crc is the checksum crc32 as S3 writes it.
func crc(content []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(content)))
}

func (p *plan) complete() result {
	p.site.t.Helper()
	var r result
	p.call("POST", "/complete", `{}`).into(http.StatusOK, &r)
	return r
}

// postForm posts a form as a browser without script does.
func postForm(t *testing.T, to string, fields [][2]string, content []byte) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range fields {
		if err := form.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", "from-disk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), "POST", to, &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	return send(t, request)
}

// stored returns an object's bytes and content type, nil where there is none.
func stored(t *testing.T, key string) ([]byte, *s3.GetObjectOutput) {
	t.Helper()
	b := bucket
	out, err := store.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b, Key: &key})
	if err != nil {
		return nil, nil
	}
	defer func() { _ = out.Body.Close() }()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body, out
}

// png is a picture of the given size in bytes, as far as its first bytes tell.
func png(size int) []byte {
	head := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
	return append([]byte(head), bytes.Repeat([]byte{0xa5}, size-len(head))...)
}

// prose is plain text of the given size.
func prose(size int) []byte {
	return []byte(strings.Repeat("A small side entrance, well watched. ", size/37+1)[:size])
}

func noPost(c *handlers.Config) { c.Store.Provider.PostPolicy = false }

func reader(content []byte) io.Reader { return bytes.NewReader(content) }

// pad fills text up to a size.
func pad(text string, size int) []byte {
	return append([]byte(text), bytes.Repeat([]byte{' '}, size-len(text))...)
}

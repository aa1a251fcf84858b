package testclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"time"
)

// Upload is the answer to [Client.Issue]. One of Post, Put and Multipart is set, as Method says.
type Upload struct {
	ID, Profile, Bucket, Key, Method, Token string
	Expires                                 time.Time
	Post                                    *Post
	Put                                     *Put
	Multipart                               *Multipart

	client Client
}

// Post is the plan of a signed form.
type Post struct {
	URL    string
	Fields []Field // in the order they have to be sent in
}

// Field is a form field.
type Field struct{ Name, Value string }

// Put is the plan of one presigned request.
type Put struct {
	URL     string
	Headers map[string]string
}

// Multipart is the plan of a multipart upload.
type Multipart struct {
	PartSize  int64 // bytes; the last part may be smaller
	PartCount int
	Checksum  string // algorithm of each part's checksum; "" for none
}

// Part is a presigned request for one part.
type Part struct {
	Put
	Number int   // from 1
	Size   int64 // bytes
}

// PartRequest names a part to be signed. Checksum is base64; it is wanted where the plan has an
// algorithm.
type PartRequest struct {
	Number   int    `json:"number"` // from 1
	Checksum string `json:"checksum,omitempty"`
}

// Clone returns a copy that a test may change.
func (p Post) Clone() Post { return Post{URL: p.URL, Fields: slices.Clone(p.Fields)} }

// Set replaces the value of a field; a field that is absent is added.
func (p *Post) Set(name, value string) {
	if i := p.index(name); i >= 0 {
		p.Fields[i].Value = value
		return
	}
	p.Fields = append(p.Fields, Field{name, value})
}

// Get returns the value of a field; "" if the field is absent.
func (p Post) Get(name string) string {
	if i := p.index(name); i >= 0 {
		return p.Fields[i].Value
	}
	return ""
}

func (p Post) index(name string) int {
	return slices.IndexFunc(p.Fields, func(f Field) bool { return f.Name == name })
}

// Drop removes a field.
func (p *Post) Drop(name string) {
	p.Fields = slices.DeleteFunc(p.Fields, func(f Field) bool { return f.Name == name })
}

// Send posts the form with the file as its last part.
func (p Post) Send(ctx context.Context, filename string, content []byte) (Answer, error) {
	return sendToStore(p.Request(ctx, filename, content))
}

// Request is what Send sends, for a test that sends it otherwise.
func (p Post) Request(ctx context.Context, filename string, content []byte) (*http.Request, error) {
	var body bytes.Buffer // writing to it never fails
	form := multipart.NewWriter(&body)
	for _, f := range p.Fields {
		_ = form.WriteField(f.Name, f.Value)
	}
	file, _ := form.CreateFormFile("file", filename)
	_, _ = file.Write(content)
	_ = form.Close()
	header := map[string]string{"Content-Type": form.FormDataContentType()}
	return storeRequest(ctx, http.MethodPost, p.URL, header, &body, int64(body.Len()))
}

// Send puts the content.
func (p Put) Send(ctx context.Context, content []byte) (Answer, error) {
	return sendToStore(p.Request(ctx, content))
}

// Request is what Send sends, for a test that sends it otherwise.
func (p Put) Request(ctx context.Context, content []byte) (*http.Request, error) {
	return storeRequest(ctx, http.MethodPut, p.URL, p.Headers, bytes.NewReader(content), int64(len(content)))
}

// SendChunked puts the content without a Content-Length.
func (p Put) SendChunked(ctx context.Context, content []byte) (Answer, error) {
	return sendToStore(storeRequest(ctx, http.MethodPut, p.URL, p.Headers, io.MultiReader(bytes.NewReader(content)), -1))
}

func storeRequest(ctx context.Context, method, url string, headers map[string]string, body io.Reader, size int64) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, fmt.Errorf("testclient: %w", err)
	}
	request.ContentLength = size
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return request, nil
}

func sendToStore(request *http.Request, err error) (Answer, error) {
	if err != nil {
		return Answer{}, err
	}
	return roundTrip(request)
}

// Sign asks for the URLs of parts. The parts are nil unless the answer is a success.
func (u *Upload) Sign(ctx context.Context, parts ...PartRequest) ([]Part, Answer, error) {
	answer, err := u.call(ctx, http.MethodPost, "/parts", map[string]any{"parts": parts})
	if err != nil || !answer.OK() {
		return nil, answer, err
	}
	var signed struct{ Parts []Part }
	if err := json.Unmarshal(answer.Body, &signed); err != nil {
		return nil, answer, fmt.Errorf("testclient: parts: %w", err)
	}
	return signed.Parts, answer, nil
}

// Complete asks Postern to verify and finish the upload.
func (u *Upload) Complete(ctx context.Context) (Answer, error) {
	return u.call(ctx, http.MethodPost, "/complete", map[string]any{})
}

// List asks which parts the store has received.
func (u *Upload) List(ctx context.Context) (Answer, error) {
	return u.call(ctx, http.MethodGet, "/parts", nil)
}

// Abort asks Postern to end the upload and delete its parts.
func (u *Upload) Abort(ctx context.Context) (Answer, error) {
	return u.call(ctx, http.MethodDelete, "", nil)
}

func (u *Upload) call(ctx context.Context, method, route string, body any) (Answer, error) {
	return u.client.Call(ctx, method, "/uploads/"+u.ID+route, u.Token, body)
}

// WithClient returns the same upload as if another visitor held its token.
func (u *Upload) WithClient(c Client) *Upload {
	other := *u
	other.client = c
	return &other
}

// Send sends the file as planned. It returns the last answer, or the first refusal, of the store or
// of Postern.
func (u *Upload) Send(ctx context.Context, filename string, content []byte) (Answer, error) {
	switch {
	case u.Post != nil:
		return u.Post.Send(ctx, filename, content)
	case u.Put != nil:
		return u.Put.Send(ctx, content)
	default:
		return u.sendParts(ctx, content)
	}
}

func (u *Upload) sendParts(ctx context.Context, content []byte) (answer Answer, err error) {
	for number := 1; number <= u.Multipart.PartCount; number++ {
		part := u.PartContent(content, number)
		signed, refusal, err := u.Sign(ctx, PartRequest{Number: number, Checksum: Checksum(u.Multipart.Checksum, part)})
		if err != nil || len(signed) != 1 {
			return refusal, err
		}
		if answer, err = signed[0].Send(ctx, part); err != nil || !answer.OK() {
			return answer, err
		}
	}
	return answer, nil
}

// PartContent returns the bytes of content that the part of that number holds by the plan.
func (u *Upload) PartContent(content []byte, number int) []byte {
	from := min(int64(number-1)*u.Multipart.PartSize, int64(len(content)))
	to := min(from+u.Multipart.PartSize, int64(len(content)))
	return content[from:to]
}

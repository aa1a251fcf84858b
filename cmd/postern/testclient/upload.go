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

// Upload is what issuing answers.
type Upload struct {
	ID, Profile, Bucket, Key, Method, Token string
	Expires                                 time.Time
	Post                                    *Post
	Put                                     *Put
	Multipart                               *Multipart

	visitor Client
}

// Post is the plan of one signed form.
type Post struct {
	URL    string
	Fields []Field
}

// Field is a form field, in order.
type Field struct{ Name, Value string }

// Put is the plan of one presigned request.
type Put struct {
	URL     string
	Headers map[string]string
}

// Multipart is the plan of a multipart upload; Checksum is "" or the algorithm of each part's
// checksum.
type Multipart struct {
	PartSize  int64
	PartCount int
	Checksum  string
}

// Part is a presigned part.
type Part struct {
	Number  int
	URL     string
	Size    int64
	Headers map[string]string
}

// PartRequest names a part to be signed; Checksum is the base64 of its value where the plan has an
// algorithm.
type PartRequest struct {
	Number   int    `json:"number"`
	Checksum string `json:"checksum,omitempty"`
}

// Clone returns a copy that a test may tamper with.
func (p Post) Clone() Post { return Post{URL: p.URL, Fields: slices.Clone(p.Fields)} }

// Set replaces the value of a field, or adds the field.
func (p *Post) Set(name, value string) {
	for i := range p.Fields {
		if p.Fields[i].Name == name {
			p.Fields[i].Value = value
			return
		}
	}
	p.Fields = append(p.Fields, Field{name, value})
}

// Get returns the value of a field, "" for none.
func (p Post) Get(name string) string {
	for _, f := range p.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Drop removes a field.
func (p *Post) Drop(name string) {
	p.Fields = slices.DeleteFunc(p.Fields, func(f Field) bool { return f.Name == name })
}

// Send posts the form with the file as its last part.
func (p Post) Send(ctx context.Context, filename string, content []byte) (Answer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range p.Fields {
		if err := form.WriteField(f.Name, f.Value); err != nil {
			return Answer{}, fmt.Errorf("visitor: %w", err)
		}
	}
	part, err := form.CreateFormFile("file", filename)
	if err != nil {
		return Answer{}, fmt.Errorf("visitor: %w", err)
	}
	_, _ = part.Write(content)
	_ = form.Close()
	header := map[string]string{"Content-Type": form.FormDataContentType()}
	return transfer(ctx, http.MethodPost, p.URL, header, &body, int64(body.Len()))
}

// Send puts the content where the plan says.
func (p Put) Send(ctx context.Context, content []byte) (Answer, error) {
	return transfer(ctx, http.MethodPut, p.URL, p.Headers, bytes.NewReader(content), int64(len(content)))
}

// Send puts the content of the part.
func (p Part) Send(ctx context.Context, content []byte) (Answer, error) {
	return transfer(ctx, http.MethodPut, p.URL, p.Headers, bytes.NewReader(content), int64(len(content)))
}

// SendChunked puts the content without saying how long it is.
func (p Part) SendChunked(ctx context.Context, content []byte) (Answer, error) {
	return transfer(ctx, http.MethodPut, p.URL, p.Headers, io.MultiReader(bytes.NewReader(content)), -1)
}

func transfer(ctx context.Context, method, url string, headers map[string]string, body io.Reader, size int64) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return Answer{}, fmt.Errorf("visitor: %w", err)
	}
	request.ContentLength = size
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return exchange(request)
}

// Sign asks for the URLs of parts; the parts are nil unless the answer is a success.
func (u *Upload) Sign(ctx context.Context, parts ...PartRequest) ([]Part, Answer, error) {
	answer, err := u.call(ctx, http.MethodPost, "/parts", map[string]any{"parts": parts})
	if err != nil || !answer.OK() {
		return nil, answer, err
	}
	var signed struct{ Parts []Part }
	if err := json.Unmarshal(answer.Body, &signed); err != nil {
		return nil, answer, fmt.Errorf("visitor: parts: %w", err)
	}
	return signed.Parts, answer, nil
}

// Complete asks for the upload to be verified and finished.
func (u *Upload) Complete(ctx context.Context) (Answer, error) {
	return u.call(ctx, http.MethodPost, "/complete", map[string]any{})
}

// List asks which parts the store has.
func (u *Upload) List(ctx context.Context) (Answer, error) {
	return u.call(ctx, http.MethodGet, "/parts", nil)
}

// Abort gives the upload up.
func (u *Upload) Abort(ctx context.Context) (Answer, error) {
	return u.call(ctx, http.MethodDelete, "", nil)
}

func (u *Upload) call(ctx context.Context, method, route string, body any) (Answer, error) {
	return u.visitor.Call(ctx, method, "/uploads/"+u.ID+route, u.Token, body)
}

// As returns the same upload in the hands of another visitor.
func (u *Upload) As(v Client) *Upload {
	other := *u
	other.visitor = v
	return &other
}

// Send carries the plan out and returns the store's last answer, or its first refusal.
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
		piece := u.Piece(content, number)
		parts, refusal, err := u.Sign(ctx, PartRequest{Number: number, Checksum: Checksum(u.Multipart.Checksum, piece)})
		if err != nil || len(parts) != 1 {
			return refusal, err
		}
		if answer, err = parts[0].Send(ctx, piece); err != nil || !answer.OK() {
			return answer, err
		}
	}
	return answer, nil
}

// Piece returns what the part of that number holds by the plan.
func (u *Upload) Piece(content []byte, number int) []byte {
	from := min(int64(number-1)*u.Multipart.PartSize, int64(len(content)))
	to := min(from+u.Multipart.PartSize, int64(len(content)))
	return content[from:to]
}

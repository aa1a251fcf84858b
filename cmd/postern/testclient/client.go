package testclient

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Client is a visitor who uploads.
type Client struct {
	// Base is the URL at which the handlers are mounted, without a trailing slash.
	Base string
	// Ticket is sent as a bearer token; "" for none.
	Ticket string
	// HTTPClient makes the requests to Postern; nil means one that follows no redirects.
	HTTPClient *http.Client
}

// Request is what a visitor declares when asking for an upload.
type Request struct {
	// Profile, Filename and Type are sent as they are; a test may send wrong ones.
	Profile  string            `json:"profile"`
	Filename string            `json:"filename"`
	Type     string            `json:"type"`
	Size     int64             `json:"size"` // bytes
	Metadata map[string]string `json:"metadata,omitempty"`
}

// withoutRedirects follows no redirects: tests look at where a store sends a browser.
var withoutRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Do sends any request, to the store perhaps, without following redirects.
func Do(request *http.Request) (Answer, error) { return send(withoutRedirects, request) }

// Issue asks for a plan. The upload is nil unless the answer is 201.
func (c Client) Issue(ctx context.Context, r Request) (*Upload, Answer, error) {
	answer, err := c.Call(ctx, http.MethodPost, "/uploads", "", r)
	if err != nil || answer.Status != http.StatusCreated {
		return nil, answer, err
	}
	u := &Upload{client: c}
	if err := json.Unmarshal(answer.Body, u); err != nil {
		return nil, answer, fmt.Errorf("testclient: plan: %w", err)
	}
	return u, answer, nil
}

// Call sends a JSON request to a path below Base. token is the upload token, "" for none; a nil
// body sends none.
func (c Client) Call(ctx context.Context, method, path, token string, body any) (Answer, error) {
	var encoded []byte
	header := http.Header{}
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return Answer{}, fmt.Errorf("testclient: %w", err)
		}
		header.Set("Content-Type", "application/json")
	}
	if token != "" {
		header.Set("Upload-Token", token)
	}
	return c.Raw(ctx, method, path, header, encoded)
}

// Raw sends a body unchanged, with the headers given and the ticket, if any.
func (c Client) Raw(ctx context.Context, method, path string, header http.Header, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("testclient: %w", err)
	}
	request.Header = header.Clone()
	if c.Ticket != "" {
		request.Header.Set("Authorization", "Bearer "+c.Ticket)
	}
	return send(cmp.Or(c.HTTPClient, withoutRedirects), request)
}

func send(client *http.Client, request *http.Request) (Answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("testclient: %w", err)
	}
	return readAnswer(response)
}

func readAnswer(response *http.Response) (Answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("testclient: read answer: %w", err)
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

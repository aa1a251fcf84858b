package testclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Client is somebody who uploads.
type Client struct {
	// Base is where the handlers are mounted, without a trailing slash.
	Base string
	// Ticket is sent as a bearer token; "" for none.
	Ticket string
	// Client makes the requests; nil stands for one that follows no redirects.
	Client *http.Client
}

// Request asks for an upload.
type Request struct {
	Profile  string            `json:"profile"`
	Filename string            `json:"filename"`
	Type     string            `json:"type"`
	Size     int64             `json:"size"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// straight follows no redirects: where a store sends a browser is part of what tests look at.
var straight = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (v Client) client() *http.Client {
	if v.Client != nil {
		return v.Client
	}
	return straight
}

// Issue asks for a plan; the upload is nil unless the answer is 201.
func (v Client) Issue(ctx context.Context, r Request) (*Upload, Answer, error) {
	answer, err := v.Call(ctx, http.MethodPost, "/uploads", "", r)
	if err != nil || answer.Status != http.StatusCreated {
		return nil, answer, err
	}
	u := &Upload{visitor: v}
	if err := json.Unmarshal(answer.Body, u); err != nil {
		return nil, answer, fmt.Errorf("visitor: plan: %w", err)
	}
	return u, answer, nil
}

// Call sends a JSON request to a route below Base; the token is the upload's, "" for none; a nil
// body sends none.
func (v Client) Call(ctx context.Context, method, path, token string, body any) (Answer, error) {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return Answer{}, fmt.Errorf("visitor: %w", err)
		}
	}
	header := http.Header{}
	if body != nil {
		header.Set("Content-Type", "application/json")
	}
	if token != "" {
		header.Set("Upload-Token", token)
	}
	return v.Raw(ctx, method, path, header, encoded)
}

// Raw sends the bytes as they are, with the headers given and the ticket, if any.
func (v Client) Raw(ctx context.Context, method, path string, header http.Header, body []byte) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, v.Base+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, fmt.Errorf("visitor: %w", err)
	}
	request.Header = header.Clone()
	if v.Ticket != "" {
		request.Header.Set("Authorization", "Bearer "+v.Ticket)
	}
	return send(v.client(), request)
}

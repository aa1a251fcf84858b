package gateway_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/gateway"
)

func TestAnswersToAllowedOriginsHaveCORSHeaders(t *testing.T) {
	g := start(t, gateway.Options{CORSOrigins: []string{page}})
	put(t, g, "a.png", []byte("png"))
	cases := []struct {
		name, method, origin, query string
		status                      int
		allowed                     string
	}{
		{"preflight of a part from the page", "OPTIONS", page, "", 200, page},
		{"preflight from elsewhere", "OPTIONS", "http://evil.test", "", 403, ""},
		{"an unsigned part is refused in a way the page can read", "PUT", page, "", 403, page},
		{"a badly signed part is refused in a way the page can read", "PUT", page,
			"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=nobody/20260101/us-east-1/s3/aws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00", 403, page},
		{"refusals say nothing to other origins", "PUT", "http://evil.test", "", 403, ""},
		{"a form without policy is refused in a way the page can read", "POST", page, "", 412, page},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), c.method, g.URL()+"/media/a.png"+c.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.method == "POST" {
				request.URL.Path = "/media"
			}
			request.Header.Set("Origin", c.origin)
			if c.method == "OPTIONS" {
				request.Header.Set("Access-Control-Request-Method", "PUT")
				request.Header.Set("Access-Control-Request-Headers", "content-type,x-amz-checksum-crc32")
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != c.status {
				body, _ := io.ReadAll(response.Body)
				t.Errorf("status: want %d, got %d: %s", c.status, response.StatusCode, body)
			}
			if got := response.Header.Get("Access-Control-Allow-Origin"); got != c.allowed {
				t.Errorf("allowed origin: want %q, got %q", c.allowed, got)
			}
			if c.allowed != "" && !strings.Contains(response.Header.Get("Access-Control-Expose-Headers"), "ETag") {
				t.Errorf("exposed headers: want ETag among them, got %q", response.Header.Get("Access-Control-Expose-Headers"))
			}
		})
	}
}

func TestConnectionsAreKeptAlive(t *testing.T) {
	g := start(t, gateway.Options{})
	put(t, g, "a.png", []byte("png"))
	var dialed atomic.Int32
	options := g.Client().Options()
	options.HTTPClient = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialed.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	client := s3.New(options)
	for range 8 {
		if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("a.png")}); err != nil {
			t.Fatal(err)
		}
	}
	// A client that hasn't put its connection back yet opens another.
	if dialed.Load() > 4 {
		t.Errorf("eight requests came by %d connections: want them kept", dialed.Load())
	}
}

package gateway_test

import (
	"crypto/sha256"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/gofiber/fiber/v3"

	"github.com/postern-dev/postern/cmd/postern/gateway"
)

func TestCORS(t *testing.T) {
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

func TestOriginsCanBeReplaced(t *testing.T) {
	g := start(t, gateway.Options{CORSOrigins: []string{page}})
	if err := g.AllowOrigins(t.Context(), "http://other.test"); err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]string{page: "", "http://other.test": "http://other.test"} {
		request, _ := http.NewRequestWithContext(t.Context(), "GET", g.URL()+"/media/none", nil)
		request.Header.Set("Origin", origin)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("allowed origin for %s: want %q, got %q", origin, want, got)
		}
	}
}

func TestHookInjectsFaults(t *testing.T) {
	g := start(t, gateway.Options{CORSOrigins: []string{page}})
	put(t, g, "a.png", []byte("png"))
	fault := func(hook func(fiber.Ctx) error) (*http.Response, error) {
		g.SetHook(hook)
		defer g.SetHook(nil)
		request, err := http.NewRequestWithContext(t.Context(), "GET", g.URL()+"/media/a.png", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", page)
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
		}
		return response, err
	}
	busy, err := fault(func(ctx fiber.Ctx) error { return ctx.SendStatus(503) })
	if err != nil || busy.StatusCode != 503 || busy.Header.Get("Access-Control-Allow-Origin") != page {
		t.Errorf("busy store: want a readable 503, got %v, %v", busy, err)
	}
	opaque, err := fault(func(ctx fiber.Ctx) error { gateway.WithoutCORS(ctx); return ctx.SendStatus(403) })
	if err != nil || opaque.StatusCode != 403 || opaque.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("opaque refusal: want a 403 without CORS headers, got %v, %v", opaque, err)
	}
	if _, err := fault(func(ctx fiber.Ctx) error { return ctx.RequestCtx().Conn().Close() }); err == nil {
		t.Error("cut connection: want an error, got none")
	}
	if got := get(t, g, "a.png"); sha256.Sum256(got) != sha256.Sum256([]byte("png")) {
		t.Errorf("after the faults: want %q, got %q", "png", got)
	}
}

func TestConnectionsAreKeptAlive(t *testing.T) {
	g := start(t, gateway.Options{})
	put(t, g, "a.png", []byte("png"))
	remote := map[string]int{}
	g.SetHook(func(ctx fiber.Ctx) error {
		remote[ctx.RequestCtx().RemoteAddr().String()]++
		return ctx.Next()
	})
	client := g.Client()
	for range 8 {
		if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("a.png")}); err != nil {
			t.Fatal(err)
		}
	}
	// A client that hasn't put its connection back yet opens another.
	if len(remote) > 4 {
		t.Errorf("eight requests came by %d connections: want them kept", len(remote))
	}
}

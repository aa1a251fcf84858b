package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// receiptHost is an application that gets receipts by POST.
type receiptHost struct {
	url string
	mu  sync.Mutex
	got []string
}

func newReceiptHost(t *testing.T) *receiptHost {
	t.Helper()
	h := &receiptHost{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err == nil && r.Method == http.MethodPost {
			h.mu.Lock()
			h.got = r.PostForm["receipt"]
			h.mu.Unlock()
		}
		showPage(w, "<title>uploaded</title>")
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *receiptHost) receipts() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

// isPart reports whether a request sends a part.
func isPart(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "partNumber=") }

package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// slowSite is a separate server whose store completes multipart uploads only when the test allows
// it.
type slowSite struct {
	host    string        // of the server, as the browser names it
	asked   chan struct{} // closed when the store has got CompleteMultipartUpload
	release func()        // lets the store complete
}

// startSlowSite starts the server. Its store is that of p, behind a proxy that holds
// CompleteMultipartUpload back and, as stores do, drops the request if its client goes away.
func startSlowSite(t *testing.T, w *proxy, p *devServer) *slowSite {
	t.Helper()
	released := make(chan struct{})
	s := &slowSite{host: strings.TrimPrefix(uploadsOrigin, "http://"), asked: make(chan struct{}), release: sync.OnceFunc(func() { close(released) })}
	asked := sync.OnceFunc(func() { close(s.asked) })
	forward := forwardTo(t, p.Store)
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Query().Has("uploadId") {
			asked()
			body, _ := io.ReadAll(r.Body) // net/http notices that a client goes away only after the body was read
			r.Body = io.NopCloser(bytes.NewReader(body))
			select {
			case <-released:
			case <-r.Context().Done():
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(store.Close)
	t.Cleanup(s.release)
	startSeparateServer(t, w, p, separateOptions{store: store.URL})
	return s
}

// shortStall sets a stall that is shorter than the completion, and records the texts of the first
// row.
const shortStall = `
window.rowTexts = [];
new MutationObserver(() => {
	document.querySelector("postern-uploader:not([stall])")?.setAttribute("stall", "4000");
	const text = document.querySelector(".postern-file .postern-status")?.textContent;
	if (text && text != rowTexts.at(-1)) rowTexts.push(text);
}).observe(document, {subtree: true, childList: true, characterData: true});`

// uploadUntilCompletion uploads a file of several parts and waits until the store is asked to
// complete it.
func (s *slowSite) uploadUntilCompletion(t *testing.T, b *tab, size int64) (sum string) {
	t.Helper()
	b.beforeLoad(shortStall)
	path, sum := randomFile(t, "garden.bin", size)
	b.open(uploadsOrigin + "/forms/files")
	b.upload(path)
	waitForClose(t, "the store is asked to complete", s.asked)
	return sum
}

// requests returns the requests for a path of the server, oldest first.
func (s *slowSite) requests(b *tab, suffix string) []recordedRequest {
	return slices.DeleteFunc(b.Proxy.requests(s.host, ""), func(x recordedRequest) bool { return !strings.HasSuffix(x.Path, suffix) })
}

func TestACompletionThatOutlastsEveryStallIsWaitedFor(t *testing.T) {
	t.Parallel()
	const size = 17 * mebibyte
	p := startDev(t, "--origin", uploadsOrigin)
	b := newTab(t, tabOptions{})
	s := startSlowSite(t, b.Proxy, p)
	sum := s.uploadUntilCompletion(t, b, size)
	waitFor(b.t, "the page has asked three times whether the server can be reached, or asks to complete again", func() bool {
		return len(s.requests(b, "/healthz")) >= 3 || len(s.requests(b, "/complete")) > 1
	})
	texts := evaluate[[]string](b, `rowTexts`)
	if last := texts[len(texts)-1]; last != "checking with the store" {
		t.Errorf("text of the row while the store completes: wanted checking with the store, got %q", last)
	}
	s.release()
	b.waitForState("done")
	if asked := s.requests(b, "/complete"); len(asked) != 1 {
		t.Errorf("requests to complete: wanted one, got %+v", asked)
	}
	texts = evaluate[[]string](b, `rowTexts`)
	if first := slices.Index(texts, "checking with the store"); !slices.Equal(texts[first:], []string{"checking with the store", "done"}) {
		t.Errorf("texts of the row: wanted done right after checking with the store, got %q", texts)
	}
	if stored := p.store(t).onlyObject(); stored.Sum != sum || stored.Size != size {
		t.Errorf("stored: wanted %d bytes with SHA-256 %s, got %+v", size, sum, stored)
	}
	b.requireCleanConsole()
}

func TestACompletionGoesOnWhenTheTabIsClosed(t *testing.T) {
	t.Parallel()
	const size = 17 * mebibyte
	p := startDev(t, "--origin", uploadsOrigin)
	opener := newTab(t, tabOptions{})
	s := startSlowSite(t, opener.Proxy, p)
	opener.open(uploadsOrigin + "/healthz")
	b := opener.openSibling()
	sum := s.uploadUntilCompletion(t, b, size)
	b.Close()
	waitFor(opener.t, "the request to complete has ended with its tab", func() bool {
		return slices.ContainsFunc(s.requests(opener, "/complete"), func(x recordedRequest) bool { return x.Done && x.Broken })
	})
	// A server that depended on the browser's request would give up within this second. Nothing
	// tells when it would.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	<-ctx.Done()
	s.release()
	waitFor(opener.t, "the object is stored", func() bool { return len(p.store(t).keys()) == 1 })
	if stored := p.store(t).onlyObject(); stored.Sum != sum || stored.Size != size {
		t.Errorf("stored: wanted %d bytes with SHA-256 %s, got %+v", size, sum, stored)
	}
}

package e2e

import (
	"net/http"
	"path"
	"sync/atomic"
	"testing"
)

func TestAModuleThatIsLostOnTheWayIsAskedForAgain(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	file, sum := randomFile(t, "garden.bin", 24*mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	b.waitUntilReady(true)
	var asked atomic.Int32
	b.Proxy.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if path.Base(r.URL.Path) == "multipart.js" && asked.Add(1) < 3 {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	b.upload(file)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum || asked.Load() < 3 {
		t.Errorf("wanted SHA-256 %s after the module was asked for three times, got %+v after %d", sum, stored, asked.Load())
	}
}

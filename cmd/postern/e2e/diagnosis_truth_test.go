package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// troubledNetwork is slow, loses connections, and has servers that restart.
type troubledNetwork struct {
	storeDown, serverDown atomic.Bool

	mu     sync.Mutex
	random *rand.Rand
	cuts   int       // connections that were lost while a body was on its way
	away   time.Time // when the store was away last
	lost   time.Time // when our own server was away last
}

// chance is true for that share of its calls.
func (n *troubledNetwork) chance(share float64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.random.Float64() < share
}

// disturb delays a request, or loses its connection before, amid or after its body.
func (n *troubledNetwork) disturb(r *http.Request) {
	n.mu.Lock()
	delay := time.Duration(n.random.IntN(150)) * time.Millisecond
	n.mu.Unlock()
	time.Sleep(delay)
	if !n.chance(0.15) {
		return
	}
	if r.ContentLength > 0 && n.chance(0.7) {
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		n.mu.Lock()
		n.cuts++
		n.mu.Unlock()
	}
	panic(http.ErrAbortHandler)
}

// restart makes the store and the server go away in turn, until the test ends.
func (n *troubledNetwork) restart(done <-chan struct{}) {
	for turn := 0; ; turn++ {
		select {
		case <-done:
			return
		case <-time.After(1500 * time.Millisecond):
		}
		which, noted := &n.storeDown, &n.away
		if turn%3 == 2 {
			which, noted = &n.serverDown, &n.lost
		}
		which.Store(true)
		time.Sleep(700 * time.Millisecond)
		which.Store(false)
		n.mu.Lock()
		*noted = time.Now()
		n.mu.Unlock()
	}
}

// isTrue reports whether a cause that is shown now is one of this network's faults. What isn't
// known is always true to say.
func (n *troubledNetwork) isTrue(cause string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	const remembered = 15 * time.Second // an outage may be found out about late
	switch cause {
	case "unknown_cause":
		return true
	case "store_unreachable":
		return n.storeDown.Load() || time.Since(n.away) < remembered
	case "offline":
		return n.serverDown.Load() || time.Since(n.lost) < remembered
	case "body_cut":
		return n.cuts >= 3
	}
	return false
}

// No cause is shown that isn't one, and every file arrives.
func TestNoDiagnosisIsShownThatIsNotTrue(t *testing.T) {
	t.Parallel()
	total, atOnce := pick(long, 200, 10), 10
	dev := startDev(t)
	b := newTab(t, tabOptions{})
	n := &troubledNetwork{random: rand.New(rand.NewPCG(14, 2026))}
	gone := func(down *atomic.Bool) func(http.ResponseWriter, *http.Request) bool {
		return func(http.ResponseWriter, *http.Request) bool {
			if down.Load() {
				panic(http.ErrAbortHandler)
			}
			return false
		}
	}
	serveFault(t, b, dev, causeFault{store: gone(&n.storeDown), page: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			gone(&n.serverDown)(w, r)
			next.ServeHTTP(w, r)
		})
	}})
	for round := range total / atOnce {
		b.Proxy.intercept(nil)
		n.serverDown.Store(false)
		b.openUploader(uploadsOrigin, false)
		var paths []string
		for i := range atOnce {
			paths = append(paths, writeFile(t, fmt.Sprintf("garden-%d-%d.bin", round, i), make([]byte, 600<<10)))
		}
		n.sendAll(t, b, paths)
	}
}

// sendAll uploads files through the troubled network, and checks what the rows show meanwhile.
func (n *troubledNetwork) sendAll(t *testing.T, b *tab, paths []string) {
	t.Helper()
	done := make(chan struct{})
	b.Proxy.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		n.disturb(r)
		return false
	})
	var restarts sync.WaitGroup
	restarts.Go(func() { n.restart(done) })
	defer restarts.Wait()
	defer close(done)
	b.chooseFiles(paths...)
	b.submitIfNeeded()
	const show = `[...document.querySelectorAll(".postern-file")].map(({ dataset }) => dataset.state + " " + (dataset.cause ?? ""))`
	for deadline := time.Now().Add(4 * patience); ; time.Sleep(pollInterval) {
		rows := evaluate[[]string](b, show)
		for _, row := range rows {
			if state, cause, _ := strings.Cut(row, " "); cause != "" && !n.isTrue(cause) {
				t.Errorf("the row of a file that is %s shows %s", state, cause)
			}
		}
		if len(rows) == len(paths) && !slices.ContainsFunc(rows, func(row string) bool { return !strings.HasPrefix(row, "done") && !strings.HasPrefix(row, "failed") }) {
			if failed := len(slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, "done") })); failed > 0 {
				t.Errorf("files that failed: wanted none, got %d: %q\n%s", failed, rows, b.text())
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("files that aren't done: %q", rows)
		}
	}
}

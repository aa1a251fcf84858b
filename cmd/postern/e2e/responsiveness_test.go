package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What an upload may cost in the browser, however large it is.
const (
	longestTask = 100 * time.Millisecond // processor time of the page's main thread
	largestHeap = 40_000_000             // bytes
)

func TestThePageStaysResponsiveAndUsesLittleMemory(t *testing.T) {
	t.Parallel()
	t.Run("with many small files at once", func(t *testing.T) {
		p := startDev(t)
		paths, sums := smallFiles(t, pick(long, 1000, 100))
		b := newTab(t, tabOptions{})
		b.open(p.URL + "/forms/files")
		b.requireResponsive(paths, fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state=done]").length == %d`, len(paths)))
		stored, store := map[string]int{}, p.store(t)
		for _, key := range store.keys() {
			stored[store.object(key).Sum]++
		}
		for path, sum := range sums {
			if stored[sum] != 1 {
				t.Errorf("%s: wanted one object with its SHA-256, got %d", filepath.Base(path), stored[sum])
			}
		}
	})
	t.Run("with one large sparse file", func(t *testing.T) {
		b := newTab(t, tabOptions{})
		size := pick[int64](long, 32, 1) * 256 * mebibyte
		path := sparseFile(t, "garden.img", size, 8*mebibyte)
		store := startComparingStore(t, b.Proxy, path, pick[int64](long, 64, 16)*mebibyte)
		b.open(uploadsOrigin + "/forms/files")
		b.requireResponsive([]string{path}, `document.querySelector(".postern-file[data-state=done]") != null`)
		store.requireComplete(t)
	})
	t.Run("and the test notices if it does not", func(t *testing.T) {
		p := startDev(t)
		b := newTab(t, tabOptions{})
		b.open(p.URL + "/forms/files")
		b.waitUntilReady(true)
		m := b.monitor()
		evaluate[any](b, `document.addEventListener("change", () => { for (const end = Date.now() + 2000; Date.now() < end;); })`)
		b.chooseFiles(writeFile(t, "leaf.bin", []byte("leaf")))
		b.waitForState("done")
		if cost := m.finish(); cost.LongestCPU <= longestTask {
			t.Errorf("a task that works for two seconds: wanted more than %v, got %+v", longestTask, cost)
		}
	})
}

// requireResponsive sends files, waits until an expression is true, and requires that no task of
// the page took long and that its heap stayed small.
func (b *tab) requireResponsive(paths []string, done string) {
	b.t.Helper()
	b.waitUntilReady(true)
	m := b.monitor()
	began := time.Now()
	b.chooseFiles(paths...)
	for deadline := began.Add(5 * patience); !evaluate[bool](b, done); time.Sleep(pollInterval) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waiting until all files are done: gave up after %v\npage: %s", 5*patience, b.describe())
		}
	}
	took := time.Since(began)
	cost := m.finish()
	b.t.Logf("%v for %d files: %+v", took.Round(time.Millisecond), len(paths), cost)
	if cost.LongestCPU > longestTask || cost.Tasks == 0 {
		b.t.Errorf("longest task after the files were chosen: wanted at most %v of processor time, got %v among %d tasks", longestTask, cost.LongestCPU, cost.Tasks)
	}
	if cost.Peak.Script > largestHeap || cost.AfterGC.Script == 0 || cost.AfterGC.All > largestHeap {
		b.t.Errorf("heap: wanted at most %d bytes, got %+v at its peak and %+v after garbage collection", largestHeap, cost.Peak, cost.AfterGC)
	}
	b.requireCleanConsole()
}

// smallFiles writes files of some kilobytes, each with other content, and returns their paths and
// the SHA-256 of each path.
func smallFiles(t *testing.T, count int) (paths []string, sums map[string]string) {
	t.Helper()
	dir, random := t.TempDir(), fixedRandom()
	sums = map[string]string{}
	for i := range count {
		content := make([]byte, 1000+i*7)
		random.Read(content)
		path := filepath.Join(dir, fmt.Sprintf("leaf %04d.bin", i))
		must(t, os.WriteFile(path, content, 0o644))
		paths, sums[path] = append(paths, path), sumOf(content)
	}
	return paths, sums
}

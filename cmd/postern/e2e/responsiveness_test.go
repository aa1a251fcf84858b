package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// What a page may cost the person it belongs to, however much it sends.
const (
	longestTask = 100 * time.Millisecond
	largestHeap = 40_000_000
)

func TestThePageStaysResponsiveAndUsesLittleMemory(t *testing.T) {
	t.Parallel()
	t.Run("with 1,000 small files in one go", func(t *testing.T) {
		p := startDev(t)
		paths, sums := smallFiles(t, 1000)
		b := newTab(t, tabOptions{})
		b.open(p.URL + "/forms/files")
		b.requireResponsive(paths, fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state=done]").length == %d`, len(paths)))
		stored := map[string]int{}
		for _, key := range p.store(t).keys() {
			stored[p.store(t).object(key).Sum]++
		}
		for path, sum := range sums {
			if stored[sum] != 1 {
				t.Errorf("%s: wanted one object with its SHA-256, got %d", filepath.Base(path), stored[sum])
			}
		}
	})
	t.Run("with one sparse file of 8 GiB", func(t *testing.T) {
		b := newTab(t, tabOptions{})
		path := sparseFile(t, "garden.img", 8*profile.GiB, 8*mebibyte)
		m := newComparingStore(t, b.Proxy, path, 32*mebibyte)
		b.open(uploadsOrigin + "/forms/files")
		b.requireResponsive([]string{path}, `document.querySelector(".postern-file[data-state=done]") != null`)
		m.requireComplete(t)
	})
	t.Run("which would be noticed if it weren't so", func(t *testing.T) {
		p := startDev(t)
		b := newTab(t, tabOptions{})
		b.open(p.URL + "/forms/files")
		l := b.monitor()
		evaluate[any](b, `document.addEventListener("change", () => { for (const end = Date.now() + 2000; Date.now() < end;); })`)
		b.chooseFiles(writeFile(t, "leaf.bin", []byte("leaf")))
		b.waitForState("done")
		if s := l.finish(); s.LongestCPU <= longestTask {
			t.Errorf("two seconds of nothing but work: wanted it seen, got %+v", s)
		}
	})
}

// requireResponsive sends files and requires that the page stayed responsive and its heap small.
func (b *tab) requireResponsive(paths []string, done string) {
	b.t.Helper()
	b.waitUntil("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
	l := b.monitor()
	began := time.Now()
	b.chooseFiles(paths...)
	for deadline := time.Now().Add(5 * patience); !evaluate[bool](b, done); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("not done within %v\npage: %s", 5*patience, b.describe())
		}
	}
	took := time.Since(began)
	s := l.finish()
	b.t.Logf("%v for %d files: %+v", took.Round(time.Millisecond), len(paths), s)
	if s.LongestCPU > longestTask || s.Tasks == 0 {
		b.t.Errorf("longest task after the files were chosen: wanted at most %v of work, got %v among %d tasks", longestTask, s.LongestCPU, s.Tasks)
	}
	if s.Peak.Script > largestHeap || s.AfterGC.Script == 0 || s.AfterGC.All > largestHeap {
		b.t.Errorf("heap: wanted at most %d bytes, got %+v at its peak and %+v when all was over", largestHeap, s.Peak, s.AfterGC)
	}
	b.requireCleanConsole()
}

// smallFiles writes that many files of some kilobytes, each with a content of its own, and returns
// their sums by path.
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

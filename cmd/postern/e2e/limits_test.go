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

func TestThePageStaysResponsiveAndSmall(t *testing.T) {
	t.Parallel()
	t.Run("with 1,000 small files in one go", func(t *testing.T) {
		p := dev(t)
		paths, sums := leaves(t, 1000)
		b := newTab(t, look{})
		b.open(p.URL + "/forms/files")
		b.light(paths, fmt.Sprintf(`document.querySelectorAll(".postern-file[data-state=done]").length == %d`, len(paths)))
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
		b := newTab(t, look{})
		path := sparseFile(t, "garden.img", 8*profile.GiB, 8*mebibyte)
		m := newMirror(t, b.Wire, path, 32*mebibyte)
		b.open(uploads + "/forms/files")
		b.light([]string{path}, `document.querySelector(".postern-file[data-state=done]") != null`)
		m.complete(t)
	})
	t.Run("which would be noticed if it weren't so", func(t *testing.T) {
		p := dev(t)
		b := newTab(t, look{})
		b.open(p.URL + "/forms/files")
		l := b.watch()
		evaluate[any](b, `document.addEventListener("change", () => { for (const end = Date.now() + 2000; Date.now() < end;); })`)
		b.choose(fileWith(t, "leaf.bin", []byte("leaf")))
		b.untilState("done")
		if s := l.seen(); s.Work <= longestTask {
			t.Errorf("two seconds of nothing but work: wanted it seen, got %+v", s)
		}
	})
}

// light sends files and requires that the page stayed responsive and its heap small.
func (b *tab) light(paths []string, done string) {
	b.t.Helper()
	b.until("the uploader is ready", `document.querySelector("postern-uploader[ready]") != null`)
	l := b.watch()
	began := time.Now()
	b.choose(paths...)
	for deadline := time.Now().Add(5 * patience); !evaluate[bool](b, done); time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("not done within %v\npage: %s", 5*patience, b.describe())
		}
	}
	took := time.Since(began)
	s := l.seen()
	b.t.Logf("%v for %d files: %+v", took.Round(time.Millisecond), len(paths), s)
	if s.Work > longestTask || s.Tasks == 0 {
		b.t.Errorf("longest task after the files were chosen: wanted at most %v of work, got %v among %d tasks", longestTask, s.Work, s.Tasks)
	}
	if s.Peak.Script > largestHeap || s.Behind.Script == 0 || s.Behind.All > largestHeap {
		b.t.Errorf("heap: wanted at most %d bytes, got %+v at its peak and %+v when all was over", largestHeap, s.Peak, s.Behind)
	}
	b.calm()
}

// leaves writes that many files of some kilobytes, each with a content of its own, and returns
// their sums by path.
func leaves(t *testing.T, count int) (paths []string, sums map[string]string) {
	t.Helper()
	dir, random := t.TempDir(), noise()
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

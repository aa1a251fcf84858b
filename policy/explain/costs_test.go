//go:build !race

// What is measured here means nothing under the race detector: it takes ten times as long, and
// sync.Pool drops a part of what is put back, which regular expressions allocate again.

package explain_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/explain"
)

// TestParseBombsNeedLittleMemory counts all memory that is allocated, which is at least as much as
// is held at any time. It isn't parallel, so that it counts no other test's.
func TestParseBombsNeedLittleMemory(t *testing.T) {
	for _, size := range []int{mebibyte, explain.MaxInput} {
		if os.Getenv("POSTERN_LONG") == "" && size > mebibyte {
			continue
		}
		limit := uint64(16*size + 8<<20)
		for _, c := range parseBombs {
			text := c.text(size)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			timed(t, text)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > limit {
				t.Errorf("%s, %d MiB: %d bytes allocated, wanted at most %d", c.name, size>>20, allocated, limit)
			}
		}
	}
}

// TestAMebibyteOfAnyShapeTakesAsLongAsAPage compares each shape with small tags, which are read one
// by one and lead to nothing. The benchmark below has the times.
func TestAMebibyteOfAnyShapeTakesAsLongAsAPage(t *testing.T) {
	const size, times, tries = mebibyte, 8, 10
	page := fill("<form>", "<i>", "")(size)
	for _, c := range parseBombs {
		text := c.text(size)
		reference, shape := time.Hour, time.Hour
		for try := 0; try < 1 || try < tries && shape > times*reference; try++ {
			_, took := timed(t, page)
			reference = min(reference, took)
			_, took = timed(t, text)
			shape = min(shape, took)
		}
		if shape > times*reference {
			t.Errorf("%s: %v, a page of the same size: %v", c.name, shape, reference)
		}
	}
}

func BenchmarkAMebibyteOfEachShape(b *testing.B) {
	for _, c := range parseBombs {
		b.Run(c.name, func(b *testing.B) {
			text := c.text(mebibyte)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = explain.Explain(text, explain.Options{Now: time.Unix(1_800_000_000, 0)})
			}
		})
	}
}

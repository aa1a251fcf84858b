package e2e

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// markFilesChosen marks in the trace where the page hears of the files: what the browser does to hand them
// over isn't the page's.
const markFilesChosen = `document.addEventListener("change", () => performance.mark("chosen"), {capture: true, once: true});
	window.long = [];
	new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => e.duration))).observe({type: "longtask", buffered: true})`

// traceEvent is an entry of Chromium's trace. Times are in microseconds: the clock's, and the
// thread's own.
type traceEvent struct {
	Name      string
	Pid, Tid  int
	Ts, Dur   int64
	Tts, Tdur int64
	Args      struct{ Name string }
}

// pageMonitor watches one page from watch until seen.
type pageMonitor struct {
	b                                 *tab
	stopSampling, sampled, traceEnded chan struct{}

	mu       sync.Mutex
	events   []traceEvent
	lostData bool
	peak     heapSize
}

// heapSize is a page's heap in bytes: what belongs to scripts alone, and together with the document's
// objects and the buffers.
type heapSize struct{ Script, All int64 }

// pageCost is what a page cost the person it belongs to. Work is the time for which the page's main
// thread really ran, which says the same on a busy machine; clock includes what the thread spent
// waiting for its turn.
type pageCost struct {
	Tasks                   int           // that took a millisecond or more
	LongestCPU, LongestWall time.Duration // of the longest of them
	TotalCPU                time.Duration // work of all of them
	LongTasks               []float64     // what the page itself is told of long tasks, in ms by the clock
	Peak, AfterGC           heapSize      // the heap with garbage, and without any when all was over
}

// monitor records the tasks of the page's main thread and weighs its heap from now on. One page at a
// time may be watched.
func (b *tab) monitor() *pageMonitor {
	b.t.Helper()
	l := &pageMonitor{b: b, stopSampling: make(chan struct{}), sampled: make(chan struct{}), traceEnded: make(chan struct{})}
	evaluate[any](b, markFilesChosen)
	must(b.t, chromedp.Listen(b.ctx, l.onEvent))
	_, err := chromedp.Call(b.ctx, tracing.Start, tracing.StartParams{TraceConfig: &tracing.TraceConfig{
		IncludedCategories: []string{"-*", "disabled-by-default-devtools.timeline", "blink.user_timing"},
	}})
	must(b.t, err)
	go l.sampleHeap()
	return l
}

func (l *pageMonitor) onEvent(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch event := event.(type) {
	case *tracing.EventDataCollected:
		for _, value := range event.Value {
			var e traceEvent
			if !isUnderOneMillisecond(value) && json.Unmarshal(value, &e) == nil && (e.Name == "RunTask" || e.Name == "chosen") {
				l.events = append(l.events, e)
			}
		}
	case *tracing.EventTracingComplete:
		l.lostData = event.DataLossOccurred
		close(l.traceEnded)
	}
}

// isUnderOneMillisecond tells of a trace's entry, without decoding it, that it took less than a millisecond: most
// of half a million do.
func isUnderOneMillisecond(entry []byte) bool {
	_, rest, found := bytes.Cut(entry, []byte(`"dur":`))
	return found && bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }) < len("1000")
}

func (l *pageMonitor) sampleHeap() {
	defer close(l.sampled)
	tick := time.NewTicker(4 * pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stopSampling:
			return
		case <-tick.C:
			now := l.measureHeap()
			l.mu.Lock()
			l.peak = heapSize{max(l.peak.Script, now.Script), max(l.peak.All, now.All)}
			l.mu.Unlock()
		}
	}
}

// measureHeap returns zeros where the browser doesn't say.
func (l *pageMonitor) measureHeap() heapSize {
	usage, err := chromedp.Call(l.b.ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		return heapSize{}
	}
	return heapSize{int64(usage.UsedSize), int64(usage.UsedSize + usage.EmbedderHeapUsedSize + usage.BackingStorageSize)}
}

// finish ends the watch.
func (l *pageMonitor) finish() pageCost {
	t := l.b.t
	t.Helper()
	close(l.stopSampling)
	wait(t, "the heap is weighed", l.sampled)
	_, err := chromedp.Call(l.b.ctx, tracing.End, cdp.Empty{})
	must(t, err)
	select {
	case <-l.traceEnded:
	case <-time.After(5 * patience): // Chromium writes tens of megabytes
		t.Fatal("the trace never ended")
	}
	s := l.tasks(t)
	s.LongTasks = evaluate[[]float64](l.b, `window.long`)
	_, err = chromedp.Call(l.b.ctx, heapprofiler.CollectGarbage, cdp.Empty{})
	must(t, err)
	s.Peak, s.AfterGC = l.peak, l.measureHeap()
	return s
}

// tasks judges the thread that heard of the files, from then on.
func (l *pageMonitor) tasks(t *testing.T) (s pageCost) {
	t.Helper()
	var start traceEvent
	for _, e := range l.events {
		if e.Name == "chosen" {
			start = e
		}
	}
	if l.lostData || start.Tts == 0 {
		t.Fatalf("the trace has lost something: %v, files were chosen at %+v", l.lostData, start)
	}
	for _, e := range l.events {
		if e.Name != "RunTask" || e.Pid != start.Pid || e.Tid != start.Tid || e.Ts+e.Dur < start.Ts {
			continue
		}
		work := e.Tdur - max(0, start.Tts-e.Tts)
		s.Tasks++
		s.LongestCPU = max(s.LongestCPU, time.Duration(work)*time.Microsecond)
		s.LongestWall = max(s.LongestWall, time.Duration(e.Dur-max(0, start.Ts-e.Ts))*time.Microsecond)
		s.TotalCPU += time.Duration(work) * time.Microsecond
	}
	return s
}

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

// markFilesChosen marks in the trace when the page gets the files: handing them over is the
// browser's work. It also records what the page itself is told about long tasks.
const markFilesChosen = `document.addEventListener("change", () => performance.mark("chosen"), {capture: true, once: true});
	window.long = [];
	new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => e.duration))).observe({type: "longtask", buffered: true})`

// traceEvent is an event in Chromium's trace. Times are in microseconds: Ts and Dur by the clock,
// Tts and Tdur in processor time of the thread.
type traceEvent struct {
	Name      string
	Pid, Tid  int
	Ts, Dur   int64
	Tts, Tdur int64
	Args      struct{ Name string }
}

// pageMonitor measures the tasks and the heap of one page, from monitor until finish.
type pageMonitor struct {
	b                                 *tab
	stopSampling, sampled, traceEnded chan struct{}

	mu       sync.Mutex
	events   []traceEvent
	lostData bool
	peak     heapSize
}

// heapSize is the size of a page's heap in bytes: of scripts only, and with DOM objects and
// buffers.
type heapSize struct{ Script, All int64 }

// pageCost is what an upload cost in the page. Processor time is the same on a busy machine; time
// by the clock includes the time that the thread waited for a processor.
type pageCost struct {
	Tasks         int           // of at least a millisecond
	LongestCPU    time.Duration // processor time of the longest task
	LongestWall   time.Duration // the longest task by the clock
	TotalCPU      time.Duration // processor time of all tasks
	LongTasks     []float64     // what the page is told about long tasks, in milliseconds by the clock
	Peak, AfterGC heapSize      // the largest heap, garbage included, and the heap after a collection
}

// monitor starts to record the tasks of the page's main thread and to measure its heap. Only one
// page at a time can be monitored, since Chromium has one trace.
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

// isUnderOneMillisecond reports whether an event took less than a millisecond, without decoding it:
// that is true of most of half a million events.
func isUnderOneMillisecond(entry []byte) bool {
	_, rest, found := bytes.Cut(entry, []byte(`"dur":`))
	return found && bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }) < len("1000")
}

func (l *pageMonitor) sampleHeap() {
	defer close(l.sampled)
	tick := time.NewTicker(4 * pollInterval)
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

// measureHeap returns zeros if the browser doesn't answer.
func (l *pageMonitor) measureHeap() heapSize {
	usage, err := chromedp.Call(l.b.ctx, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		return heapSize{}
	}
	return heapSize{int64(usage.UsedSize), int64(usage.UsedSize + usage.EmbedderHeapUsedSize + usage.BackingStorageSize)}
}

// finish ends the measurement and returns the result.
func (l *pageMonitor) finish() pageCost {
	t := l.b.t
	t.Helper()
	close(l.stopSampling)
	waitForClose(t, "the heap sampling has ended", l.sampled)
	_, err := chromedp.Call(l.b.ctx, tracing.End, cdp.Empty{})
	must(t, err)
	select {
	case <-l.traceEnded:
	case <-time.After(5 * patience): // Chromium writes tens of megabytes
		t.Fatalf("the trace has not ended within %v", 5*patience)
	}
	s := l.tasks(t)
	s.LongTasks = evaluate[[]float64](l.b, `window.long`)
	_, err = chromedp.Call(l.b.ctx, heapprofiler.CollectGarbage, cdp.Empty{})
	must(t, err)
	s.Peak, s.AfterGC = l.peak, l.measureHeap()
	return s
}

// tasks sums up the thread that got the files, from then on.
func (l *pageMonitor) tasks(t *testing.T) (s pageCost) {
	t.Helper()
	var start traceEvent
	for _, e := range l.events {
		if e.Name == "chosen" {
			start = e
		}
	}
	if l.lostData || start.Tts == 0 {
		t.Fatalf("trace: wanted it whole and with a mark for the files, got loss %v and mark %+v", l.lostData, start)
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

package uploads

import (
	"container/heap"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

const (
	maxAborted      = 16_384           // uploads that are remembered, and whose late arrivals are removed
	lateArrivalTime = time.Minute      // for one round of look-ups
	lateRetryAfter  = 2 * time.Minute  // where the store gave no answer
	maxLateTries    = 10               // look-ups of one upload
	minTimer        = 10 * time.Second // between two rounds, where there is nothing to do yet
)

// aborted is what this process remembers of aborted uploads: that they are, and which of them can
// still arrive by a form or URL that is valid. These are looked up once more when that has ended.
// It is lost with the process.
type aborted struct {
	ids     *recent[struct{}]
	now     func() time.Time
	remove  func(context.Context, OpenUpload) error
	lookUps lookUps
	logger  *slog.Logger

	mu      sync.Mutex // guards the rest
	queue   lateQueue
	running bool // a round of look-ups
	timer   *time.Timer
}

// lateArrival is an aborted upload that may arrive until end.
type lateArrival struct {
	upload OpenUpload
	end    time.Time
	tries  int
}

func newAborted(now func() time.Time, remove func(context.Context, OpenUpload) error, lookUps lookUps, logger *slog.Logger) *aborted {
	return &aborted{ids: newRecent[struct{}](maxAborted), now: now, remove: remove, lookUps: lookUps, logger: logger}
}

func (a *aborted) has(id string) bool {
	_, ok := a.ids.get(id)
	return ok
}

// add remembers an upload. A part needs no look-up: the store takes none of an aborted multipart
// upload.
func (a *aborted) add(up OpenUpload) {
	known := a.has(up.ID)
	a.ids.put(up.ID, struct{}{})
	end := up.arrivesUntil()
	if known || !up.canArriveAgain() || !up.ownsKey() || !a.now().Before(end) {
		return
	}
	a.push(lateArrival{upload: up, end: end})
}

// canArriveAgain reports whether what was issued can be used again after an object has arrived or
// was removed: a form or URL can, while the store knows no multipart upload that was completed or
// aborted.
func (up OpenUpload) canArriveAgain() bool { return up.Method != profile.MethodMultipart }

// arrivesUntil is when the store takes nothing more by the form or URL of an upload, whatever its
// clock says.
func (up OpenUpload) arrivesUntil() time.Time {
	return up.Issued.Add(up.Served.Settings.Lifetime + time.Second + clockSkew)
}

// push queues a look-up. Where there are too many, the bucket's own rules have to do.
func (a *aborted) push(late lateArrival) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) >= maxAborted || late.tries >= maxLateTries {
		a.logger.Warn("what arrives of an aborted upload stays", "id", late.upload.ID, "key", late.upload.Key)
		return
	}
	heap.Push(&a.queue, late)
	a.wait()
}

// wait sets the timer to the next end. Whoever calls it holds mu.
func (a *aborted) wait() {
	if len(a.queue) == 0 || a.running {
		return
	}
	after := max(minTimer, a.queue[0].end.Sub(a.now()))
	if a.timer == nil {
		a.timer = time.AfterFunc(after, a.removeEnded)
		return
	}
	a.timer.Reset(after)
}

// removeEnded looks up the uploads that can't arrive any more, in the background and in one round
// at a time.
func (a *aborted) removeEnded() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running {
		return
	}
	var ended []lateArrival
	for len(a.queue) > 0 && len(ended) < MaxEndedForms && !a.now().Before(a.queue[0].end) {
		ended = append(ended, heap.Pop(&a.queue).(lateArrival))
	}
	if len(ended) == 0 {
		a.wait()
		return
	}
	a.running = true
	go a.run(ended)
}

// run is one round of look-ups. What the store gave no answer about is tried again.
func (a *aborted) run(ended []lateArrival) {
	ctx, cancel := context.WithTimeout(context.Background(), lateArrivalTime)
	defer cancel()
	done := make([]bool, len(ended))
	a.lookUps.each(ctx, len(ended), func(i int) {
		err := a.remove(ctx, ended[i].upload)
		if done[i] = err == nil; err != nil {
			a.logger.WarnContext(ctx, "aborted upload not looked up", "id", ended[i].upload.ID, "error", problem.LogText(err.Error()))
		}
	})
	for i, late := range ended {
		if !done[i] {
			a.push(lateArrival{late.upload, a.now().Add(lateRetryAfter), late.tries + 1})
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running = false
	a.wait()
}

// lateQueue has what ends first in front; its methods are for container/heap.
type lateQueue []lateArrival

func (q lateQueue) Len() int           { return len(q) }
func (q lateQueue) Less(i, j int) bool { return q[i].end.Before(q[j].end) }
func (q lateQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push and Pop are for container/heap.
func (q *lateQueue) Push(late any) { *q = append(*q, late.(lateArrival)) }

func (q *lateQueue) Pop() any {
	last := len(*q) - 1
	late := (*q)[last]
	(*q)[last] = lateArrival{}
	*q = (*q)[:last]
	return late
}

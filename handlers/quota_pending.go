package handlers

import (
	"container/heap"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// pending is an upload that was charged and may still be settled. Only forms and multipart uploads
// are remembered: what else was issued can be used until it expires whatever its holder says, so
// that its charge stays.
type pending struct {
	id       string
	method   profile.Method
	bytes    int64
	charges  []charge
	end      time.Time
	released bool // its time is over: what was reserved was given back
	place    int  // in the queue
}

// hold keeps the accounts that were charged from being taken for idle.
func (p *pending) hold(n int) {
	for _, c := range p.charges {
		c.account.held += n
	}
}

// pendings is a bounded set of pending uploads, the one that ends first in front.
type pendings struct {
	most  int
	byID  map[string]*pending
	queue pendingQueue
}

func newPendings(most int) *pendings {
	return &pendings{most: most, byID: map[string]*pending{}}
}

// add remembers p; without room for it, what ends first lapses now, as does an upload with the same
// ID.
func (s *pendings) add(p *pending) {
	if old, twice := s.take(p.id); twice {
		old.lapse()
	}
	for len(s.queue) >= s.most {
		s.remove(s.queue[0]).lapse()
	}
	s.byID[p.id] = p
	heap.Push(&s.queue, p)
	p.hold(1)
}

func (s *pendings) take(id string) (*pending, bool) {
	p, ok := s.byID[id]
	if ok {
		s.remove(p)
	}
	return p, ok
}

func (s *pendings) remove(p *pending) *pending {
	delete(s.byID, p.id)
	heap.Remove(&s.queue, p.place)
	p.hold(-1)
	return p
}

// ended takes out the next upload whose time is over.
func (s *pendings) ended(now time.Time) (*pending, bool) {
	if len(s.queue) == 0 || now.Before(s.queue[0].end) {
		return nil, false
	}
	return s.remove(s.queue[0]), true
}

type pendingQueue []*pending

func (q pendingQueue) Len() int           { return len(q) }
func (q pendingQueue) Less(i, j int) bool { return q[i].end.Before(q[j].end) }
func (q pendingQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push and Pop are for container/heap.
func (q *pendingQueue) Push(p any) {
	added := p.(*pending)
	added.place = len(*q)
	*q = append(*q, added)
}

func (q *pendingQueue) Pop() any {
	last := len(*q) - 1
	p := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return p
}

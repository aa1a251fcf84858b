package quota

import (
	"container/heap"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// pendingUpload is an upload that was charged and may still be settled. Only forms and multipart
// uploads are remembered: what else was issued can be used until it expires whatever its holder
// says, so that its charge stays.
type pendingUpload struct {
	id           string
	method       profile.Method
	count, bytes int64 // what each account is charged with: uploads and their bytes
	charges      []charge
	form         *form     // nil for a multipart upload
	end          time.Time // when it is forgotten
	forgotten    bool
	index        int // in the queue
}

// countPending adds n to the pending uploads of the accounts that were charged: none of them is
// idle.
func (p *pendingUpload) countPending(n int) {
	for _, c := range p.charges {
		c.account.pending += n
	}
}

// pendingUploads is a bounded set of pending uploads, the one that ends first in front.
type pendingUploads struct {
	limit int
	byID  map[string]*pendingUpload
	queue pendingQueue
}

func newPendingUploads(limit int) *pendingUploads {
	return &pendingUploads{limit: limit, byID: map[string]*pendingUpload{}}
}

// add remembers p; without room for it, what ends first is forgotten now, as is an upload with the
// same ID.
func (s *pendingUploads) add(p *pendingUpload) {
	if old, twice := s.byID[p.id]; twice {
		s.remove(old).forget()
	}
	for len(s.queue) >= s.limit {
		s.remove(s.queue[0]).forget()
	}
	s.byID[p.id] = p
	heap.Push(&s.queue, p)
	p.countPending(1)
}

func (s *pendingUploads) remove(p *pendingUpload) *pendingUpload {
	delete(s.byID, p.id)
	heap.Remove(&s.queue, p.index)
	p.countPending(-1)
	return p
}

// ended takes out the next upload whose time is over.
func (s *pendingUploads) ended(now time.Time) (*pendingUpload, bool) {
	if len(s.queue) == 0 || now.Before(s.queue[0].end) {
		return nil, false
	}
	return s.remove(s.queue[0]), true
}

type pendingQueue []*pendingUpload

func (q pendingQueue) Len() int           { return len(q) }
func (q pendingQueue) Less(i, j int) bool { return q[i].end.Before(q[j].end) }
func (q pendingQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push and Pop are for container/heap.
func (q *pendingQueue) Push(p any) {
	added := p.(*pendingUpload)
	added.index = len(*q)
	*q = append(*q, added)
}

func (q *pendingQueue) Pop() any {
	last := len(*q) - 1
	p := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return p
}

package uploads

import "sync"

// recent is a map of bounded size that forgets its oldest entries. It is safe for concurrent use.
type recent[V any] struct {
	max int

	mu    sync.Mutex // guards the rest
	byID  map[string]V
	order []string // oldest first
	last  V        // that was forgotten
}

func newRecent[V any](max int) *recent[V] { return &recent[V]{max: max, byID: map[string]V{}} }

func (r *recent[V]) put(id string, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store(id, value)
}

func (r *recent[V]) store(id string, value V) {
	if _, known := r.byID[id]; !known {
		r.order = append(r.order, id)
	}
	r.byID[id] = value
	if len(r.order) > r.max {
		r.last = r.byID[r.order[0]]
		delete(r.byID, r.order[0])
		r.order = r.order[1:]
	}
}

// get returns the zero value and false for an ID that isn't there.
func (r *recent[V]) get(id string) (V, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok := r.byID[id]
	return value, ok
}

// lastForgotten returns what was forgotten last, the zero value where nothing was.
func (r *recent[V]) lastForgotten() V {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// getOrPut returns the value of an ID, which is made first where there is none.
func (r *recent[V]) getOrPut(id string, make func() V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok := r.byID[id]
	if !ok {
		value = make()
		r.store(id, value)
	}
	return value
}

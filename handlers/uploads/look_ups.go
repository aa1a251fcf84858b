package uploads

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
)

// Visitors can make the service look ended forms up, so that is bounded over all requests: in
// number per second and at once.
const (
	lookUpsPerSecond, lookUpBurst = 100, 2 * MaxEndedForms
	lookUpsAtOnce                 = 8
)

// lookUps keeps the pace at which ended forms are looked up at the store.
type lookUps struct {
	pace  *rate.Limiter
	slots chan struct{} // one for each look-up that is under way
}

func newLookUps() lookUps {
	return lookUps{rate.NewLimiter(lookUpsPerSecond, lookUpBurst), make(chan struct{}, lookUpsAtOnce)}
}

// each calls lookUp for 0 to n-1, as fast as the pace allows and until ctx ends.
func (l lookUps) each(ctx context.Context, n int, lookUp func(int)) {
	var all sync.WaitGroup
	defer all.Wait()
	for i := range n {
		if l.pace.Wait(ctx) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case l.slots <- struct{}{}:
		}
		all.Go(func() {
			defer func() { <-l.slots }()
			lookUp(i)
		})
	}
}

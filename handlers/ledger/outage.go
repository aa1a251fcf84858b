package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	callTime  = 2 * time.Second // for one call of the database
	awayPause = time.Second     // after an outage, in which calls fail at once
)

// ErrAway says that the database gave no answer a moment ago and wasn't asked again.
var ErrAway = errors.New("ledger: the database is away")

// outage remembers when the database last gave no answer. The zero value is none.
type outage struct {
	mu sync.Mutex
	at time.Time
}

// lasts reports whether the last outage began less than awayPause ago.
func (o *outage) lasts(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	age := now.Sub(o.at)
	return age >= 0 && age < awayPause
}

func (o *outage) set(at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = at
}

// do runs one call of the database, after the first one's migration. It ends with ctx or after
// callTime. A failure of the call is an outage, unless the caller's ctx has ended.
func (l *Ledger) do(ctx context.Context, call func(context.Context) error) error {
	if l.outage.lasts(l.config.Now()) {
		return ErrAway
	}
	within, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err := l.Migrate(within)
	if err == nil {
		err = call(within)
	}
	if err == nil || errors.Is(err, ErrNewer) {
		return err
	}
	if ctx.Err() == nil {
		l.outage.set(l.config.Now())
	}
	return fmt.Errorf("ledger: %w", err)
}

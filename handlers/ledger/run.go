package ledger

import (
	"context"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// application is the receiver that is the application in this program.
const application = "OnAccepted"

// lookUpsFunc is a function as LookUps.
type lookUpsFunc func(ctx context.Context, due []uploads.Entry, done func(e uploads.Entry, next time.Time)) (begun int)

// LookUps implements LookUps.
func (f lookUpsFunc) LookUps(ctx context.Context, due []uploads.Entry, done func(e uploads.Entry, next time.Time)) (begun int) {
	return f(ctx, due, done)
}

// Run implements uploads.Ledger: it does the jobs, and tells the application what it waits for.
func (l *Ledger) Run(ctx context.Context, w uploads.Work) {
	var both sync.WaitGroup
	both.Go(func() { NewJobs(l, func() LookUps { return lookUpsFunc(w.LookUps) }).Run(ctx) })
	if w.Accepted != nil {
		both.Go(func() {
			l.Deliver(ctx, application, func(ctx context.Context, d Delivery) error { return w.Accepted(ctx, d.Data) })
		})
	}
	both.Wait()
}

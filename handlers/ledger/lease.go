package ledger

import (
	"context"
	"errors"
)

// TakeLease takes or renews a lease, such as that of a job, so that one process at a time does it.
// It reports whether holder has the lease now, for LeaseTime.
func (l *Ledger) TakeLease(ctx context.Context, name, holder string) (bool, error) {
	now := l.config.Now()
	err := changeOne(ctx, l, ErrLeaseLost, `INSERT INTO postern_leases (name, holder, taken) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, taken = excluded.taken
		WHERE postern_leases.holder = excluded.holder OR postern_leases.taken <= $4 OR postern_leases.taken > $5`,
		name, holder, now.UnixMilli(), now.Add(-LeaseTime).UnixMilli(), now.Add(LeaseTime).UnixMilli())
	if errors.Is(err, ErrLeaseLost) {
		return false, nil
	}
	return err == nil, err
}

// IsLeased reports whether another holder has a lease.
func (l *Ledger) IsLeased(ctx context.Context, name, holder string) (leased bool, err error) {
	now := l.config.Now()
	err = l.do(ctx, func(ctx context.Context) error {
		return readRow(ctx, l, "SELECT COUNT(*) > 0 FROM postern_leases WHERE name = $1 AND holder <> $2 AND taken > $3 AND taken <= $4",
			name, holder, now.Add(-LeaseTime).UnixMilli(), now.Add(LeaseTime).UnixMilli()).Scan(&leased)
	})
	return leased, err
}

// EndLease gives a lease back, so that another process needn't wait for its end. One that another
// process has taken is ErrLeaseLost.
func (l *Ledger) EndLease(ctx context.Context, name, holder string) error {
	return changeOne(ctx, l, ErrLeaseLost, "DELETE FROM postern_leases WHERE name = $1 AND holder = $2", name, holder)
}

package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// Errors about single rows.
var (
	// ErrLeaseLost says that a lease has ended and another process has taken what it was for.
	ErrLeaseLost = errors.New("ledger: the lease has ended")
	// ErrUnknown says that there is no such delivery.
	ErrUnknown = errors.New("ledger: there is no such delivery")
)

// DeliveryState is what became of a delivery.
type DeliveryState string

// States of a delivery.
const (
	DeliveryWaiting DeliveryState = "waiting" // to be sent, or sent again
	DeliveryDone    DeliveryState = "done"    // the receiver took it
	DeliveryFailed  DeliveryState = "failed"  // given up; Replay sends it again
)

// Delivery is one event for one receiver.
type Delivery struct {
	// ID stays the same however often the delivery is sent.
	ID       string
	Upload   string // ID of the upload
	Profile  string
	Receiver string
	Sequence int64         // of the event, per upload
	Event    uploads.State // what became of the upload
	At       time.Time     // of the event
	Data     []byte        // what the event says, as JSON
	State    DeliveryState
	Attempts int       // so far, with the present one
	Due      time.Time // of the next attempt
	Changed  time.Time
	Status   int    // of the last answer; 0 where there was none
	Reason   string // why the last attempt failed; "" where it didn't
	lease    string
}

// deliveryID is made of what it is about, so that it can't differ between two attempts.
func deliveryID(upload string, sequence int64, receiver string) string {
	sum := sha256.Sum256([]byte(receiver))
	return fmt.Sprintf("msg_%s_%d_%s", upload, sequence, hex.EncodeToString(sum[:5]))
}

// leaseFree is the condition that nobody has a lease: it was never taken, its time is over, or it
// is from further in the future than a process could have taken it, because the clock was set back.
// $1 is now, $2 LeaseTime before, $3 LeaseTime after.
const leaseFree = `(leased <= $2 OR leased > $3)`

// takeDeliveries takes the deliveries that are due the longest. The condition stands twice: while
// the inner query has chosen rows, another process may take them.
const takeDeliveries = `UPDATE postern_deliveries SET leased = $1, lease = $4, attempts = attempts + 1, changed = $1
	WHERE state = 'waiting' AND ` + leaseFree + ` AND id IN (
		SELECT id FROM postern_deliveries WHERE receiver = $5 AND state = 'waiting' AND due <= $1 AND ` + leaseFree + `
		ORDER BY due LIMIT $6%s)
	RETURNING id`

const readDelivery = `SELECT d.id, d.upload, u.profile, d.receiver, d.sequence, e.state, e.at, e.data, d.state, d.attempts, d.due, d.changed, d.status, d.reason, d.lease
	FROM postern_deliveries d
	JOIN postern_events e ON e.upload = d.upload AND e.sequence = d.sequence
	JOIN postern_uploads u ON u.id = d.upload `

// TakeDeliveries leases up to limit deliveries of a receiver that are due, those that wait the
// longest first. Each has to be finished within JobTime.
func (l *Ledger) TakeDeliveries(ctx context.Context, receiver string, limit int) (taken []Delivery, err error) {
	now, lease := l.config.Now(), rand.Text()
	err = l.transact(ctx, func(ctx context.Context, tx transaction) error {
		rows, err := tx.query(ctx, fmt.Sprintf(takeDeliveries, l.engine.skipLocked), now.UnixMilli(),
			now.Add(-LeaseTime).UnixMilli(), now.Add(LeaseTime).UnixMilli(), lease, receiver, limit)
		if err != nil {
			return err
		}
		ids, err := scanAll(rows, func(row scanner) (id string, err error) { return id, row.Scan(&id) })
		if err != nil {
			return err
		}
		taken = nil
		for _, id := range ids {
			d, err := scanDelivery(tx.queryRow(ctx, readDelivery+"WHERE d.id = $1", id))
			if err != nil {
				return err
			}
			taken = append(taken, d)
		}
		return nil
	})
	slices.SortFunc(taken, func(a, b Delivery) int { return a.Due.Compare(b.Due) })
	return taken, err
}

func scanDelivery(row scanner) (Delivery, error) {
	var d Delivery
	var at, due, changed int64
	err := row.Scan(&d.ID, &d.Upload, &d.Profile, &d.Receiver, &d.Sequence, &d.Event, &at, &d.Data, &d.State, &d.Attempts, &due, &changed, &d.Status, &d.Reason, &d.lease)
	d.At, d.Due, d.Changed = instant(at), instant(due), instant(changed)
	return d, err
}

// Attempt is how one attempt to deliver ended.
type Attempt struct {
	// State is DeliveryDone, DeliveryWaiting for another attempt, or DeliveryFailed.
	State DeliveryState
	// Next is when the next attempt is due; it counts for DeliveryWaiting alone.
	Next time.Time
	// Status is the HTTP status of the answer; 0 where there was none.
	Status int
	// Reason says why the attempt failed; "" where it didn't.
	Reason string
}

// FinishDelivery records how the attempt for which d was taken ended. Where the lease has ended and
// another process has taken the delivery, it is ErrLeaseLost and nothing changes.
func (l *Ledger) FinishDelivery(ctx context.Context, d Delivery, a Attempt) error {
	return changeOne(ctx, l, ErrLeaseLost, `UPDATE postern_deliveries SET state = $3, due = $4, leased = 0, lease = '', changed = $5, status = $6, reason = $7
		WHERE id = $1 AND lease = $2`, d.ID, d.lease, string(a.State), max(a.Next.UnixMilli(), 0), l.config.Now().UnixMilli(), a.Status, storable(a.Reason))
}

// Replay makes a delivery due now, under the same ID, whether it has failed or was taken before.
// One that waits for an attempt is due now as well.
func (l *Ledger) Replay(ctx context.Context, id string) error {
	return changeOne(ctx, l, ErrUnknown, `UPDATE postern_deliveries SET state = 'waiting', due = $2, leased = 0, lease = '', changed = $2, attempts = 0 WHERE id = $1`,
		id, l.config.Now().UnixMilli())
}

// changeOne runs a statement that has to change one row; where it changes none the error is
// missing.
func changeOne(ctx context.Context, l *Ledger, missing error, statement string, args ...any) error {
	changed, err := execute(ctx, l, statement, args...)
	if err == nil && changed == 0 {
		return missing
	}
	return err
}

// DeliveryQuery says which deliveries are wanted.
type DeliveryQuery struct {
	ID     string        // "" for any
	State  DeliveryState // "" for any
	Upload string        // the ID of an upload; "" for any
	After  string        // the last ID of the page before; "" for the first page
	Limit  int           // of one page
}

// where is the condition of a query and its arguments. A state is written out: SQLite uses an index
// of some rows only where it can tell that the condition is the index's own.
func (q DeliveryQuery) where() (condition string, args []any) {
	condition, args = "d.id > $1", []any{q.After, q.Limit}
	if slices.Contains([]DeliveryState{DeliveryWaiting, DeliveryDone, DeliveryFailed}, q.State) {
		condition += " AND d.state = '" + string(q.State) + "'"
	} else if q.State != "" {
		condition += " AND 1 = 0"
	}
	for column, value := range map[string]string{"d.upload": q.Upload, "d.id": q.ID} {
		if value != "" {
			args = append(args, value)
			condition += fmt.Sprintf(" AND %s = $%d", column, len(args))
		}
	}
	return condition, args
}

// Deliveries lists deliveries by ID, and so those of one upload after another.
func (l *Ledger) Deliveries(ctx context.Context, q DeliveryQuery) (list []Delivery, err error) {
	where, args := q.where()
	err = l.do(ctx, func(ctx context.Context) error {
		rows, err := l.read.QueryContext(ctx, readDelivery+"WHERE "+where+" ORDER BY d.id LIMIT $2", args...)
		if err != nil {
			return err
		}
		list, err = scanAll(rows, scanDelivery)
		return err
	})
	return list, err
}

// Backlog is what waits for one receiver.
type Backlog struct {
	Receiver string
	Waiting  int
	Failed   int
	// Oldest is the time of the oldest event that waits; zero where none does.
	Oldest time.Time
}

// countBacklogs reads the rows that wait and those that have failed by an index of each, so that it
// takes no longer where millions were delivered.
const countBacklogs = `SELECT b.receiver, CAST(SUM(b.waiting) AS BIGINT), CAST(SUM(b.failed) AS BIGINT), MIN(b.oldest) FROM (
	SELECT d.receiver, COUNT(*) AS waiting, 0 AS failed, MIN(e.at) AS oldest
		FROM postern_deliveries d JOIN postern_events e ON e.upload = d.upload AND e.sequence = d.sequence WHERE d.state = 'waiting' GROUP BY d.receiver
	UNION ALL SELECT d.receiver, 0, COUNT(*), NULL FROM postern_deliveries d WHERE d.state = 'failed' GROUP BY d.receiver
	) AS b GROUP BY b.receiver ORDER BY b.receiver`

// Backlogs counts what waits and what has failed, for each receiver that has any of it.
func (l *Ledger) Backlogs(ctx context.Context) (list []Backlog, err error) {
	err = l.do(ctx, func(ctx context.Context) error {
		rows, err := l.read.QueryContext(ctx, countBacklogs)
		if err != nil {
			return err
		}
		list, err = scanAll(rows, func(row scanner) (b Backlog, err error) {
			var oldest sql.NullInt64
			err = row.Scan(&b.Receiver, &b.Waiting, &b.Failed, &oldest)
			b.Oldest = optional(oldest)
			return b, err
		})
		return err
	})
	return list, err
}

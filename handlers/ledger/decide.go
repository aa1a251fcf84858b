package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/postern-dev/postern/handlers/uploads"
)

// changeState changes the row of an upload where its state is one of up to three that permit that.
// Its last two conditions are for Decision.Unclaimed, and for an upload that is to be erased.
const changeState = `UPDATE postern_uploads SET state = $2, sequence = sequence + 1, changed = $3, due = CASE WHEN $2 = 'replaced' THEN due ELSE $4 END, data = $5
	WHERE id = $1 AND state IN ($6, $7, $8) AND (claimed IS NULL OR $9 = 0) AND (erased IS NULL OR $2 <> 'accepted') RETURNING ` + entryColumns

const findUpload = "SELECT " + entryColumns + " FROM postern_uploads WHERE id = $1"

// Decide moves an upload to another state, in one transaction with the event and the deliveries
// that tell of it. Where the state or a claim doesn't permit that, it changes nothing, and the
// entry is the one that is there. An upload without a row gets one first, from issued.
func (l *Ledger) Decide(ctx context.Context, issued uploads.Entry, d uploads.Decision) (now uploads.Entry, recorded bool, err error) {
	receivers := *l.receivers.Load()
	if d.TellApplication {
		receivers = append(slices.Clone(receivers), Receiver{Name: application})
	}
	err = l.transact(ctx, func(ctx context.Context, tx transaction) error {
		now, err = change(ctx, tx, issued.ID, d)
		if errors.Is(err, sql.ErrNoRows) {
			now, err = scanEntry(tx.queryRow(ctx, findUpload, issued.ID))
			if err == nil { // another decision was first
				return nil
			}
		}
		if errors.Is(err, sql.ErrNoRows) {
			if err := l.insert(ctx, tx, []uploads.Entry{issued}); err != nil {
				return err
			}
			now, err = change(ctx, tx, issued.ID, d)
		}
		if errors.Is(err, sql.ErrNoRows) { // an issued upload can't come into this state
			now, err = issued, nil
			return nil
		}
		if err != nil {
			return err
		}
		recorded = true
		l.reached("event")
		return addEvent(ctx, tx, now, receivers, l.reached)
	})
	if err != nil {
		return uploads.Entry{}, false, err
	}
	if recorded {
		l.added.tell(receivers, now)
	}
	return now, recorded, nil
}

// change is sql.ErrNoRows where the upload has no row that d may change.
func change(ctx context.Context, tx transaction, id string, d uploads.Decision) (uploads.Entry, error) {
	from := d.State.Follows()
	if len(from) == 0 {
		return uploads.Entry{}, sql.ErrNoRows
	}
	unclaimed := 0
	if d.Unclaimed {
		unclaimed = 1
	}
	return scanEntry(tx.queryRow(ctx, changeState, id, string(d.State), d.At.UnixMilli(), nullable(d.Due), nullableJSON(d.Data),
		string(from[0]), string(from[len(from)/2]), string(from[len(from)-1]), unclaimed))
}

// addEvent adds the event of a change, and a delivery for each receiver that wants to be told;
// reached is that of Ledger.
func addEvent(ctx context.Context, tx transaction, e uploads.Entry, receivers []Receiver, reached func(step string)) error {
	at := e.Changed.UnixMilli()
	_, err := tx.exec(ctx, "INSERT INTO postern_events (upload, sequence, state, at, data) VALUES ($1, $2, $3, $4, $5)",
		e.ID, e.Sequence, string(e.State), at, string(e.Data))
	if err != nil {
		return err
	}
	for _, r := range receivers {
		if !r.wants(e.Profile, e.State) {
			continue
		}
		reached("delivery")
		_, err := tx.exec(ctx, `INSERT INTO postern_deliveries (id, upload, sequence, receiver, state, attempts, due, leased, lease, changed, status, reason)
			VALUES ($1, $2, $3, $4, $5, 0, $6, 0, '', $6, 0, '')`, deliveryID(e.ID, e.Sequence, r.Name), e.ID, e.Sequence, r.Name, string(DeliveryWaiting), at)
		if err != nil {
			return err
		}
	}
	return nil
}

// Find returns the entry of an upload; known is false where there is none.
func (l *Ledger) Find(ctx context.Context, id string) (e uploads.Entry, known bool, err error) {
	err = l.do(ctx, func(ctx context.Context) error {
		e, err = scanEntry(readRow(ctx, l, findUpload, storable(id)))
		if known = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if !known {
		return uploads.Entry{}, false, err
	}
	return e, true, err
}

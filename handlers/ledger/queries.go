package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// Due lists up to limit uploads that the store has to be asked about by now, those that wait the
// longest first.
func (l *Ledger) Due(ctx context.Context, limit int) ([]uploads.Entry, error) {
	return entries(ctx, l, "SELECT "+entryColumns+" FROM postern_uploads WHERE due IS NOT NULL AND due <= $1 ORDER BY due LIMIT $2",
		l.config.Now().UnixMilli(), limit)
}

// Postpone sets when the store has to be asked about an upload next, zero for never. An upload that
// has changed since e was read stays as it is.
func (l *Ledger) Postpone(ctx context.Context, e uploads.Entry, due time.Time) error {
	_, err := execute(ctx, l, "UPDATE postern_uploads SET due = $3 WHERE id = $1 AND sequence = $2 AND (due = $4 OR due IS NULL AND $4 IS NULL)",
		e.ID, e.Sequence, nullable(due), nullable(e.Due))
	return err
}

// scanned limits the rows that one page of Uploads looks at.
const scanned = 1000

// Uploads implements uploads.Ledger. A page looks at up to 1000 rows.
func (l *Ledger) Uploads(ctx context.Context, q uploads.Query) (list []uploads.Entry, next string, err error) {
	var args []any
	rows := "SELECT * FROM postern_uploads WHERE TRUE"
	if !q.AllSubjects {
		rows += " AND subject = " + place(&args, storable(q.Subject))
	}
	if q.After != "" {
		rows += " AND id < " + place(&args, storable(q.After))
	}
	rows += " ORDER BY id DESC LIMIT "
	all, wanted, looked := args, "TRUE", q.Limit
	if q.State != "" {
		wanted += " AND state = " + place(&args, string(q.State))
	}
	wanted += inProfiles(q.Profiles, &args)
	if len(args) > len(all) { // not every row is wanted
		looked = scanned
	}
	rows += strconv.Itoa(looked)
	list, err = entries(ctx, l, "SELECT "+entryColumns+" FROM ("+rows+") AS seen WHERE "+wanted+" ORDER BY id DESC LIMIT "+place(&args, q.Limit), args...)
	switch {
	case err != nil:
		return nil, "", err
	case len(list) == q.Limit:
		return list, list[len(list)-1].ID, nil
	case len(args) == len(all)+1: // all of the rows are wanted, and there are no more
		return list, "", nil
	}
	next, err = lastSeen(ctx, l, rows, all)
	return list, next, err
}

// lastSeen returns the ID of the last row of a page; "" where the rows end with it.
func lastSeen(ctx context.Context, l *Ledger, rows string, args []any) (last string, err error) {
	err = l.do(ctx, func(ctx context.Context) error {
		var count int
		err := l.read.QueryRowContext(ctx, "SELECT COUNT(*), COALESCE(MIN(id), '') FROM ("+rows+") AS seen", args...).Scan(&count, &last)
		if count < scanned {
			last = ""
		}
		return err
	})
	return last, err
}

// place adds an argument of a statement and returns its placeholder.
func place(args *[]any, value any) string {
	*args = append(*args, value)
	return fmt.Sprintf("$%d", len(*args))
}

// inProfiles is a condition for the rows of some profiles, "" for those of all; its arguments are
// added to args.
func inProfiles(profiles []string, args *[]any) string {
	if len(profiles) == 0 {
		return ""
	}
	return " AND profile IN (" + placesOf(profiles, args) + ")"
}

// placesOf are the places of texts in a list.
func placesOf(texts []string, args *[]any) string {
	places := make([]string, len(texts))
	for i, text := range texts {
		places[i] = place(args, storable(text))
	}
	return strings.Join(places, ", ")
}

func entries(ctx context.Context, l *Ledger, query string, args ...any) (list []uploads.Entry, err error) {
	err = l.do(ctx, func(ctx context.Context) error {
		rows, err := l.read.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		list, err = scanAll(rows, scanEntry)
		return err
	})
	return list, err
}

// Claim implements uploads.Ledger.
func (l *Ledger) Claim(ctx context.Context, id string) (claimed bool, err error) {
	changed, err := execute(ctx, l, `UPDATE postern_uploads SET claimed = COALESCE(claimed, $2), due = NULL
		WHERE id = $1 AND erased IS NULL AND state IN ('accepted', 'replaced')`, storable(id), l.config.Now().UnixMilli())
	return err == nil && changed > 0, err
}

// pendingAtMost is how many uploads are counted as pending.
const pendingAtMost = 1000

// Erase implements uploads.Ledger: jobs remove what it marks, tell the receivers, and delete the
// records once the uploads' tokens have ended.
func (l *Ledger) Erase(ctx context.Context, subject string, profiles ...string) (e uploads.Erasure, err error) {
	if subject == "" {
		return uploads.Erasure{}, errors.New("ledger: Erase: wanted a subject")
	}
	now := l.config.Now()
	err = l.transact(ctx, func(ctx context.Context, tx transaction) error {
		args := []any{storable(subject)}
		ofSubject := "subject = $1" + inProfiles(profiles, &args)
		result, err := tx.ExecContext(ctx, fmt.Sprintf(`UPDATE postern_uploads SET erased = %[1]s, due = %[1]s WHERE erased IS NULL AND id IN (
			SELECT id FROM postern_uploads WHERE %s AND erased IS NULL ORDER BY id LIMIT %d%s)`, place(&args, now.UnixMilli()), ofSubject, uploads.ErasedAtOnce, l.engine.skipLocked), args...)
		if err != nil {
			return err
		}
		if e.Marked, err = result.RowsAffected(); err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT id FROM postern_uploads WHERE %s AND (erased IS NULL OR due IS NOT NULL) LIMIT %d) AS pending`,
			ofSubject, pendingAtMost), args[:len(args)-1]...).Scan(&e.Pending)
		if err != nil {
			return err
		}
		e.Since, err = since(ctx, tx, now, now.Add(-l.config.Keep))
		return err
	})
	return e, err
}

// since is from when on every upload that was issued and recorded is sure to be there: Retain
// deletes none that was issued after kept, and nothing is known of the time before the oldest one.
func since(ctx context.Context, tx transaction, now, kept time.Time) (time.Time, error) {
	var oldest int64
	switch err := tx.queryRow(ctx, "SELECT issued FROM postern_uploads ORDER BY id LIMIT 1").Scan(&oldest); {
	case errors.Is(err, sql.ErrNoRows):
		return now, nil
	case err != nil:
		return time.Time{}, err
	}
	if instant(oldest).Before(kept) {
		return kept, nil
	}
	return instant(oldest), nil
}

// oldLease is the age of a lease that nobody will take or give back any more.
const oldLease = 24 * time.Hour

// retained limits the rows that one call of Retain deletes, so that it doesn't keep others waiting.
const retained = 1000

// Retain deletes the records of uploads that have changed no more for Config.Keep, and of erased
// ones, up to 1000 of each, with their events and deliveries. What can still be completed, is still
// to be asked of the store or still to be delivered stays. What waits for a receiver that is gone
// stays until Keep after its last attempt. It returns how many it deleted. Leases that processes
// have left when they were killed go too.
func (l *Ledger) Retain(ctx context.Context) (n int64, err error) {
	now := l.config.Now()
	args := []any{now.UnixMilli(), now.Add(-l.config.Keep).UnixMilli(), retained}
	receivers := []string{application}
	for _, r := range *l.receivers.Load() {
		receivers = append(receivers, r.Name)
	}
	places := placesOf(receivers, &args)
	err = l.do(ctx, func(ctx context.Context) error {
		for _, condition := range []string{"changed <= $2", "erased IS NOT NULL"} {
			result, err := l.write.ExecContext(ctx, `DELETE FROM postern_uploads WHERE id IN (SELECT id FROM postern_uploads u WHERE due IS NULL AND ends <= $1 AND `+condition+`
				AND NOT EXISTS (SELECT 1 FROM postern_deliveries d WHERE d.upload = u.id AND d.state = 'waiting' AND (d.changed > $2 OR d.receiver IN (`+places+`))) LIMIT $3)`, args...)
			if err != nil {
				return err
			}
			deleted, err := result.RowsAffected()
			if n += deleted; err != nil {
				return err
			}
		}
		_, err := l.write.ExecContext(ctx, "DELETE FROM postern_leases WHERE taken <= $1 AND holder <> $2", now.Add(-oldLease).UnixMilli(), doneHolder)
		return err
	})
	return n, err
}

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// ErrNotAccepted says that an upload can't be claimed: it wasn't accepted, or its object was
// removed.
var ErrNotAccepted = errors.New("ledger: the upload has no accepted object")

// Due lists up to limit uploads that the store has to be asked about by now, those that wait the
// longest first.
func (l *Ledger) Due(ctx context.Context, limit int) ([]uploads.Entry, error) {
	return l.entries(ctx, "SELECT "+entryColumns+" FROM postern_uploads WHERE due IS NOT NULL AND due <= $1 ORDER BY due LIMIT $2",
		l.config.Now().UnixMilli(), limit)
}

// Postpone sets when the store has to be asked about an upload next, zero for never. An upload that
// has changed since e was read stays as it is.
func (l *Ledger) Postpone(ctx context.Context, e uploads.Entry, due time.Time) error {
	return l.do(ctx, func(ctx context.Context) error {
		_, err := l.write.ExecContext(ctx, `UPDATE postern_uploads SET due = $3 WHERE id = $1 AND sequence = $2 AND (due = $4 OR due IS NULL AND $4 IS NULL)`,
			e.ID, e.Sequence, nullable(due), nullable(e.Due))
		return err
	})
}

// Query says which uploads are wanted.
type Query struct {
	Subject string
	// AllSubjects wants the uploads of everybody, whatever Subject says.
	AllSubjects bool
	// Profiles are those whose uploads are wanted; none for all.
	Profiles []string
	State    uploads.State // "" for any
	// After is the ID of the last upload of the page before; "" for the first page.
	After string
	Limit int // of one page
}

// Uploads lists uploads of one subject or of all, the latest first.
func (l *Ledger) Uploads(ctx context.Context, q Query) ([]uploads.Entry, error) {
	args := []any{q.Subject, q.Limit}
	where := "subject = $1"
	if q.AllSubjects { // PostgreSQL wants to know the type of every argument
		where = "$1 = CAST($1 AS TEXT)"
	}
	with := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" AND "+condition+" $%d", len(args))
	}
	if q.After != "" {
		with("id <", q.After)
	}
	if q.State != "" {
		with("state =", string(q.State))
	}
	where += inProfiles(q.Profiles, &args)
	return l.entries(ctx, "SELECT "+entryColumns+" FROM postern_uploads WHERE "+where+" ORDER BY id DESC LIMIT $2", args...)
}

// inProfiles is a condition for the rows of some profiles, "" for those of all; its arguments are
// added to args.
func inProfiles(profiles []string, args *[]any) string {
	if len(profiles) == 0 {
		return ""
	}
	places := make([]string, len(profiles))
	for i, p := range profiles {
		*args = append(*args, p)
		places[i] = fmt.Sprintf("$%d", len(*args))
	}
	return " AND profile IN (" + strings.Join(places, ", ") + ")"
}

func (l *Ledger) entries(ctx context.Context, query string, args ...any) (list []uploads.Entry, err error) {
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

// Claim records that the application keeps the object of an accepted upload: it isn't purged, and
// its visitor can't remove it any more. Claiming it again changes nothing. Profiles are those whose
// uploads may be claimed, none for all. The error is ErrUnknown for an upload that isn't there, and
// ErrNotAccepted for one that has no accepted object.
func (l *Ledger) Claim(ctx context.Context, id string, profiles ...string) error {
	return l.transact(ctx, func(tx *sql.Tx) error {
		args := []any{id, l.config.Now().UnixMilli()}
		limit := inProfiles(profiles, &args)
		result, err := tx.ExecContext(ctx, `UPDATE postern_uploads SET claimed = COALESCE(claimed, $2), due = NULL
			WHERE id = $1 AND erased IS NULL AND state IN ('accepted', 'replaced')`+limit, args...)
		if err != nil {
			return err
		}
		if changed, err := result.RowsAffected(); err != nil || changed > 0 {
			return err
		}
		args = []any{id}
		var state string
		err = tx.QueryRowContext(ctx, "SELECT state FROM postern_uploads WHERE id = $1"+inProfiles(profiles, &args), args...).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknown
		}
		if err == nil {
			err = ErrNotAccepted
		}
		return err
	})
}

// Erase marks every upload of a subject for removal, claimed or not, and returns how many there
// are. Jobs then remove the objects, tell the receivers, and delete the records once the uploads'
// tokens have ended. Profiles are those whose uploads are erased, none for all. An empty subject is
// an error.
func (l *Ledger) Erase(ctx context.Context, subject string, profiles ...string) (n int64, err error) {
	if subject == "" {
		return 0, errors.New("ledger: Erase: wanted a subject")
	}
	err = l.do(ctx, func(ctx context.Context) error {
		args := []any{subject, l.config.Now().UnixMilli()}
		limit := inProfiles(profiles, &args)
		result, err := l.write.ExecContext(ctx, "UPDATE postern_uploads SET erased = $2, due = $2 WHERE subject = $1"+limit, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	return n, err
}

// retained limits the rows that one call of Retain deletes, so that it doesn't keep others waiting.
const retained = 1000

// Retain deletes the records of uploads that have changed no more for Config.Keep, and of erased
// ones, up to 1000 of each, with their events and deliveries. What can still be completed, is still
// to be asked of the store or still to be delivered stays. It returns how many it deleted.
func (l *Ledger) Retain(ctx context.Context) (n int64, err error) {
	now := l.config.Now()
	err = l.do(ctx, func(ctx context.Context) error {
		for _, by := range []struct {
			condition string
			before    time.Time
		}{{"changed <= $1 AND ends <= $2", now.Add(-l.config.Keep)}, {"erased IS NOT NULL AND ends <= $1 AND ends <= $2", now}} {
			result, err := l.write.ExecContext(ctx, `DELETE FROM postern_uploads WHERE id IN (SELECT id FROM postern_uploads u WHERE due IS NULL AND `+by.condition+`
				AND NOT EXISTS (SELECT 1 FROM postern_deliveries d WHERE d.upload = u.id AND d.state = 'waiting') LIMIT $3)`, by.before.UnixMilli(), now.UnixMilli(), retained)
			if err != nil {
				return err
			}
			deleted, err := result.RowsAffected()
			if n += deleted; err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

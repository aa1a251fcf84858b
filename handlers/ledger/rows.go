package ledger

import (
	"database/sql"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// entryColumns are the columns of an entry, in the order in which scanEntry reads them.
const entryColumns = "id, profile, subject, claims, state, sequence, issued, ends, changed, due, claimed, erased, data"

// scanner is a row or the current one of several.
type scanner interface{ Scan(...any) error }

// scanEntry reads the columns of entryColumns.
func scanEntry(row scanner) (uploads.Entry, error) {
	var e uploads.Entry
	var issued, ends, changed int64
	var due, claimed, erased sql.NullInt64
	err := row.Scan(&e.ID, &e.Profile, &e.Subject, &e.Claims, &e.State, &e.Sequence, &issued, &ends, &changed, &due, &claimed, &erased, &e.Data)
	e.Issued, e.Ends, e.Changed = instant(issued), instant(ends), instant(changed)
	e.Due, e.Claimed, e.Erased = optional(due), optional(claimed), optional(erased)
	return e, err
}

// scanAll reads every row of a query by scan and closes it.
func scanAll[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// instant is the instant of a column.
func instant(milliseconds int64) time.Time { return time.UnixMilli(milliseconds).UTC() }

// optional is the instant of a column that may be NULL, which is zero.
func optional(milliseconds sql.NullInt64) time.Time {
	if !milliseconds.Valid {
		return time.Time{}
	}
	return instant(milliseconds.Int64)
}

// nullable is the column of an instant that may be zero.
func nullable(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

// nullableJSON is the column of JSON that may be nil.
func nullableJSON(json []byte) sql.NullString {
	return sql.NullString{String: string(json), Valid: json != nil}
}

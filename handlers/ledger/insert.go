package ledger

import (
	"database/sql"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
)

// inserter is how a database is given many issued uploads in one statement. The columns that follow
// from the others aren't sent: of a new row the state is "issued", the sequence 0, and it changed
// when it was issued.
type inserter struct {
	// maxRows is how many rows a statement inserts at most.
	maxRows int
	// statement inserts so many rows.
	statement func(rows int) string
	// arguments are those of the statement for these rows.
	arguments func(entries []uploads.Entry) []any
}

// insertHead begins each statement, and insertTail ends it.
const (
	insertHead = "INSERT INTO postern_uploads (id, profile, subject, claims, state, sequence, issued, ends, changed, due) "
	insertTail = " ON CONFLICT (id) DO NOTHING"
)

// rowByRow has parameters for each row. SQLite looks a parameter with a name up among all those
// before it, so they have none but their place.
var rowByRow = inserter{
	maxRows: 64,
	statement: func(rows int) string {
		const row = "(?, ?, ?, ?, 'issued', 0, ?, ?, ?, ?)"
		return insertHead + "VALUES " + row + strings.Repeat(", "+row, rows-1) + insertTail
	},
	arguments: func(entries []uploads.Entry) []any {
		values := make([]any, 0, 8*len(entries))
		for _, e := range entries {
			issued := e.Issued.UnixMilli()
			values = append(values, e.ID, e.Profile, storable(e.Subject), string(e.Claims), issued, e.Ends.UnixMilli(), issued, nullable(e.Due))
		}
		return values
	},
}

// columnByColumn has one array for each column: PostgreSQL plans the statement once for any number
// of rows, and reads 7 values in place of 7 for each row.
var columnByColumn = inserter{
	maxRows: maxBatch,
	statement: func(int) string {
		return insertHead + `SELECT id, profile, subject, claims, 'issued', 0, issued, ends, issued, due
			FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
			AS new (id, profile, subject, claims, issued, ends, due)` + insertTail
	},
	arguments: func(entries []uploads.Entry) []any {
		n := len(entries)
		ids, profiles, subjects, claims := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		issued, ends, due := make([]int64, n), make([]int64, n), make([]sql.NullInt64, n)
		for i, e := range entries {
			ids[i], profiles[i], subjects[i], claims[i] = e.ID, e.Profile, storable(e.Subject), string(e.Claims)
			issued[i], ends[i], due[i] = e.Issued.UnixMilli(), e.Ends.UnixMilli(), nullable(e.Due)
		}
		return []any{ids, profiles, subjects, claims, issued, ends, due}
	},
}

// storable is a text as both databases take it: PostgreSQL has none with NUL or broken UTF-8, and
// refusing one subject would refuse its batch.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

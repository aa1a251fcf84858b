package ledger

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// Inspect looks up what Migrate would do to a database, and changes nothing: a file that isn't
// there is an empty database. A newer database is ErrNewer.
func Inspect(ctx context.Context, c Config) (s Schema, err error) {
	c.Keep = cmp.Or(c.Keep, defaultKeep)
	if err := c.check(); err != nil {
		return Schema{}, err
	}
	l := &Ledger{config: c, engine: sqliteEngine}
	file, isFile := strings.CutPrefix(c.URL, "sqlite:")
	if !isFile {
		l.engine, l.write, l.read, err = connect(c.URL)
	} else if _, missing := os.Stat(file); errors.Is(missing, fs.ErrNotExist) {
		return Schema{Wanted: len(migrations)}, nil
	} else {
		l.read, err = openSQLite(file, "&mode=ro")
	}
	if err != nil {
		return Schema{}, err
	}
	defer func() { err = errors.Join(err, l.read.Close()) }()
	return l.Schema(ctx)
}

package receipts_test

import (
	"context"
	"database/sql"
	"errors"
	"log"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/policy/sigv4"
)

// A backend that shares a secret with the Postern server takes an upload for an album: verified,
// and once.
func Example() {
	verifier, err := receipts.NewVerifier(receipts.VerifierConfig{
		Issuer: "https://uploads.example.com", Secrets: []sigv4.Secret{"the secret of receipts.secrets, 32 bytes at least"}})
	if err != nil {
		log.Fatal(err)
	}
	take := func(ctx context.Context, tx *sql.Tx, posted, user, album string) error {
		r, err := verifier.Verify(posted, receipts.Expected{Profile: "photos", Subject: user})
		if err != nil {
			return err
		}
		return claim(ctx, tx, r, album)
	}
	_ = take // in the handler of the form, in the transaction that saves the album
}

var errClaimed = errors.New("this upload is used already")

// claim takes an upload for one row, in the transaction that writes the row: the same row may claim
// it again, another may not.
//
//	create table uploads (id text primary key, row text not null, key text not null)
func claim(ctx context.Context, tx *sql.Tx, r receipts.Receipt, row string) error {
	_, err := tx.ExecContext(ctx, "insert into uploads (id, row, key) values ($1, $2, $3) on conflict (id) do nothing", r.ID, row, r.Key)
	if err != nil {
		return err
	}
	var owner string
	if err := tx.QueryRowContext(ctx, "select row from uploads where id = $1", r.ID).Scan(&owner); err != nil {
		return err
	}
	if owner != row {
		return errClaimed
	}
	return nil
}

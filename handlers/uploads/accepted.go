package uploads

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/receipts"
)

// acceptance is what this process remembers of an accepted object, so that the application is told
// once and an object that takes its place is noticed. It is lost with the process; then the
// application is told again.
type acceptance struct {
	done     Completed
	at       time.Time // of acceptance
	told     bool      // OnComplete has returned nil
	recorded bool      // the ledger has it
	claimed  bool      // the application has claimed it
	replaced string    // version or ETag of the object that OnReplaced was last told of
}

const maxAccepted = 16_384

// Replaced is an object that was found in the place of an accepted one.
type Replaced struct {
	Completed         // the upload as it was accepted
	NewETag    string // of the object found
	NewVersion string // "" where the bucket has no versions
}

var errReplaced = &problem.Error{Code: problem.SizeMismatch, Detail: "the object was replaced after it had been accepted"}

// isObject reports whether an object is the accepted one: by version where the bucket has versions,
// else by ETag.
func (c Completed) isObject(found *s3.HeadObjectOutput) bool {
	if version := aws.ToString(found.VersionId); version != "" && c.Version != "" {
		return version == c.Version
	}
	return aws.ToString(found.ETag) == c.ETag
}

// acceptances remembers accepted objects and tells the application of them.
type acceptances struct {
	*recent[acceptance]
	onComplete func(context.Context, Completed) error
	onReplaced func(context.Context, Replaced) error
	receipts   *receipts.Issuer // nil: none
	link       func(Completed) (string, error)
	logger     *slog.Logger
	now        func() time.Time
}

// newAcceptances makes the memory of one service. link makes the link to an object, "" where its
// profile has none.
func newAcceptances(c Config, link func(Completed) (string, error)) acceptances {
	return acceptances{newRecent[acceptance](maxAccepted), c.OnComplete, c.OnReplaced, c.Receipts, link, c.Logger, c.Now}
}

// add remembers an object and tells the application of it.
func (as acceptances) add(ctx context.Context, done Completed) (Completed, error) {
	a := acceptance{done: done, at: as.now()}
	as.put(done.ID, a)
	return as.tell(ctx, a)
}

// remembers reports whether an acceptance of an upload would still be known: nothing that was
// accepted since the upload was issued has been forgotten.
func (as acceptances) remembers(up OpenUpload) bool { return up.Issued.After(as.lastForgotten().at) }

// repeat answers for an object that was accepted before. It tells the application only where that
// failed the last time.
func (as acceptances) repeat(ctx context.Context, a acceptance, checksum string) (Completed, error) {
	if err := compareChecksum(checksum, a.done.Checksum); err != nil {
		return Completed{}, err
	}
	if a.told {
		return as.withReceipt(a.done)
	}
	return as.tell(ctx, a)
}

// withReceipt mints the receipt of an accepted object, and its link. Each answer has new ones,
// whose time begins now.
func (as acceptances) withReceipt(done Completed) (Completed, error) {
	var receiptErr, linkErr error
	if as.receipts != nil {
		done.Receipt, receiptErr = as.receipts.Mint(done.AsReceipt())
	}
	done.URL, linkErr = as.link(done)
	if err := errors.Join(receiptErr, linkErr); err != nil {
		return Completed{}, &problem.Error{Code: problem.Internal, Err: err}
	}
	return done, nil
}

// Object names the object of a completed upload.
func (c Completed) Object() Object {
	return Object{Key: c.Key, Version: c.Version, ETag: c.ETag, Filename: c.Filename}
}

// AsReceipt is what a receipt says of an accepted object.
func (c Completed) AsReceipt() receipts.Receipt {
	return receipts.Receipt{ID: c.ID, Subject: c.Subject, Profile: c.Profile, Bucket: c.Bucket, Key: c.Key, Version: c.Version,
		ETag: c.ETag, Size: c.Size, Type: c.Type, Filename: c.Filename, Checksum: c.Checksum, Metadata: c.Metadata, Nonce: c.Nonce}
}

// tell calls OnComplete. Its *problem.Error is shown to the caller, any other error is Internal.
func (as acceptances) tell(ctx context.Context, a acceptance) (Completed, error) {
	done, err := as.withReceipt(a.done)
	if err != nil {
		return Completed{}, err
	}
	if err := as.onComplete(ctx, done); err != nil {
		var refusal *problem.Error
		if errors.As(err, &refusal) {
			return Completed{}, refusal
		}
		return Completed{}, &problem.Error{Code: problem.Internal, Err: err}
	}
	a.told = true
	as.put(a.done.ID, a)
	return done, nil
}

// reportReplaced tells the application of an object in the place of an accepted one, once for each
// such object unless that fails.
func (as acceptances) reportReplaced(ctx context.Context, a acceptance, found *s3.HeadObjectOutput) {
	r := Replaced{Completed: a.done, NewETag: aws.ToString(found.ETag), NewVersion: aws.ToString(found.VersionId)}
	now := r.NewVersion + " " + r.NewETag
	if a.replaced == now {
		return
	}
	as.logger.WarnContext(ctx, "accepted object replaced", "id", a.done.ID, "key", a.done.Key, "etag", a.done.ETag, "newEtag", r.NewETag)
	if err := as.onReplaced(ctx, r); err != nil {
		as.logger.ErrorContext(ctx, "OnReplaced failed", "id", a.done.ID, "error", problem.LogText(err.Error()))
		return
	}
	a.replaced = now
	as.put(a.done.ID, a)
}

// compareChecksum compares the caller's checksum with the stored one; either may be "".
func compareChecksum(wanted, stored string) error {
	if wanted == "" || stored == "" || wanted == stored {
		return nil
	}
	return &problem.Error{Code: problem.SizeMismatch, Field: "checksum", Detail: "the object has another checksum"}
}

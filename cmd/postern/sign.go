package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

type signCommand struct {
	Bucket    string        `help:"Bucket the form posts to." required:""`
	Key       string        `help:"The only key allowed." xor:"key" required:""`
	KeyPrefix string        `help:"Prefix that the key must have, ending in a slash." xor:"key" required:"" placeholder:"PREFIX/"`
	ACL       string        `help:"Canned ACL; most buckets refuse any."`
	Type      string        `help:"Content type, or a family such as image/*."`
	Size      string        `help:"Size range, such as 1..10MiB; one size for a PUT." placeholder:"MIN..MAX"`
	Lifetime  time.Duration `help:"How long the form can be used." default:"15m"`
	At        string        `help:"Time of signing (RFC 3339); default now." placeholder:"INSTANT"`
	Meta      []string      `help:"User metadata; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Field     []string      `help:"Any other field with an exact value; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Condition []string      `help:"Any other condition as JSON; may be repeated." placeholder:"JSON" sep:"none"`
	Redirect  string        `help:"Where the browser is sent after success." placeholder:"URL"`
	Status    int           `help:"Status of a successful answer: 200, 201 or 204." placeholder:"201"`
	Provider  string        `help:"Kind of store: aws, minio, ceph, versity, r2, b2, oss, gcs, spaces, seaweedfs, swift or other; default: by the address." placeholder:"NAME"`
	Dialect   string        `help:"Signature dialect: aws, oss or gcs; default: the provider's." enum:"aws,oss,gcs," default:""`
	Region    string        `help:"The bucket's region; default: the SDK's usual settings."`
	Endpoint  string        `help:"The store's address; default: the SDK's rules." placeholder:"URL"`
	PathStyle bool          `help:"Put the bucket into the path instead of the host name."`
	Format    string        `help:"What to print: html, json or curl." enum:"html,json,curl" default:"html"`
}

// Run prints one signed form to standard output; a presigned PUT for a store that takes no forms.
func (s *signCommand) Run(c *console) error {
	now, err := parseInstant("--at", s.At)
	if err != nil {
		return err
	}
	access, err := loadSDKSettings(c)
	if err != nil {
		return err
	}
	store, err := s.store(c, access)
	if err != nil {
		return err
	}
	if !store.Provider.PostPolicy {
		return s.runPut(c, access, store, now)
	}
	conditions, err := s.conditions(store.Provider.Dialect)
	if err != nil {
		return err
	}
	signer, err := newSigner(c, access, store)
	if err != nil {
		return err
	}
	form, err := s.sign(conditions, store, signer, now)
	if err != nil {
		return usageError{oneLine(err)}
	}
	return newSignedForm(form, conditions).print(c.stdout, s.Format)
}

func (s *signCommand) sign(conditions []policy.Condition, store uploads.Store, signer *sigv4.Signer, now time.Time) (policy.Form, error) {
	expiration, err := s.expiration(signer, now)
	if err != nil {
		return policy.Form{}, err
	}
	bucketURL, err := store.BucketURL(s.Bucket)
	if err != nil {
		return policy.Form{}, fmt.Errorf("--bucket %q: %w", s.Bucket, err)
	}
	return policy.Sign(policy.Document{Expiration: expiration, Conditions: conditions}, bucketURL, signer, now)
}

// expiration is when what is signed now ends.
func (s *signCommand) expiration(signer *sigv4.Signer, now time.Time) (time.Time, error) {
	if s.Lifetime > sigv4.MaxLifetime {
		return time.Time{}, fmt.Errorf("--lifetime %s: wanted at most 168h, as no signature lasts longer", s.Lifetime)
	}
	return signer.Expiration(now, s.Lifetime)
}

// parseInstant reads an RFC 3339 time; an empty text is now.
func parseInstant(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, badUsage("%s %q: wanted an instant such as 2026-03-01T12:00:00Z", flag, text)
	}
	return instant, nil
}

// oneLine puts joined errors on one line.
func oneLine(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
}

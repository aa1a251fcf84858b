package uploads

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// maxForm is the limit that forms are held to, in bytes.
func (p Provider) maxForm() int {
	return min(cmp.Or(p.MaxForm, policy.MaxFormBytes), policy.MaxFormBytes)
}

// checkFormSize refuses a profile of which even the shortest form is longer than the store takes.
// What visitors and credentials add (file name, metadata, redirect, session token) is known only
// when a form is issued: see checkFormBytes.
func (p Provider) checkFormSize(of profile.Profile) error {
	compiled, err := profile.Compile(of)
	if err != nil || !p.PostPolicy {
		return nil // the errors of Compile are reported where profiles are compiled
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // any time makes a form of the same length
	someone := profile.Identity{Subject: "s", Profiles: []string{of.Name}}
	plan, err := compiled.FormPlan(someone, profile.IssueParams{ID: "i", Now: now})
	if err != nil {
		return nil // no form, or a key of claims that only visitors have: checked when it is issued
	}
	dialect := p.Dialect
	if dialect == sigv4.GCSRSA {
		dialect = sigv4.GCS // a form signed with RSA is a little longer, and needs a key
	}
	signer, err := sigv4.NewSigner(dialect, "r", sigv4.Credentials{AccessKeyID: "k", SecretAccessKey: "s"})
	if err != nil {
		return err
	}
	served := ServedProfile{compiled: compiled, BucketURL: "https://s3.example.com/b", maxForm: p.maxForm()}
	_, err = signForm(&served, plan, "", signer, now)
	if !isFormTooLarge(err) {
		return nil // what else is wrong is reported where the profile is served
	}
	field, got := largestSetting(of)
	return &profile.SettingError{Profile: of.Name, Field: field, Got: fmt.Sprintf("%d bytes", got),
		Wanted: fmt.Sprintf("fewer or shorter values, since store.provider %s takes at most %d bytes of a form before its file, where each counts again in the policy", p.Name, p.maxForm())}
}

// largestSetting returns the setting that adds most to forms, by its key, and its length in bytes.
func largestSetting(of profile.Profile) (field string, size int) {
	length := func(texts map[string]string) (sum int) {
		for name, value := range texts {
			sum += len(name) + len(value)
		}
		return sum
	}
	field = "metadata"
	size = length(of.Metadata)
	for other, of := range map[string]int{"tags": length(of.Tags), "encryption.key_id": len(of.Encryption.KeyID)} {
		if of > size {
			field, size = other, of
		}
	}
	return field, size
}

// checkFormBytes returns a *policy.ConditionError for a form of more than limit bytes before its
// file.
func checkFormBytes(form *policy.Form, limit int) error {
	if size := policy.FormBytes(form.Fields); size > limit {
		return &policy.ConditionError{Field: "policy", Reason: policy.ReasonFormTooLarge,
			Wanted: fmt.Sprintf("at most %d bytes before the file", limit), Got: fmt.Sprint(size)}
	}
	return nil
}

func isFormTooLarge(err error) bool {
	var refused *policy.ConditionError
	return errors.As(err, &refused) && refused.Reason == policy.ReasonFormTooLarge
}

// signingProblem is a failure to sign in the words of the API. A form that is too long is the
// caller's matter: the profile alone was checked when it was loaded.
func signingProblem(err error) error {
	var refused *policy.ConditionError
	if errors.As(err, &refused) && refused.Reason == policy.ReasonFormTooLarge {
		return &problem.Error{Code: problem.InvalidRequest, Field: "metadata", Err: err,
			Detail: fmt.Sprintf("the form is too long for the store: wanted %s, got %s; use a shorter file name or less metadata", refused.Wanted, refused.Got)}
	}
	return &problem.Error{Code: problem.Internal, Err: err}
}

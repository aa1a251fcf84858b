package uploads

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Issued is one upload, decided and signed. Exactly one of Form, Put and Parts is set; Parts is nil
// where the plan has checksums, which a part has to name before it is signed.
type Issued struct {
	Upload
	Token   string
	Form    *policy.Form
	Put     *SignedPut
	Parts   *SignedParts // the first ones of a multipart upload; the rest are signed as they are asked for
	Expires time.Time    // of the form or URL
	Owner   string       // mark of the subject, see Owners; "" for a guest
}

// SignedPut is a presigned PUT with the headers that have to be sent with it.
type SignedPut struct {
	URL     string
	Headers []sigv4.Param
}

// planFunc turns an identity into a plan: the one place where the ways in differ before something
// is signed.
type planFunc func(profile.IssueParams) (profile.Plan, error)

// IssueForm issues a plain HTML form that a visitor asked for. Such a form can't say anything about
// the file beforehand.
func (s *Service) IssueForm(ctx context.Context, p *ServedProfile, v Visitor) (Issued, error) {
	return formPlan(p, v).issue(ctx, s, p, v, false)
}

// IssueFormInPage issues a plain HTML form because a page is opened. It is QuotaExceeded earlier
// than a form that a visitor asked for (see Reservation.InPage).
func (s *Service) IssueFormInPage(ctx context.Context, p *ServedProfile, v Visitor) (Issued, error) {
	return formPlan(p, v).issue(ctx, s, p, v, true)
}

// CheckForm returns the error with which IssueForm would refuse, limits aside. Nothing is issued or
// charged.
func (s *Service) CheckForm(ctx context.Context, p *ServedProfile, v Visitor) error {
	_, _, _, err := formPlan(p, v).now(ctx, s, p)
	return err
}

func formPlan(p *ServedProfile, v Visitor) planFunc {
	return func(in profile.IssueParams) (profile.Plan, error) { return p.compiled.FormPlan(v.Identity, in) }
}

// IssueFile issues an upload for one file that a script names: the plan allows exactly that type
// and size.
func (s *Service) IssueFile(ctx context.Context, p *ServedProfile, v Visitor, file profile.File) (Issued, error) {
	return filePlan(p, v, file).issue(ctx, s, p, v, false)
}

func filePlan(p *ServedProfile, v Visitor, file profile.File) planFunc {
	return func(in profile.IssueParams) (profile.Plan, error) { return p.compiled.Plan(v.Identity, file, in) }
}

// issue is the one step from a visitor to something signed: plan, charge, sign, record.
func (plan planFunc) issue(ctx context.Context, s *Service, p *ServedProfile, v Visitor, inPage bool) (Issued, error) {
	issued, err := plan.issueUnobserved(ctx, s, p, v, inPage)
	s.observer.issue(p, v, inPage, err)
	return issued, err
}

func (plan planFunc) issueUnobserved(ctx context.Context, s *Service, p *ServedProfile, v Visitor, inPage bool) (Issued, error) {
	var c chargedPlan
	if err := c.charge(ctx, s, p, v, inPage, plan); err != nil {
		return Issued{}, err
	}
	if err := c.sign(ctx, s, p); err != nil {
		return Issued{}, err
	}
	if err := s.recorder.issue(ctx, c.issued.Upload); err != nil {
		c.takeBack(ctx, s, p)
		return Issued{}, err
	}
	return c.issued, nil
}

// takeBack undoes an upload that was signed and can't be recorded: nobody gets to see it.
func (c *chargedPlan) takeBack(ctx context.Context, s *Service, p *ServedProfile) {
	if c.issued.Method == profile.MethodMultipart {
		aborter{s}.abortIgnoringErrors(ctx, OpenUpload{Upload: c.issued.Upload, Served: p})
		return
	}
	s.charges.settle(ctx, c.issued.Plan, 0, false)
}

// chargedPlan is an upload that was charged and isn't signed yet.
type chargedPlan struct {
	issued Issued
	signer *sigv4.Signer
	now    time.Time
}

// charge plans an upload and charges it.
func (c *chargedPlan) charge(ctx context.Context, s *Service, p *ServedProfile, v Visitor, inPage bool, plan planFunc) error {
	planned, signer, now, err := plan.now(ctx, s, p)
	if err != nil {
		return err
	}
	if err := s.charges.reserve(ctx, Reservation{Identity: v.Identity, Plan: planned, InPage: inPage}); err != nil {
		return err
	}
	c.signer, c.now = signer, now
	c.issued = Issued{Upload: newUpload(planned, now), Expires: planned.Expiration}
	c.issued.Language, c.issued.Return, c.issued.Process, c.issued.Way = v.Language, v.Return, s.process.name, v.Way
	c.issued.Owner = s.owners.first(planned.Subject)
	return nil
}

// sign signs what was charged. The charge for what can't be signed is given back.
func (c *chargedPlan) sign(ctx context.Context, s *Service, p *ServedProfile) error {
	err := ctx.Err()
	if err != nil {
		err = problem.Unavailable(err)
	} else {
		err = s.sign(ctx, p, &c.issued, c.signer, c.now)
	}
	if err != nil {
		s.charges.settle(ctx, c.issued.Plan, 0, false)
		c.issued = Issued{}
	}
	return err
}

// now makes a plan that begins now, with the signer that it is to be signed with.
func (plan planFunc) now(ctx context.Context, s *Service, p *ServedProfile) (planned profile.Plan, signer *sigv4.Signer, now time.Time, err error) {
	if signer, err = s.signers.Signer(ctx); err != nil {
		return planned, nil, now, problem.Unavailable(err)
	}
	now = s.config.Now().UTC()
	until, err := signer.LatestExpiration(now)
	if err != nil {
		return planned, nil, now, problem.Unavailable(err)
	}
	planned, err = plan(profile.IssueParams{ID: s.config.NewID(), Now: now, Until: until,
		PutOnly: !s.config.Store.Provider.PostPolicy})
	if err != nil {
		return planned, nil, now, planRefusal(err, p)
	}
	return planned, signer, now, nil
}

// planRefusal is a refusal of package profile in the words of the API, with what would have been
// accepted.
func planRefusal(err error, p *ServedProfile) error {
	var refused *profile.RequestError
	if !errors.As(err, &refused) {
		return err
	}
	out := &problem.Error{Code: problem.Code(refused.Code), Field: refused.Field, Limits: p.Limits(), Err: err}
	if refused.Wanted != "" {
		out.Detail = fmt.Sprintf("wanted %s, got %q", refused.Wanted, refused.Got)
	}
	return out
}

// sign makes what the method of the plan needs, and the upload token.
func (s *Service) sign(ctx context.Context, p *ServedProfile, out *Issued, signer *sigv4.Signer, now time.Time) error {
	var err error
	switch out.Method {
	case profile.MethodMultipart:
		if out.StoreUploadID, err = s.store.createMultipart(ctx, p, out.Plan); err != nil {
			return err
		}
		out.Parts = firstParts(OpenUpload{Upload: out.Upload, Served: p}, signer, now)
	case profile.MethodPut:
		out.Put, err = signPut(s.config.Store.Provider, p, out.Plan, signer, now)
	case profile.MethodForm:
		landing := s.tokens.mint(p.landingURL, out.Upload)
		out.Token = strings.TrimPrefix(landing, p.landingURL)
		out.Form, err = signForm(p, out.Plan, landing, signer, now)
	default:
		out.Form, err = signForm(p, out.Plan, "", signer, now)
	}
	if err != nil {
		return signingProblem(err)
	}
	if out.Token == "" {
		out.Token = s.tokens.mint("", out.Upload)
	}
	return nil
}

// signForm signs the POST policy of a plan. redirect is where the store sends a browser afterwards;
// "" is for scripts.
func signForm(p *ServedProfile, plan profile.Plan, redirect string, signer *sigv4.Signer, now time.Time) (*policy.Form, error) {
	document := p.compiled.Document(plan, profile.PostOptions{Redirect: redirect, Dialect: signer.Dialect()})
	form, err := policy.Sign(document, p.BucketURL, signer, now)
	if err != nil {
		return nil, err
	}
	return &form, checkFormBytes(&form, p.maxForm)
}

package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// issued is one upload, decided and signed. Exactly one of form and put is set, or neither for a
// multipart upload, whose parts are signed as they are asked for.
type issued struct {
	plan    profile.Plan
	token   string
	form    *policy.Form
	put     *signedPut
	expires time.Time
}

// signedPut is a presigned PUT with the headers that have to go with it.
type signedPut struct {
	url     string
	headers []sigv4.Param
}

// planner turns an identity into a plan: the one place where the ways in differ before something is
// signed.
type planner func(profile.IssueParams) (profile.Plan, error)

// issueForm issues what a plain form may send.
func (h *Handlers) issueForm(ctx context.Context, g *gate, who visitor) (issued, error) {
	return h.issue(ctx, g, who, func(in profile.IssueParams) (profile.Plan, error) {
		return g.compiled.FormPlan(who.Identity, in)
	})
}

// issueFile issues one file that a script names.
func (h *Handlers) issueFile(ctx context.Context, g *gate, who visitor, file profile.File) (issued, error) {
	return h.issue(ctx, g, who, func(in profile.IssueParams) (profile.Plan, error) {
		return g.compiled.Plan(who.Identity, file, in)
	})
}

// issue is the one step from a visitor to something signed: plan, charge, sign, mint. Whatever
// can't be signed is given back.
func (h *Handlers) issue(ctx context.Context, g *gate, who visitor, plan planner) (issued, error) {
	signer, err := h.source.Signer(ctx)
	if err != nil {
		return issued{}, signerError(err)
	}
	now := h.config.Now().UTC()
	until, err := signer.LatestExpiration(now)
	if err != nil {
		return issued{}, signerError(err)
	}
	p, err := plan(profile.IssueParams{ID: h.config.NewID(), Now: now, Until: until, PutOnly: !h.config.Provider.PostPolicy})
	if err != nil {
		return issued{}, planError(err, g)
	}
	if err := h.reserve(ctx, who, p); err != nil {
		return issued{}, err
	}
	out, err := h.sign(ctx, g, p, who.lang, signer, now)
	if err != nil {
		h.settle(ctx, p, 0, false)
	}
	return out, err
}

// reserve asks the limiter; what isn't a refusal of its own is an outage.
func (h *Handlers) reserve(ctx context.Context, who visitor, p profile.Plan) error {
	id := who.Identity
	id.Subject = p.Subject
	err := h.config.Limiter.Reserve(ctx, id, p)
	if err == nil {
		return nil
	}
	if refused := asError(err); refused.Code != CodeInternal {
		return refused
	}
	return &Error{Code: CodeStoreUnavailable, RetryAfter: storeRetryAfter, Err: err}
}

func (h *Handlers) settle(ctx context.Context, p profile.Plan, size int64, kept bool) {
	h.config.Limiter.Settle(context.WithoutCancel(ctx),
		Settlement{ID: p.ID, Profile: p.Profile, Subject: p.Subject, Size: size, Kept: kept})
}

// sign makes what the plan's method needs.
func (h *Handlers) sign(ctx context.Context, g *gate, p profile.Plan, lang string, s *sigv4.Signer, now time.Time) (issued, error) {
	out := issued{plan: p, expires: p.Expiration}
	var err error
	switch p.Method {
	case profile.MethodMultipart:
		return h.begin(ctx, g, p, now)
	case profile.MethodPut:
		out.put, err = h.signPut(g, p, s, now)
	case profile.MethodForm:
		up := uploadOf(p, "", now)
		up.lang = lang
		landing := h.tokens.mintAfter(g.landing, up)
		out.token = landing[len(g.landing):]
		out.form, err = signForm(g, p, profile.PostOptions{Redirect: landing}, s, now)
	default:
		out.form, err = signForm(g, p, profile.PostOptions{}, s, now)
	}
	if err != nil {
		return issued{}, &Error{Code: CodeInternal, Err: err}
	}
	if out.token == "" {
		out.token = h.tokens.mint(uploadOf(p, "", now))
	}
	return out, nil
}

func signForm(g *gate, p profile.Plan, done profile.PostOptions, s *sigv4.Signer, now time.Time) (*policy.Form, error) {
	done.Dialect = s.Dialect()
	form, err := policy.Sign(g.compiled.Document(p, done), g.bucketURL, s, now)
	if err != nil {
		return nil, err
	}
	return &form, nil
}

// begin creates the multipart upload at the store. Its ID goes into the token only: the store's
// handle is no secret, but nothing a caller could swap.
func (h *Handlers) begin(ctx context.Context, g *gate, p profile.Plan, now time.Time) (issued, error) {
	a := h.attributes(g, p)
	in := &s3.CreateMultipartUploadInput{Bucket: &p.Bucket, Key: &p.Key, ContentType: &p.Type,
		ACL: types.ObjectCannedACL(a.acl), CacheControl: text(a.cacheControl),
		StorageClass: types.StorageClass(a.storageClass), Tagging: text(a.tagging),
		ServerSideEncryption: types.ServerSideEncryption(a.encryption), SSEKMSKeyId: text(a.kmsKey),
		Metadata: a.metadata}
	if p.Checksum != "" {
		in.ChecksumAlgorithm = checksumAlgorithm(p.Checksum)
		in.ChecksumType = types.ChecksumTypeFullObject
	}
	out, err := h.config.Store.CreateMultipartUpload(ctx, in, bareChecksums)
	if err != nil {
		return issued{}, storeError(err)
	}
	if out.UploadId == nil || *out.UploadId == "" {
		return issued{}, storeError(errors.New("the store named no upload ID"))
	}
	token := h.tokens.mint(uploadOf(p, *out.UploadId, now))
	return issued{plan: p, token: token, expires: p.Expiration}, nil
}

// planError adds what would have been accepted, for the page.
func planError(err error, g *gate) error {
	refused := *asError(err)
	refused.limits = g.figures()
	return &refused
}

// signerError: without credentials nothing can be issued, and the visitor can't mend it.
func signerError(err error) error {
	return &Error{Code: CodeStoreUnavailable, RetryAfter: storeRetryAfter, Err: err}
}

package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// The codes of findings about the bucket itself.
const (
	BucketMissing = "bucket_missing"    // the store has no such bucket
	Denied        = "rules_denied"      // the credentials may not read or write the rules
	Full          = "rules_full"        // the store takes no more rules
	Failed        = "rules_failed"      // the store answered something else
	NoCORSCall    = "cors_no_call"      // the store takes no CORS rules by S3's call
	NoRuleCall    = "lifecycle_no_call" // the store takes no lifecycle rules by S3's call
	Beyond        = "rules_beyond_json" // the rules have elements that the JSON can't hold
	OldVersions   = "versions_stay"     // the bucket keeps versions of what expires
)

// Task is one run of setup.
type Task struct {
	File   *config.Config
	Store  uploads.Store
	Client *s3.Client // with the operator's credentials
	// Config is the path of File, for the commands that findings name.
	Config string
	// Apply writes what is missing; without it nothing is written.
	Apply bool
}

// Result is what setup found, one entry for each bucket.
type Result struct {
	Buckets []BucketRules `json:"buckets"`
	findings.Report
}

// BucketRules are the rules that a bucket should have: all that are there, with ours. Either is nil
// where the store takes none by S3's calls, or didn't let them be read.
type BucketRules struct {
	Bucket    string          `json:"bucket"`
	CORS      *CORSRules      `json:"cors,omitempty"`
	Lifecycle *LifecycleRules `json:"lifecycle,omitempty"`
	Written   []string        `json:"written,omitempty"` // the kinds that --apply has written

	wanted          Wanted
	corsBefore      state[types.CORSRule]
	lifecycleBefore state[types.LifecycleRule]
}

// CORSRules is the argument of `aws s3api put-bucket-cors --cors-configuration`.
type CORSRules struct {
	CORSRules []any
}

// LifecycleRules is the argument of `aws s3api put-bucket-lifecycle-configuration
// --lifecycle-configuration`.
type LifecycleRules struct {
	Rules []any
}

// ApplyCommand is the command that mends what setup finds.
func ApplyCommand(configFile string) string {
	return "postern setup --config " + configFile + " --apply"
}

// Run compares every bucket of a config file with what it should have, and with Apply writes what
// is missing: to all buckets or, where a rule would be one too many for the store, to none. The
// report has a fault for each difference that is left. The error is a config that can't be
// compiled.
func (t Task) Run(ctx context.Context) (*Result, error) {
	list, err := WantedOf(t.File, t.Store, ApplyCommand(t.Config))
	if err != nil {
		return nil, err
	}
	result := &Result{}
	var corsThere, lifecycleThere []bool
	for _, w := range list {
		b := BucketRules{Bucket: w.Bucket, wanted: w}
		cors := readRules(ctx, t, &result.Report, corsRules, w, &b.corsBefore)
		lifecycle := readRules(ctx, t, &result.Report, lifecycleRules, w, &b.lifecycleBefore)
		corsThere, lifecycleThere = append(corsThere, cors), append(lifecycleThere, lifecycle)
		result.Buckets = append(result.Buckets, b)
	}
	apply := t.Apply && !slices.ContainsFunc(result.Findings, func(f findings.Finding) bool { return f.Code == Full })
	for i := range result.Buckets {
		b := &result.Buckets[i]
		if corsThere[i] {
			b.CORS = &CORSRules{plain(compareRules(ctx, t, result, b, corsRules, b.corsBefore, apply))}
		}
		if lifecycleThere[i] {
			b.Lifecycle = &LifecycleRules{plain(compareRules(ctx, t, result, b, lifecycleRules, b.lifecycleBefore, apply))}
		}
		t.noteVersions(ctx, &result.Report, b.wanted)
	}
	return result, nil
}

// readRules reads one kind of rules into before. It reports false, with a finding, where the store
// has no call for them or they can't be read, and where there would be too many.
func readRules[Rule any](ctx context.Context, t Task, report *findings.Report, k ruleKind[Rule], w Wanted, before *state[Rule]) bool {
	if !w.takes(k.name) {
		report.Add(w.noCall(k.name, t.Config, "")...)
		return false
	}
	var err error
	if *before, err = k.read(ctx, t.Client, w.Bucket); err != nil {
		report.Add(w.failure(k.name, "s3:Get"+strings.TrimPrefix(k.right, "s3:Put"), t.Config, err)...)
		return false
	}
	if m, changed := k.merge(w, before.rules); changed {
		if err := k.tooMany(w, m.apply(before.rules)); err != nil {
			report.Add(findings.Finding{Code: Full, Severity: findings.Fault, Bucket: w.Bucket, Sentence: strings.TrimPrefix(err.Error(), "setup: "),
				Remedy: "remove rules that nobody needs, or join rules that differ in their origins or prefixes alone; nothing was written"})
		}
	}
	return true
}

// compareRules adds a finding for each difference, after writing what is missing if apply is set.
// It returns the rules that the bucket has then, or should have.
func compareRules[Rule any](ctx context.Context, t Task, result *Result, b *BucketRules, k ruleKind[Rule], before state[Rule], apply bool) []Rule {
	w := b.wanted
	m, changed := k.merge(w, before.rules)
	if !apply || !changed {
		result.Add(k.check(w, before.rules)...)
		return m.apply(before.rules)
	}
	after, err := k.apply(ctx, t.Client, w)
	if err != nil {
		result.Add(w.failure(k.name, k.right, t.Config, err)...)
		return m.apply(before.rules)
	}
	b.Written = append(b.Written, k.name)
	result.Add(k.check(w, after.rules)...)
	return after.rules
}

// NoteLosses adds a note for each bucket whose rules have elements that the SDK doesn't know: JSON,
// Terraform and steps leave them out.
func (r *Result) NoteLosses() {
	for _, b := range r.Buckets {
		names := append(unknownElements(b.corsBefore.document.text, reflect.TypeFor[types.CORSRule](), corsRules.element),
			unknownElements(b.lifecycleBefore.document.text, reflect.TypeFor[types.LifecycleRule](), lifecycleRules.element)...)
		if len(names) > 0 {
			r.Add(findings.Finding{Code: Beyond, Severity: findings.Note, Bucket: b.Bucket, Evidence: strings.Join(names, ", "),
				Sentence: "the rules there have elements that this output can't hold", Remedy: "use --apply, which keeps every rule as the store has it"})
		}
	}
}

// takes reports whether the store takes rules by S3's calls. Cloud Storage and Aliyun OSS have
// rules of other forms.
func (w Wanted) takes(kind string) bool {
	if w.provider.Dialect != sigv4.AWS {
		return false
	}
	if kind == corsRules.name {
		return w.provider.CORSCalls
	}
	return w.provider.LifecycleCalls
}

// failure says why rules couldn't be read or written.
func (w Wanted) failure(kind, right, configFile string, err error) []findings.Finding {
	var api smithy.APIError
	code, evidence := "", innermost(err)
	if errors.As(err, &api) {
		code = api.ErrorCode()
		evidence = strings.Join(strings.Fields(code+" "+api.ErrorMessage()), " ")
	}
	f := findings.Finding{Severity: findings.Fault, Bucket: w.Bucket, Evidence: evidence}
	switch {
	case isNotImplemented(err):
		return w.noCall(kind, configFile, evidence)
	case code == "NoSuchBucket":
		f.Code, f.Sentence, f.Remedy = BucketMissing, "the store has no such bucket", "make the bucket, or mend profiles.*.bucket and store.region"
	case statusOf(err) == http.StatusForbidden:
		f.Code, f.Sentence = Denied, "the credentials may not do "+right
		f.Remedy = "use credentials with that right, or set the rules otherwise: postern setup --config " + configFile + " --format steps"
	default:
		f.Code, f.Sentence, f.Remedy = Failed, "the "+kind+" rules can't be read or written", "mend what the store names and run it again"
	}
	return []findings.Finding{f}
}

// innermost is what a chain of errors says at its end: the SDK's own text is long, and names the
// request.
func innermost(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// noCall names what to do where the store has no call for a kind of rules.
func (w Wanted) noCall(kind, configFile, evidence string) []findings.Finding {
	w.provider.CORSCalls, w.provider.LifecycleCalls = false, false // a copy: what the steps go by
	f := findings.Finding{Code: NoCORSCall, Severity: findings.Note, Bucket: w.Bucket, Evidence: evidence,
		Sentence: "the store takes no CORS rules by S3's call, so setup can't tell whether browsers may upload", Remedy: w.corsSteps(nil)}
	if kind == lifecycleRules.name {
		f.Code, f.Sentence = NoRuleCall, "the store takes no lifecycle rules by S3's call, so abandoned parts and refused objects stay unless something else removes them"
		f.Remedy = w.lifecycleSteps(nil, configFile)
		if !slices.ContainsFunc(w.Lifecycle, w.needs) {
			return nil
		}
	}
	return []findings.Finding{f}
}

// noteVersions says that a bucket keeps versions of refused objects: expiring an object only hides
// it there ("Lifecycle configuration elements" in the S3 User Guide).
func (t Task) noteVersions(ctx context.Context, report *findings.Report, w Wanted) {
	expires := slices.ContainsFunc(w.Lifecycle, func(r types.LifecycleRule) bool { return r.Expiration != nil })
	if !expires || !w.provider.Versions || !w.takes(lifecycleRules.name) {
		return
	}
	out, err := t.Client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: aws.String(w.Bucket)})
	if err == nil && out.Status == types.BucketVersioningStatusEnabled {
		report.Add(findings.Finding{Code: OldVersions, Severity: findings.Note, Bucket: w.Bucket,
			Sentence: fmt.Sprintf("the bucket keeps versions, so what expires from quarantine after %d days is hidden and stays", quarantineDays),
			Remedy:   "add NoncurrentVersionExpiration for the quarantine prefix, if nobody needs the old versions"})
	}
}

package doctor

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
)

// violation is a form that breaks one condition of its policy.
type violation struct {
	name string
	// ability is the one of store.can by which the store refuses it; "" where every store with POST
	// policies has to.
	ability string
	// change breaks the form. It returns nil where this form can't be broken so.
	change func(t *trial, fields []policy.Field) []policy.Field
	more   int // bytes that the file is longer than signed
	by     func(*run) *uploads.Service
}

// withField returns the fields with another value of one; nil where there is no such field.
func withField(fields []policy.Field, name string, value func(string) string) []policy.Field {
	at := slices.IndexFunc(fields, func(f policy.Field) bool { return strings.EqualFold(f.Name, name) })
	if at < 0 || value(fields[at].Value) == fields[at].Value {
		return nil
	}
	fields = slices.Clone(fields)
	fields[at].Value = value(fields[at].Value)
	return fields
}

// unchanged leaves the fields as they are signed.
func unchanged(_ *trial, fields []policy.Field) []policy.Field { return fields }

var violations = []violation{
	{name: "another key", change: func(t *trial, fields []policy.Field) []policy.Field {
		return withField(fields, "key", func(key string) string { return key + ".other" })
	}},
	{name: "another subject's prefix", change: func(t *trial, fields []policy.Field) []policy.Field {
		return withField(fields, "key", func(key string) string { return strings.Replace(key, Subject+"/", Subject+"-2/", 1) })
	}},
	{name: "another type", change: func(t *trial, fields []policy.Field) []policy.Field {
		return withField(fields, "Content-Type", func(string) string { return "text/x-" + Subject })
	}},
	{name: "a field left out", change: func(t *trial, fields []policy.Field) []policy.Field {
		return slices.DeleteFunc(slices.Clone(fields), func(f policy.Field) bool { return strings.EqualFold(f.Name, "Content-Type") })
	}},
	{name: "a wrong signature", change: func(t *trial, fields []policy.Field) []policy.Field {
		return withField(fields, t.Store.Provider.Dialect.SignatureField(), func(s string) string { return strings.Repeat("0", len(s)) })
	}},
	{name: "an expired policy", change: unchanged, by: func(r *run) *uploads.Service { return r.expired }},
	{name: "one byte too few", ability: "strict_ranges", change: unchanged, more: -1},
	{name: "one byte too many", ability: "strict_ranges", change: unchanged, more: 1},
	{name: "an empty file", ability: "strict_ranges", change: unchanged, more: -formSize},
	{name: "a field without a condition", ability: "covers_fields", change: func(t *trial, fields []policy.Field) []policy.Field {
		return append(slices.Clone(fields), policy.Field{Name: t.Store.Provider.Attributes().MetadataPrefix + Subject, Value: "uncovered"})
	}},
}

// checkConditions breaks each condition of a form once. The store has to refuse every one of them.
func (t *trial) checkConditions(ctx context.Context) {
	if !t.takesForms() {
		return
	}
	accepted := map[string][]string{} // names of violations, by ability
	for _, v := range violations {
		a, tried := t.violate(ctx, v)
		if a.err != nil || lacksPost(a) {
			return // checkForm reports it
		}
		if !tried {
			continue
		}
		if v.ability != "" {
			t.observe(v.ability, a.refused())
		}
		if !a.refused() {
			accepted[v.ability] = append(accepted[v.ability], v.name)
		}
	}
	t.reportViolations(accepted)
}

// violate sends one broken form; false where the form couldn't be broken so.
func (t *trial) violate(ctx context.Context, v violation) (answer, bool) {
	service := t.forms
	if v.by != nil {
		service = v.by(t.run)
	}
	issued, err := t.issue(ctx, service, formSize)
	if err != nil {
		return answer{err: err}, false
	}
	fields := v.change(t, issued.Form.Fields)
	if fields == nil {
		return answer{}, false
	}
	for _, f := range fields {
		if f.Name == "key" {
			t.written.add(object{t.bucket, f.Value, ""})
		}
	}
	content := sampleOf(t.served(service)).content(max(formSize, formSize+v.more))[:formSize+v.more]
	return t.postForm(ctx, issued.Form.URL, fields, content), true
}

// reportViolations reports what the store accepted, the gravest first.
func (t *trial) reportViolations(accepted map[string][]string) {
	if names := accepted[""]; len(names) > 0 {
		t.add(conditionIgnored, strings.Join(names, ", "), "the store accepts a form that breaks its policy", canLine("post_policy", false)+"   # presigned PUT then, and no uploads without script")
	}
	if names := accepted["strict_ranges"]; len(names) > 0 && t.Store.Provider.StrictRanges {
		t.add(rangeIgnored, strings.Join(names, ", "), "the store accepts a form whose file is outside the size range", canLine("strict_ranges", false))
	}
	if names := accepted["covers_fields"]; len(names) > 0 && t.Store.Provider.CoversFields {
		t.add(coverageIgnored, strings.Join(names, ", "), "the store accepts a form field that no condition covers", canLine("covers_fields", false))
	}
}

// checkOtherBucket posts a form of one bucket to another one of the config file.
func (t *trial) checkOtherBucket(ctx context.Context) {
	buckets := t.Config.Buckets()
	at := slices.IndexFunc(buckets, func(name string) bool { return name != t.bucket })
	if at < 0 || !t.Store.Provider.PostPolicy {
		return
	}
	issued, err := t.issue(ctx, t.forms, formSize)
	if err != nil {
		return // checkForm reports it
	}
	address, err := t.Store.BucketURL(buckets[at])
	if err != nil {
		return
	}
	t.written.add(object{buckets[at], issued.Key, ""})
	if a := t.postForm(ctx, address, issued.Form.Fields, sampleOf(t.served(t.forms)).content(formSize)); a.err == nil && !a.refused() {
		t.add(conditionIgnored, a.String(), "the store accepts a form that was signed for another bucket", canLine("post_policy", false)+"   # presigned PUT then, and no uploads without script")
	}
}

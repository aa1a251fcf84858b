package gateway_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// pair is a policy and a form to hold against it, with what Check says.
type pair struct {
	document   policy.Document
	fields     []policy.Field
	size       int64
	now        time.Time
	signed     time.Time
	changes    []string
	violations []policy.Violation
}

func (p pair) String() string {
	return fmt.Sprintf("changes %q, conditions %v, fields %q, size %d", p.changes, p.document.Conditions, p.fields, p.size)
}

// generate makes a policy with a form that satisfies it, and then breaks up to two things, or seems
// to.
func generate(r *rand.Rand, number int, now time.Time) pair {
	p := pair{now: now, signed: now, document: policy.Document{Expiration: now.Add(time.Hour)}}
	p.size = r.Int64N(200)
	p.document.Conditions = append(p.document.Conditions, policy.Bucket("media"))
	p.add(r, "key", fmt.Sprintf("pairs/%d/photo.png", number))
	for _, f := range optional {
		if r.IntN(2) == 0 {
			p.add(r, f.Name, f.Value)
		}
	}
	if r.IntN(3) > 0 {
		p.document.Conditions = append(p.document.Conditions, policy.ContentLengthRange(r.Int64N(p.size+1), p.size+r.Int64N(100)))
	}
	for range r.IntN(3) {
		c := changes[r.IntN(len(changes))]
		c.apply(&p, r)
		p.changes = append(p.changes, c.name)
	}
	return p
}

var optional = []policy.Field{
	{Name: "Content-Type", Value: "image/png"}, {Name: "acl", Value: "private"}, {Name: "Cache-Control", Value: "max-age=60"},
	{Name: "success_action_status", Value: "201"}, {Name: "x-amz-meta-album", Value: "summer \"26\" \\ é"},
	{Name: "x-amz-storage-class", Value: "STANDARD"}, {Name: "Content-Disposition", Value: `inline; filename="a.png"`},
	{Name: "success_action_redirect", Value: "https://app.example.com/done"},
	{Name: "tagging", Value: "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"},
}

// add puts a field into the form with one or two conditions that it meets, in any spelling of its
// name.
func (p *pair) add(r *rand.Rand, name, value string) {
	p.fields = append(p.fields, policy.Field{Name: spell(r, name), Value: value})
	for range 1 + r.IntN(6)/5 {
		c := policy.Equal(spell(r, name), value)
		if r.IntN(2) == 0 {
			c = policy.StartsWith(spell(r, name), strings.ToValidUTF8(value[:r.IntN(len(value))], ""))
		}
		p.document.Conditions = append(p.document.Conditions, c)
	}
}

func spell(r *rand.Rand, name string) string {
	switch r.IntN(8) {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return strings.ToLower(name)
	}
	return name
}

// change is one thing that goes wrong with a form, or only seems to.
type change struct {
	name  string
	apply func(*pair, *rand.Rand)
}

var changes = []change{
	{"a field left out", func(p *pair, r *rand.Rand) {
		i := r.IntN(len(p.fields))
		p.fields = slices.Delete(slices.Clone(p.fields), i, i+1)
		if len(p.fields) == 0 {
			p.fields = []policy.Field{{Name: "acl", Value: "private"}}
		}
	}},
	{"another value", func(p *pair, r *rand.Rand) { p.edit(r, func(v string) string { return "x" + v }) }},
	{"a longer value", func(p *pair, r *rand.Rand) { p.edit(r, func(v string) string { return v + "x" }) }},
	{"a value in capitals", func(p *pair, r *rand.Rand) { p.edit(r, strings.ToUpper) }},
	{"an empty value", func(p *pair, r *rand.Rand) { p.edit(r, func(string) string { return "" }) }},
	{"an extra field", func(p *pair, r *rand.Rand) { p.extra("x-amz-meta-extra", "1") }},
	{"an extra header", func(p *pair, r *rand.Rand) { p.extra("Content-Encoding", "gzip") }},
	{"a field the store ignores", func(p *pair, r *rand.Rand) { p.extra("X-Ignore-note", "1") }},
	{"a field twice", func(p *pair, r *rand.Rand) { p.fields = append(p.fields, p.fields[r.IntN(len(p.fields))]) }},
	{"fields in another order", func(p *pair, r *rand.Rand) {
		r.Shuffle(len(p.fields), func(i, j int) { p.fields[i], p.fields[j] = p.fields[j], p.fields[i] })
	}},
	{"a field behind the file", func(p *pair, r *rand.Rand) { p.extra("file", ""); p.extra("x-amz-meta-late", "1") }},
	{"a list of types", func(p *pair, r *rand.Rand) { p.set("Content-Type", "image/png, image/webp") }},
	{"a list with another type", func(p *pair, r *rand.Rand) { p.set("Content-Type", "image/png,text/html") }},
	{"the file's name as a variable", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.Equal("x-amz-meta-name", "${filename}"))
		p.extra("x-amz-meta-name", "${filename}")
	}},
	{"a condition nobody meets", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.StartsWith("x-amz-meta-none", ""))
	}},
	{"two ranges", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.ContentLengthRange(0, r.Int64N(300)))
	}},
	{"a file one byte larger", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.ContentLengthRange(0, p.size))
		p.size++
	}},
	{"a smallest size", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.ContentLengthRange(p.size+r.Int64N(2), 1000))
	}},
	{"an expired policy", func(p *pair, r *rand.Rand) { p.document.Expiration = p.now.Add(-time.Minute) }},
	{"a policy without a bucket", func(p *pair, r *rand.Rand) {
		p.document.Conditions = slices.DeleteFunc(slices.Clone(p.document.Conditions), func(c policy.Condition) bool { return c.Covers("bucket") })
	}},
	{"a signature of two hours ago", func(p *pair, r *rand.Rand) { p.signed = p.now.Add(-2 * time.Hour) }},
	{"bytes that aren't UTF-8", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.StartsWith("x-amz-meta-bytes", "a"))
		p.extra("x-amz-meta-bytes", "a\xff")
	}},
	{"a great many fields", func(p *pair, r *rand.Rand) {
		for i := range 200 {
			p.extra(fmt.Sprintf("x-ignore-%d", i), strings.Repeat("y", 20))
		}
	}},
	{"a key with a long name", func(p *pair, r *rand.Rand) { p.lengthen("pairs/", strings.Repeat("n", 300)) }},
	{"a key of over 1,024 bytes", func(p *pair, r *rand.Rand) { p.lengthen("pairs/", strings.Repeat("abcdefg/", 130)+"z") }},
	{"more metadata than objects hold", func(p *pair, r *rand.Rand) {
		p.document.Conditions = append(p.document.Conditions, policy.StartsWith("x-amz-meta-long", ""))
		p.extra("x-amz-meta-long", strings.Repeat("m", 2100))
	}},
}

func (p *pair) extra(name, value string) {
	p.fields = append(slices.Clone(p.fields), policy.Field{Name: name, Value: value})
}

func (p *pair) edit(r *rand.Rand, f func(string) string) {
	p.fields = slices.Clone(p.fields)
	i := r.IntN(len(p.fields))
	if strings.EqualFold(p.fields[i].Name, "tagging") {
		return // broken tags are no matter of the policy
	}
	p.fields[i].Value = f(p.fields[i].Value)
}

func (p *pair) set(name, value string) {
	for i, f := range p.fields {
		if strings.EqualFold(f.Name, name) {
			p.fields[i].Value = value
		}
	}
}

// lengthen demands no more of the key than a prefix, and uses that.
func (p *pair) lengthen(prefix, name string) {
	p.document.Conditions = slices.DeleteFunc(slices.Clone(p.document.Conditions), func(c policy.Condition) bool { return c.Covers("key") })
	p.document.Conditions = append(p.document.Conditions, policy.StartsWith("key", prefix))
	p.set("key", prefix+fmt.Sprint(p.size)+name)
}

// form signs the policy as it is, even where Sign would refuse it, and returns all fields in order;
// Check gets the same.
func (p *pair) form(t *testing.T, signer *sigv4.Signer) []policy.Field {
	t.Helper()
	key := signer.VerificationKey(p.signed)
	signature := []policy.Field{
		{Name: "x-amz-algorithm", Value: "AWS4-HMAC-SHA256"}, {Name: "x-amz-credential", Value: key.Credential()},
		{Name: "x-amz-date", Value: p.signed.UTC().Format("20060102T150405Z")},
	}
	for _, f := range signature {
		p.document.Conditions = append(p.document.Conditions, policy.Equal(f.Name, f.Value))
	}
	text, err := p.document.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(text)
	signed, err := key.AppendSignature(nil, []byte(encoded))
	if err != nil {
		t.Fatal(err)
	}
	fields := append(signature, policy.Field{Name: "policy", Value: encoded}, policy.Field{Name: "x-amz-signature", Value: string(signed)})
	fields = append(fields, p.fields...)
	if !slices.ContainsFunc(fields, func(f policy.Field) bool { return f.Name == "file" }) {
		fields = append(fields, policy.Field{Name: "file"})
	}
	p.violations = policy.Check(p.document, fields, p.size, p.now)
	return fields
}

package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// formToCheck returns a policy with one condition of each kind, and a form that it accepts.
func formToCheck(t *testing.T) (policy.Document, []policy.Field) {
	t.Helper()
	d := policy.Document{Expiration: noon.Add(15 * time.Minute), Conditions: []policy.Condition{
		policy.Bucket("media"), policy.KeyPrefix("users/1/"), policy.ContentTypePrefix("image/"), policy.ContentLengthRange(10, 100),
		policy.SuccessActionStatus(201), policy.MetadataAny("album"),
	}}
	form, err := policy.Sign(d, formURL, newSigner(t, sigv4.AWS, permanent()), noon)
	if err != nil {
		t.Fatal(err)
	}
	d, err = policy.Parse(form.Policy)
	if err != nil {
		t.Fatal(err)
	}
	visitor := []policy.Field{{"key", "users/1/a.png"}, {"Content-Type", "image/png"}, {"x-amz-meta-album", ""}}
	return d, append(visitor, form.Fields...)
}

func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	d, fields := formToCheck(t)
	for name, fields := range map[string][]policy.Field{
		"what was signed":       fields,
		"with the file":         append(slices.Clone(fields), policy.Field{Name: "file"}),
		"with an ignored field": append(slices.Clone(fields), policy.Field{Name: "X-Ignore-csrf", Value: "1"}),
		"with the bucket":       append(slices.Clone(fields), policy.Field{Name: "bucket", Value: "media"}),
		"a list of types":       with(fields, "Content-Type", "image/png, image/jpeg"),
		"the file's name":       with(fields, "key", "users/1/${filename}"),
		"names in upper case":   append([]policy.Field{{"KEY", "users/1/b"}}, fields[1:]...),
	} {
		for _, size := range []int64{10, 100} {
			if got := policy.Check(d, fields, size, noon); len(got) != 0 {
				t.Errorf("%s, %d bytes: got %v", name, size, got)
			}
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	d, f := formToCheck(t)
	and := func(name, value string) []policy.Field {
		return append(slices.Clone(f), policy.Field{Name: name, Value: value})
	}
	tests := map[string]struct {
		fields  []policy.Field
		size    int64
		after   time.Duration
		reason  policy.Reason
		code    string
		message string
	}{
		"expired":                           {f, 50, 15 * time.Minute, policy.ReasonExpired, "AccessDenied", "Invalid according to Policy: Policy expired."},
		"too large":                         {f, 101, 0, policy.ReasonTooLarge, "EntityTooLarge", "maximum allowed size"},
		"too small":                         {f, 9, 0, policy.ReasonTooSmall, "EntityTooSmall", "minimum allowed size"},
		"another prefix":                    {with(f, "key", "users/10/a.png"), 50, 0, policy.ReasonPrefix, "AccessDenied", `Policy Condition failed: ["starts-with", "$key", "users/1/"]`},
		"a variable before the prefix ends": {with(f, "key", "users/${filename}"), 50, 0, policy.ReasonVariable, "AccessDenied", "Policy Condition failed"},
		"another status":                    {with(f, "success_action_status", "200"), 50, 0, policy.ReasonMismatch, "AccessDenied", `["eq", "$success_action_status", "201"]`},
		"a variable in an exact value":      {with(f, "success_action_status", "${filename}"), 50, 0, policy.ReasonVariable, "AccessDenied", "Policy Condition failed"},
		"one type of a list":                {with(f, "Content-Type", "image/png,text/html"), 50, 0, policy.ReasonList, "AccessDenied", "Policy Condition failed"},
		"a missing field":                   {slices.Delete(slices.Clone(f), 2, 3), 50, 0, policy.ReasonMissing, "AccessDenied", `["starts-with", "$x-amz-meta-album", ""]`},
		"an extra field":                    {and("Acl", "public-read"), 50, 0, policy.ReasonExtra, "AccessDenied", "Invalid according to Policy: Extra input fields: acl"},
		"a field twice":                     {and("KEY", "users/1/b.png"), 50, 0, policy.ReasonRepeated, "InvalidArgument", "exactly one"},
		"a field after the file":            {append(and("file", ""), policy.Field{Name: "tagging"}), 50, 0, policy.ReasonAfterFile, "InvalidArgument", "ignored"},
		"all fields after the file":         {append([]policy.Field{{Name: "file"}}, f...), 50, 0, policy.ReasonKeyMissing, "InvalidArgument", "order of the fields"},
		"no key":                            {f[1:], 50, 0, policy.ReasonKeyMissing, "InvalidArgument", "field named 'key'"},
		"an empty key":                      {with(f, "key", ""), 50, 0, policy.ReasonKeyMissing, "InvalidArgument", "greater than 0"},
		"a key too long":                    {with(f, "key", "users/1/"+strings.Repeat("k", 1017)), 50, 0, policy.ReasonKeyTooLong, "KeyTooLongError", "too long"},
		"a form too large":                  {and("x-ignore-it", strings.Repeat("x", 20_000)), 50, 0, policy.ReasonFormTooLarge, "MaxPostPreDataLengthExceeded", "too large"},
		"invalid UTF-8":                     {with(f, "key", "users/1/\xff"), 50, 0, policy.ReasonEncoding, "InvalidArgument", "UTF-8"},
		"another bucket":                    {and("bucket", "other"), 50, 0, policy.ReasonMismatch, "AccessDenied", `["eq", "$bucket", "media"]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := policy.Check(d, test.fields, test.size, noon.Add(test.after))
			at := slices.IndexFunc(got, func(v policy.Violation) bool { return v.Reason == test.reason })
			if at < 0 || got[at].Code != test.code || !strings.Contains(got[at].Message, test.message) || got[at].Status < 400 {
				t.Errorf("got %+v, wanted %s %q", got, test.code, test.message)
			}
		})
	}
}

func TestCheckReturnsAll(t *testing.T) {
	t.Parallel()
	d, fields := formToCheck(t)
	fields = append(with(with(fields, "key", "x"), "Content-Type", "text/html"), policy.Field{Name: "acl", Value: "x"}, policy.Field{Name: "tagging"})
	var reasons []policy.Reason
	for _, v := range policy.Check(d, fields, 1000, noon.Add(time.Hour)) {
		reasons = append(reasons, v.Reason)
	}
	wanted := []policy.Reason{policy.ReasonExpired, policy.ReasonPrefix, policy.ReasonPrefix, policy.ReasonTooLarge, policy.ReasonExtra, policy.ReasonExtra}
	if !slices.Equal(reasons, wanted) {
		t.Errorf("got %v, wanted %v", reasons, wanted)
	}
}

// If a field has several conditions, all have to hold. The same goes for several size ranges.
func TestCheckAppliesEveryCondition(t *testing.T) {
	t.Parallel()
	d, err := policy.Parse(wrap(`{"bucket":"b"},["starts-with","$key","a"],["starts-with","$key","ab"],{"key":"abc"},["content-length-range",0,9],["content-length-range",5,20]`))
	if err != nil {
		t.Fatal(err)
	}
	at := noon.Add(-time.Minute)
	for key, wanted := range map[string]int{"abc": 0, "abd": 1, "ax": 2, "x": 3} {
		if got := policy.Check(d, []policy.Field{{"key", key}}, 7, at); len(got) != wanted {
			t.Errorf("%q: got %v, wanted %d", key, got, wanted)
		}
	}
	for size, wanted := range map[int64]int{4: 1, 5: 0, 9: 0, 10: 1, 21: 2} {
		if got := policy.Check(d, []policy.Field{{"key", "abc"}}, size, at); len(got) != wanted {
			t.Errorf("%d bytes: got %v, wanted %d", size, got, wanted)
		}
	}
}

func TestCheckWantsAConditionOnTheBucket(t *testing.T) {
	t.Parallel()
	d, err := policy.Parse(wrap(`{"key":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	got := policy.Check(d, []policy.Field{{"key", "a"}}, 1, noon.Add(-time.Minute))
	if len(got) != 1 || got[0].Reason != policy.ReasonUnconditional {
		t.Errorf("got %v, wanted one about the bucket", got)
	}
}

func TestCheckKnowsTheLargestFile(t *testing.T) {
	t.Parallel()
	d := validDocument()
	fields := []policy.Field{{"key", "users/1/a.png"}}
	if got := policy.Check(d, fields, 5<<30, noon); len(got) != 0 {
		t.Errorf("5 GiB: got %v", got)
	}
	got := policy.Check(d, fields, 5<<30+1, noon)
	if len(got) != 1 || got[0].Code != "EntityTooLarge" {
		t.Errorf("5 GiB and a byte: got %v", got)
	}
}

// A session token is a secret: no violation shows it.
func TestCheckDoesNotShowTokens(t *testing.T) {
	t.Parallel()
	s := dialects(t)["aws with a session"]
	form, err := policy.Sign(validDocument(), formURL, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	d, err := policy.Verify(form.Fields, s, noon)
	if err != nil {
		t.Fatal(err)
	}
	got := policy.Check(d, with(form.Fields, "x-amz-security-token", "session/other"), 1, noon)
	if len(got) != 1 || got[0].Field != "x-amz-security-token" || strings.Contains(fmt.Sprint(got), "session/") {
		t.Errorf("got %v", got)
	}
}

func TestSignWithoutSigner(t *testing.T) {
	t.Parallel()
	if form, err := policy.Sign(validDocument(), formURL, nil, noon); err == nil {
		t.Errorf("got %v", form)
	}
}

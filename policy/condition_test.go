package policy_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/postern-dev/postern/policy"
)

// A condition can be read from the JSON that it is written as.
func TestConditionsUnmarshal(t *testing.T) {
	t.Parallel()
	for _, wanted := range []policy.Condition{
		policy.Bucket("media"), policy.Key(`a"b\c`), policy.KeyPrefix("users/1/"), policy.MetadataAny("album"), policy.ContentLengthRange(1, 10),
	} {
		text, err := json.Marshal(wanted)
		if err != nil {
			t.Fatal(err)
		}
		var got policy.Condition
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: got %v, %v, wanted %v", text, got, err, wanted)
		}
	}
}

// A single condition is read as strictly as those of a document.
func TestUnmarshalRefusesOtherConditions(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{}`, `{"acl":"a","key":"b"}`, `["eq","key","a"]`, `["eq","$key"]`, `{"acl":1}`, `null`, `"acl"`} {
		got := policy.Key("before")
		err := json.Unmarshal([]byte(text), &got)
		var syntax *policy.SyntaxError
		if !errors.As(err, &syntax) || syntax.Kind != policy.SyntaxCondition || !reflect.DeepEqual(got, policy.Key("before")) {
			t.Errorf("%s: got %v, %v, wanted a *SyntaxError and no change", text, got, err)
		}
	}
}

// Unicode's rules for case take the Kelvin sign for a k and the long s for an s. Stores don't.
func TestFieldNamesMatchInASCIIOnly(t *testing.T) {
	t.Parallel()
	if policy.Equal("key", "a").Covers("\u212aey") {
		t.Error("a condition on key covers a name with a Kelvin sign")
	}
	d, fields := formToCheck(t)
	for name, other := range map[string]string{"key": "\u212aey", "success_action_status": "\u017fuccess_action_status"} {
		changed := renamed(fields, name, other)
		var missing, extra bool
		for _, v := range policy.Check(d, changed, 50, noon) {
			missing = missing || v.Field == name
			extra = extra || v.Field == other
		}
		if !missing || !extra {
			t.Errorf("%q passes for %q", other, name)
		}
	}
	form, err := policy.Sign(validDocument(), formURL, dialects(t)["aws"], noon)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := policy.Verify(renamed(form.Fields, "x-amz-signature", "x-amz-\u017fignature"), dialects(t)["aws"], noon); err == nil {
		t.Errorf("got %v for a signature field with a long s", d)
	}
}

// renamed returns the fields; the one called name is called other.
func renamed(fields []policy.Field, name, other string) []policy.Field {
	changed := append([]policy.Field(nil), fields...)
	for i := range changed {
		if changed[i].Name == name {
			changed[i].Name = other
		}
	}
	return changed
}

func TestConditionErrorsMatchByReasonAndField(t *testing.T) {
	t.Parallel()
	err := errors.Join(errors.New("other"), policy.Key("a$").Err())
	for wanted, target := range map[*policy.ConditionError]bool{
		{Reason: policy.ReasonDollar}:               true,
		{Reason: policy.ReasonDollar, Field: "key"}: true,
		{Reason: policy.ReasonDollar, Field: "acl"}: false,
		{Reason: policy.ReasonControl}:              false,
	} {
		if got := errors.Is(err, wanted); got != target {
			t.Errorf("%+v: got %v, wanted %v", wanted, got, target)
		}
	}
}

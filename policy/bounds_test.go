package policy_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

// manyFields returns n fields with names of one length.
func manyFields(n int) []policy.Field {
	fields := make([]policy.Field, n)
	for i := range fields {
		fields[i] = policy.Field{Name: "x-amz-meta-" + strconv.Itoa(1_000_000+i), Value: "v"}
	}
	return fields
}

// manyConditions returns a document with n exact conditions on the fields of manyFields.
func manyConditions(n int) policy.Document {
	d := policy.Document{Expiration: noon.Add(time.Hour)}
	for _, f := range manyFields(n) {
		d.Conditions = append(d.Conditions, policy.Equal(f.Name, f.Value))
	}
	return d
}

func TestConditionsAreBounded(t *testing.T) {
	t.Parallel()
	const most = 2000
	text, err := manyConditions(most + 1).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var syntax *policy.SyntaxError
	if _, err := policy.Parse(string(text)); !errors.As(err, &syntax) || syntax.Kind != policy.SyntaxLength || syntax.Condition != most {
		t.Errorf("Parse: got %v", err)
	}
	if text, err = manyConditions(most).MarshalJSON(); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(string(text)); err != nil {
		t.Errorf("Parse with %d conditions: got %v", most, err)
	}
	_, err = policy.Sign(manyConditions(most+1), formURL, newSigner(t, sigv4.AWS, permanent()), noon)
	if !errors.Is(err, &policy.ConditionError{Reason: policy.ReasonFormTooLarge}) {
		t.Errorf("Sign: got %v", err)
	}
	for _, n := range []int{most + 1, 100 * most} {
		if got := policy.Check(manyConditions(n), nil, 1, noon); len(got) > most+10 || !includes(got, policy.ReasonFormTooLarge) {
			t.Errorf("Check with %d conditions: got %d violations", n, len(got))
		}
	}
	for _, n := range []int{most, 100 * most} {
		if got := policy.Check(manyConditions(1), manyFields(n), 1, noon); len(got) > most || !includes(got, policy.ReasonFormTooLarge) {
			t.Errorf("Check with %d fields: got %d violations", n, len(got))
		}
	}
}

func includes(violations []policy.Violation, reason policy.Reason) bool {
	for _, v := range violations {
		if v.Reason == reason {
			return true
		}
	}
	return false
}

func TestLowerNameFoldsAsFieldsCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"", ""}, {"key", "key"}, {"X-Amz-Meta-ÀB", "x-amz-meta-Àb"}, {"\u212aEY", "\u212aey"}, {"\xffA\xfe", "\xffa\xfe"},
	} {
		if got := policy.LowerName(c.name); got != c.want || !(policy.Field{Name: c.name}).Is(got) {
			t.Errorf("%q: got %q, wanted %q", c.name, got, c.want)
		}
	}
	if policy.LowerName("\xff") == policy.LowerName("\xfe") {
		t.Error("two different names have one lower name")
	}
}

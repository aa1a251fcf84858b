package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// policyDocument is a policy as AWS reads it.
type policyDocument struct {
	Version   string
	Statement []struct {
		Sid, Effect string
		Principal   any
		Action      []string
		Resource    []string
		Condition   map[string]map[string][]string
	}
}

// storeRequest is what a policy judges: one action on one resource, by somebody.
type storeRequest struct {
	action, resource string
	// context are the keys of conditions that the request has.
	context map[string]string
}

func (r storeRequest) String() string {
	return fmt.Sprintf("%s on %s %v", r.action, r.resource, r.context)
}

// allows judges a request by policies of one identity, as "Policy evaluation logic" in the IAM User
// Guide says: a denial wins, and what nobody allows is denied. A mistake in a policy ends the test.
func allows(t *testing.T, r storeRequest, policies ...policyDocument) bool {
	t.Helper()
	allowed := false
	for _, p := range policies {
		if p.Version != "2012-10-17" {
			t.Fatalf("version %q", p.Version)
		}
		for _, s := range p.Statement {
			if len(s.Action) == 0 || s.Effect != "Allow" && s.Effect != "Deny" {
				t.Fatalf("statement %+v", s)
			}
			matches := slices.ContainsFunc(s.Action, func(pattern string) bool { return likeIgnoringCase(pattern, r.action) }) &&
				slices.ContainsFunc(s.Resource, func(pattern string) bool { return like(pattern, r.resource) }) &&
				meets(t, s.Condition, r.context)
			if matches && s.Effect == "Deny" {
				return false
			}
			allowed = allowed || matches
		}
	}
	return allowed
}

// meets judges conditions: every operator and key has to be met by one of its values. A key that
// the request doesn't have meets none of these operators.
func meets(t *testing.T, conditions map[string]map[string][]string, context map[string]string) bool {
	t.Helper()
	for operator, keys := range conditions {
		var compare func(pattern, value string) bool
		switch strings.TrimPrefix(operator, "ForAnyValue:") {
		case "StringEquals", "Bool":
			compare = func(a, b string) bool { return a == b }
		case "StringLike":
			compare = like
		default:
			t.Fatalf("condition %q isn't known here", operator)
		}
		for key, wanted := range keys {
			value, known := context[key]
			if !known || !slices.ContainsFunc(wanted, func(w string) bool { return compare(w, value) }) {
				return false
			}
		}
	}
	return true
}

func likeIgnoringCase(pattern, text string) bool {
	return like(strings.ToLower(pattern), strings.ToLower(text))
}

// like matches with * for any characters and ? for one.
func like(pattern, text string) bool {
	for pattern != "" && pattern[0] != '*' {
		if text == "" || pattern[0] != '?' && pattern[0] != text[0] {
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	if pattern == "" {
		return text == ""
	}
	for at := range len(text) + 1 {
		if like(pattern[1:], text[at:]) {
			return true
		}
	}
	return false
}

func TestTheEvaluatorOfPoliciesJudgesAsAWSDoes(t *testing.T) {
	t.Parallel()
	var p policyDocument
	if err := json.Unmarshal([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "Resource": ["arn:aws:s3:::media/in/*", "arn:aws:s3:::media/?"]},
		{"Effect": "Deny", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::media/in/secret/*"]},
		{"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::media"], "Condition": {"StringLike": {"s3:prefix": ["in/*", "out/*"]}, "StringEquals": {"s3:x": ["1"]}}}]}`), &p); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		request storeRequest
		want    bool
	}{
		{storeRequest{"s3:GetObjectAcl", "arn:aws:s3:::media/in/a", nil}, true},
		{storeRequest{"S3:putobject", "arn:aws:s3:::media/in/a/b", nil}, true},
		{storeRequest{"s3:PutObjectAcl", "arn:aws:s3:::media/in/a", nil}, false},
		{storeRequest{"s3:GetObject", "arn:aws:s3:::media/in", nil}, false},
		{storeRequest{"s3:GetObject", "arn:aws:s3:::other/in/a", nil}, false},
		{storeRequest{"s3:GetObject", "arn:aws:s3:::media/x", nil}, true},
		{storeRequest{"s3:GetObject", "arn:aws:s3:::media/xy", nil}, false},
		{storeRequest{"s3:GetObject", "arn:aws:s3:::media/in/secret/a", nil}, false},
		{storeRequest{"s3:ListBucket", "arn:aws:s3:::media", nil}, false},
		{storeRequest{"s3:ListBucket", "arn:aws:s3:::media", map[string]string{"s3:prefix": "out/", "s3:x": "1"}}, true},
		{storeRequest{"s3:ListBucket", "arn:aws:s3:::media", map[string]string{"s3:prefix": "out/"}}, false},
		{storeRequest{"s3:ListBucket", "arn:aws:s3:::media", map[string]string{"s3:prefix": "", "s3:x": "1"}}, false},
	} {
		if got := allows(t, c.request, p); got != c.want {
			t.Errorf("%s: want %v, got %v", c.request, c.want, got)
		}
	}
}

// iamDocuments runs postern iam and returns its policies by name.
func iamDocuments(t *testing.T, config string, flags ...string) map[string]policyDocument {
	t.Helper()
	got := invoke(t, nil, append([]string{"iam", "--config", config, "--json"}, flags...)...)
	var printed struct {
		Documents []struct {
			Name   string
			Policy policyDocument
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil || got.code != exitDone {
		t.Fatalf("iam: %v, %+v", err, got)
	}
	byName := map[string]policyDocument{}
	for _, d := range printed.Documents {
		byName[d.Name] = d.Policy
	}
	return byName
}

// arn is the resource of a path of the store: /BUCKET or /BUCKET/KEY.
func arn(storePath string) string {
	return "arn:aws:s3:::" + strings.TrimPrefix(path.Clean(storePath), "/")
}

package profile_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// conditionLines writes each condition of a document as one short line.
func conditionLines(d policy.Document) []string {
	var out []string
	for _, c := range d.Conditions {
		if c.Operator() == policy.OpRange {
			smallest, largest := c.Range()
			out = append(out, fmt.Sprintf("range %d..%d", smallest, largest))
			continue
		}
		out = append(out, string(c.Operator())+" "+c.Field()+" "+c.Value())
	}
	return out
}

func TestTheDocumentForAScriptHasExactConditions(t *testing.T) {
	t.Parallel()
	c := compile(t, nil)
	p, err := c.Plan(alice(), png(), params())
	if err != nil {
		t.Fatal(err)
	}
	d := c.Document(p, profile.PostOptions{})
	want := []string{
		"eq bucket media",
		"eq key users/alice/2026/11/" + anID + ".png",
		"range 1048576..1048576",
		"eq Content-Type image/png",
		"eq success_action_status 201",
	}
	if got := conditionLines(d); !slices.Equal(got, want) || !d.Expiration.Equal(p.Expiration) {
		t.Errorf("wants %q until %v\ngot   %q until %v", want, p.Expiration, got, d.Expiration)
	}
}

func TestTheDocumentForAFormHasNoContentType(t *testing.T) {
	t.Parallel()
	c := compile(t, nil)
	p, err := c.FormPlan(alice(), params())
	if err != nil {
		t.Fatal(err)
	}
	got := conditionLines(c.Document(p, profile.PostOptions{Redirect: "https://uploads.example.com/forms/photos/done/token"}))
	want := []string{
		"eq bucket media",
		"eq key users/alice/2026/11/" + anID,
		"range 1..10485760",
		"eq success_action_redirect https://uploads.example.com/forms/photos/done/token",
	}
	if !slices.Equal(got, want) {
		t.Errorf("wants %q\ngot   %q", want, got)
	}
}

func TestTheDocumentHasAConditionForEachSetting(t *testing.T) {
	t.Parallel()
	c := compile(t, everything)
	file := png()
	file.Metadata = map[string]string{"album": "summer"}
	p, err := c.Plan(alice(), file, params())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"eq bucket media",
		"eq key users/alice/2026/11/" + anID + ".png",
		"range 1048576..1048576",
		"eq Content-Type image/png",
		"eq success_action_status 201",
		"eq acl private",
		"eq Cache-Control private, max-age=60",
		"eq x-amz-storage-class STANDARD_IA",
		"eq x-amz-server-side-encryption aws:kms",
		"eq x-amz-server-side-encryption-aws-kms-key-id arn:aws:kms:eu-central-1:123456789012:key/1234",
		"eq tagging <Tagging><TagSet><Tag><Key>by</Key><Value>postern</Value></Tag><Tag><Key>stage</Key><Value>inbox</Value></Tag></TagSet></Tagging>",
		"eq x-amz-meta-album summer",
		"eq x-amz-meta-filename Holiday.PNG",
		"eq x-amz-meta-source web",
	}
	if got := conditionLines(c.Document(p, profile.PostOptions{})); !slices.Equal(got, want) {
		t.Errorf("wants %q\ngot   %q", want, got)
	}
}

func TestAllConditionsCanBeSigned(t *testing.T) {
	t.Parallel()
	c := compile(t, everything)
	p, err := c.Plan(alice(), png(), params())
	if err != nil {
		t.Fatal(err)
	}
	for _, condition := range c.Document(p, profile.PostOptions{Redirect: "https://app.example.com/done"}).Conditions {
		if condition.Err() != nil {
			t.Errorf("%s: %v", condition.Field(), condition.Err())
		}
	}
}

func TestTheDocumentHasTheFieldNamesOfItsDialect(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) {
		p.ACL, p.StorageClass, p.Metadata = "private", "STANDARD", map[string]string{"source": "web"}
		p.Encryption = profile.Encryption{Mode: "aws:kms", KeyID: "k-1"}
	})
	p, err := c.Plan(alice(), png(), params())
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name    string
		dialect *sigv4.Dialect
		want    []string
	}{
		{"AWS", sigv4.AWS, []string{"eq acl private", "eq x-amz-storage-class STANDARD", "eq x-amz-server-side-encryption aws:kms",
			"eq x-amz-server-side-encryption-aws-kms-key-id k-1", "eq x-amz-meta-source web"}},
		{"OSS", sigv4.OSS, []string{"eq x-oss-object-acl private", "eq x-oss-storage-class Standard", "eq x-oss-server-side-encryption KMS",
			"eq x-oss-server-side-encryption-key-id k-1", "eq x-oss-meta-source web"}},
		{"Cloud Storage, which takes no encryption", sigv4.GCS, []string{"eq acl private", "eq x-goog-meta-source web"}},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			got := conditionLines(c.Document(p, profile.PostOptions{Dialect: k.dialect}))
			if !slices.Equal(got[5:], k.want) {
				t.Errorf("wants %q\ngot   %q", k.want, got[5:])
			}
			if err := c.CheckDialect(k.dialect); (err == nil) != (k.dialect != sigv4.GCS) {
				t.Errorf("signable: got %v", err)
			}
		})
	}
}

func TestDocumentsOfAllDialectsCanBeSigned(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) {
		p.ACL, p.Metadata, p.CacheControl = "private", map[string]string{"source": "web"}, "no-cache"
	})
	p, err := c.Plan(alice(), png(), params())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*sigv4.Dialect{sigv4.AWS, sigv4.OSS, sigv4.GCS} {
		signer, err := sigv4.NewSigner(d, "eu-central-1", sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		form, err := policy.Sign(c.Document(p, profile.PostOptions{Dialect: d}), "https://media.example", signer, noon)
		if err != nil {
			t.Errorf("%s: %v", d, err)
			continue
		}
		signed, err := policy.Verify(form.Fields, signer, noon)
		if violations := policy.Check(signed, form.Fields, p.MaxSize, noon); err != nil || len(violations) > 0 {
			t.Errorf("%s: the signed form meets %v, %v", d, violations, err)
		}
		if len(policy.Check(signed, form.Fields, p.MaxSize+1, noon)) != 1 || len(policy.Check(signed, form.Fields, p.MaxSize-1, noon)) != 1 {
			t.Errorf("%s: another size than the declared one is allowed", d)
		}
	}
}

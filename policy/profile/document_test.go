package profile_test

import (
	"slices"
	"testing"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// words writes conditions in a short form that tables can name.
func words(d policy.Document) []string {
	var out []string
	for _, c := range d.Conditions {
		if c.Operator() == policy.OpRange {
			least, most := c.Range()
			out = append(out, "range "+profile.FormatSize(least)+".."+profile.FormatSize(most))
			continue
		}
		out = append(out, string(c.Operator())+" "+c.Field()+" "+c.Value())
	}
	return out
}

func TestDocumentOfAScriptIsExact(t *testing.T) {
	t.Parallel()
	c := compile(t, nil)
	p, err := c.Plan(alice(), png(), issue())
	if err != nil {
		t.Fatal(err)
	}
	d := c.Document(p, profile.Done{})
	want := []string{
		"eq bucket media",
		"eq key users/alice/2026/11/" + anID + ".png",
		"range 1MiB..1MiB",
		"eq Content-Type image/png",
		"eq success_action_status 201",
	}
	if got := words(d); !slices.Equal(got, want) || !d.Expiration.Equal(p.Expiration) {
		t.Errorf("wants %q until %v\ngot   %q until %v", want, p.Expiration, got, d.Expiration)
	}
}

func TestDocumentOfAFormHasNoContentType(t *testing.T) {
	t.Parallel()
	c := compile(t, nil)
	p, err := c.FormPlan(alice(), issue())
	if err != nil {
		t.Fatal(err)
	}
	got := words(c.Document(p, profile.Done{Redirect: "https://uploads.example.com/forms/photos/done/token"}))
	want := []string{
		"eq bucket media",
		"eq key users/alice/2026/11/" + anID,
		"range 1..10MiB",
		"eq success_action_redirect https://uploads.example.com/forms/photos/done/token",
	}
	if !slices.Equal(got, want) {
		t.Errorf("wants %q\ngot   %q", want, got)
	}
}

func TestDocumentCarriesExactlyWhatTheProfileSets(t *testing.T) {
	t.Parallel()
	c := compile(t, everything)
	file := png()
	file.Metadata = map[string]string{"album": "summer"}
	p, err := c.Plan(alice(), file, issue())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"eq bucket media",
		"eq key users/alice/2026/11/" + anID + ".png",
		"range 1MiB..1MiB",
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
	if got := words(c.Document(p, profile.Done{})); !slices.Equal(got, want) {
		t.Errorf("wants %q\ngot   %q", want, got)
	}
}

func TestDocumentConditionsAreAllSignable(t *testing.T) {
	t.Parallel()
	c := compile(t, everything)
	p, err := c.Plan(alice(), png(), issue())
	if err != nil {
		t.Fatal(err)
	}
	for _, condition := range c.Document(p, profile.Done{Redirect: "https://app.example.com/done"}).Conditions {
		if condition.Err() != nil {
			t.Errorf("%s: %v", condition.Field(), condition.Err())
		}
	}
}

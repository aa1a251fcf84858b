package profile_test

import (
	"testing"

	"github.com/postern-dev/postern/policy/profile"
)

func BenchmarkFormPlanAndDocument(b *testing.B) {
	c := compile(b, func(p *profile.Profile) {
		p.Metadata, p.AcceptMetadata = map[string]string{"source": "web"}, []string{"album"}
	})
	b.ReportAllocs()
	for b.Loop() {
		p, err := c.FormPlan(alice(), params())
		if err != nil || len(c.Document(p, profile.PostOptions{Redirect: "https://app.example.com/done"}).Conditions) == 0 {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	c := compile(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Plan(alice(), png(), params()); err != nil {
			b.Fatal(err)
		}
	}
}

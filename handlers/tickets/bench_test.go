package tickets_test

import (
	"context"
	"testing"

	"github.com/postern-dev/postern/handlers/tickets"
)

func BenchmarkVerify(b *testing.B) {
	v, err := tickets.New(tickets.Config{Secrets: secrets(), Now: at(noon)})
	if err != nil {
		b.Fatal(err)
	}
	ticket := packed(good())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), ticket); err != nil {
			b.Fatal(err)
		}
	}
}

package tickets_test

import (
	"context"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
)

// BenchmarkVerify verifies one ticket over and over, as scripts show it, and a new one each time,
// as it comes to a second with the clock moved on.
func BenchmarkVerify(b *testing.B) {
	for name, pass := range map[string]time.Duration{"again": 0, "new": time.Minute} {
		b.Run(name, func(b *testing.B) {
			clock := noon
			v, err := tickets.New(tickets.Config{Secrets: secrets(), MaxLifetime: 1 << 62, Now: func() time.Time { return clock }})
			if err != nil {
				b.Fatal(err)
			}
			ticket := packed(with(object{"iat": nil, "exp": noon.AddDate(100, 0, 0).Unix()}))
			b.ReportAllocs()
			for b.Loop() {
				clock = clock.Add(pass)
				if _, err := v.Verify(context.Background(), ticket); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

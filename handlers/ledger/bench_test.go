package ledger

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// manyUploads are the rows of the long benchmark.
const manyUploads = 1_000_000

// BenchmarkIssue records uploads by one client and by 64 at the same time.
func BenchmarkIssue(b *testing.B) {
	for _, db := range databases {
		emptyDatabase := db.prepare(b)
		for _, clients := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%dClients", db.name, clients), func(b *testing.B) {
				l := open(b, emptyDatabase(b))
				l.issue(b, entry("first"))
				var issued atomic.Int64
				byClients(b, clients, func() { l.issue(b, entry(fmt.Sprint("upload", issued.Add(1)))) })
			})
		}
	}
}

// BenchmarkDecide accepts uploads by one client and by 8 at the same time, with two deliveries each.
func BenchmarkDecide(b *testing.B) {
	for _, db := range databases {
		emptyDatabase := db.prepare(b)
		for _, clients := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%dClients", db.name, clients), func(b *testing.B) {
				l := open(b, emptyDatabase(b))
				l.issue(b, entry("first"))
				var decided atomic.Int64
				byClients(b, clients, func() { l.decided(b, fmt.Sprint("upload", decided.Add(1)), uploads.StateAccepted) })
			})
		}
	}
}

// byClients measures what each of several clients does again and again, at the same time.
func byClients(b *testing.B, clients int, do func()) {
	b.Helper()
	if clients == 1 {
		for b.Loop() {
			do()
		}
		return
	}
	b.SetParallelism(max(1, clients/2)) // of two processors and more
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			do()
		}
	})
}

// BenchmarkMillionRows issues and lists by subject in an empty database and in one of a million
// rows, which takes minutes to make: .ci/long runs it.
func BenchmarkMillionRows(b *testing.B) {
	if os.Getenv("POSTERN_LONG") == "" {
		b.Skip("takes minutes: POSTERN_LONG=1 runs it")
	}
	for _, db := range databases {
		emptyDatabase := db.prepare(b)
		for _, rows := range []int{0, manyUploads} {
			l := open(b, emptyDatabase(b))
			l.fill(b, rows)
			b.Run(fmt.Sprintf("%s/%dRows/List", db.name, rows), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					if _, _, err := l.Uploads(b.Context(), uploads.Query{Subject: fmt.Sprint("subject", i%10_000), Limit: 100}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(fmt.Sprintf("%s/%dRows/Issue", db.name, rows), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					l.issue(b, entry(fmt.Sprint("upload", i, time.Now().UnixNano())))
				}
			})
		}
	}
}

// fill records so many uploads of ten thousand subjects.
func (l testLedger) fill(b *testing.B, rows int) {
	b.Helper()
	for at := 0; at < rows; at += maxBatch {
		batch := make([]uploads.Entry, maxBatch)
		for i := range batch {
			batch[i] = entry(fmt.Sprintf("%012d", at+i))
			batch[i].Subject = fmt.Sprint("subject", (at+i)%10_000)
		}
		l.issue(b, batch...)
	}
}

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

// BenchmarkDeliveries sends what waits in a ledger to a fast receiver: leased, signed with a receipt,
// sent, answered and recorded.
func BenchmarkDeliveries(b *testing.B) {
	for name, address := range map[string]func() string{
		"SQLite":     func() string { return "sqlite:" + filepath.Join(b.TempDir(), "postern.db") },
		"PostgreSQL": func() string { return testpostgres.Start(b, "fsync=on").Database(b) },
	} {
		b.Run(name, func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			ctx, cancel := context.WithCancel(b.Context())
			app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				if left.Add(-1) == 0 {
					cancel()
				}
			}))
			b.Cleanup(app.Close)
			d := waitingDeliveries(b, address(), app.URL)
			b.ResetTimer()
			d.pool.Run(ctx)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}

// waitingDeliveries records b.N accepted uploads, each with a delivery to one receiver.
func waitingDeliveries(b *testing.B, address, receiver string) *deliveries {
	b.Helper()
	silent := slog.New(slog.DiscardHandler)
	l, err := openLedger(b.Context(), config.Ledger{URL: address}, silent)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	issuer, err := receipts.New(receipts.Config{Issuer: "https://uploads.example.com", Secrets: []sigv4.Secret{serveReceiptKey}})
	if err != nil {
		b.Fatal(err)
	}
	d, err := newDeliveries(l, &config.Config{PublicURL: "https://uploads.example.com", Webhooks: []webhooks.EndpointConfig{{
		Profile: "inbox", URL: receiver, Secrets: []sigv4.Secret{hookSecret}, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}}}, issuer, nil, silent)
	if err != nil {
		b.Fatal(err)
	}
	if err := l.SetReceivers(d.receivers); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	for i := range b.N {
		id := fmt.Sprintf("upload-%09d", i)
		entry := uploads.Entry{ID: id, Profile: "inbox", Subject: "alice", Claims: []byte("{}"), State: uploads.StateIssued,
			Issued: now, Ends: now.Add(time.Hour), Changed: now, Due: now.Add(time.Hour)}
		data := fmt.Appendf(nil, `{"jti":%q,"sub":"alice","profile":"inbox","bucket":"media","key":%q,"size":4,"type":"text/plain","etag":"\"e\""}`, id, "in/"+id)
		if _, _, err := l.Decide(b.Context(), entry, uploads.Decision{State: uploads.StateAccepted, At: now, Data: data}); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

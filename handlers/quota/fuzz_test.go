package quota

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// FuzzMemoryQuota plays visitors who reserve, settle and wait in any order. The books never go
// below zero, no subject gets more than its quota, open forms in pages hold at most half of it, and
// in the end everything is forgotten.
func FuzzMemoryQuota(f *testing.F) {
	f.Add([]byte("\x00\x11\x22\x83\x44\x05\x91\xff\x07"))
	f.Add([]byte("\x10\x11\x12\x13\x14\x80\x81\x82\xf0\x10\x11"))
	f.Fuzz(func(t *testing.T, steps []byte) {
		now := windowNoon
		rule := profile.Profile{Name: "files", Bucket: "media", Key: "u/{subject}/{id}", Types: []string{"*/*"}, MaxSize: 100, MaxOpen: 2,
			Quota: profile.Quota{Uploads: profile.Rate{Limit: 5, Window: time.Hour}, Bytes: profile.Rate{Limit: 200, Window: 2 * time.Hour}}}
		m, err := New(Config{Profiles: []profile.Profile{rule}, MaxPending: 8, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		for n, s := range steps {
			switch {
			case s >= 0xf0:
				now = now.Add(time.Duration(s&0x0f+1) * 10 * time.Minute)
			case s >= 0x80:
				m.Settle(context.Background(), uploads.Settlement{ID: fmt.Sprint(s & 0x3f), Profile: "files", Kept: s&0x40 != 0, Size: int64(s & 0x3f)})
			default:
				reserveStep(t, m, s, n, now)
			}
			checkBooks(t, m, now)
		}
		now = now.Add(60 * 24 * time.Hour)
		for range len(steps) + 1 {
			m.expire(now)
		}
		if len(m.pending.byID) != 0 || len(m.accounts.byKey) != 0 {
			t.Errorf("%d uploads and %d accounts are left, wanted none", len(m.pending.byID), len(m.accounts.byKey))
		}
	})
}

func reserveStep(t *testing.T, m *Memory, s byte, n int, now time.Time) {
	t.Helper()
	methods := []profile.Method{profile.MethodPost, profile.MethodForm, profile.MethodMultipart, profile.MethodPut}
	plan := profile.Plan{ID: fmt.Sprint(n), Profile: "files", Subject: fmt.Sprint("s", s&0x03), Method: methods[s>>2&0x03],
		MaxSize: int64(s>>4&0x07) * 15, Expiration: now.Add(15 * time.Minute), UploadExpiration: now.Add(24 * time.Hour)}
	err := m.Reserve(context.Background(), uploads.Reservation{Identity: profile.Identity{Address: "192.0.2.1"}, Plan: plan, InPage: s&0x04 != 0})
	var limit *problem.Error
	if err != nil && (!errors.As(err, &limit) || limit.RetryAfter <= 0) {
		t.Fatalf("error %v, wanted a limit with a time to wait", err)
	}
}

func checkBooks(t *testing.T, m *Memory, now time.Time) {
	t.Helper()
	if len(m.pending.queue) != len(m.pending.byID) || len(m.pending.queue) > m.config.MaxPending {
		t.Fatalf("%d in the queue, %d by ID, wanted the same and at most %d", len(m.pending.queue), len(m.pending.byID), m.config.MaxPending)
	}
	for key, e := range m.accounts.byKey {
		a := e.Value.(*entry).account
		a.uploads.slide(now)
		a.bytes.slide(now)
		if a.open < 0 || a.pending < 0 || a.uploads.sum < 0 || a.bytes.sum < 0 || a.forms.count < 0 || a.forms.bytes < 0 {
			t.Fatalf("%v: below zero: %+v", key, a)
		}
		if a.uploads.halfIsBelow(a.forms.count) || a.bytes.halfIsBelow(a.forms.bytes) {
			t.Fatalf("%v: open forms hold %d uploads and %d bytes, wanted at most half of the limits", key, a.forms.count, a.forms.bytes)
		}
		// What arrives of a form that was given back may exceed the limits.
		if key.kind == bySubject && a.open > a.maxOpen {
			t.Fatalf("%v: %d open, wanted at most %d", key, a.open, a.maxOpen)
		}
	}
}

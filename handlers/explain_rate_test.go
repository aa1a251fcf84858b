package handlers

import (
	"fmt"
	"testing"
	"time"
)

func TestExplanationsAreCountedByNetwork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, spent, next string
		allowed           bool
	}{
		{"the same address", "192.0.2.1", "192.0.2.1", false},
		{"another address", "192.0.2.1", "192.0.2.2", true},
		{"the same address as IPv6 writes it", "192.0.2.1", "::ffff:192.0.2.1", false},
		{"another address of one /64", "2001:db8::1", "2001:db8::ffff:2", false},
		{"with a zone", "fe80::1", "fe80::2%eth0", false},
		{"another /64", "2001:db8::1", "2001:db8:0:1::1", true},
		{"no address", "", "unix", false},
	} {
		r, now := &explainRates{}, time.Unix(1_800_000_000, 0)
		for range explainAtOnce {
			if err := r.allow(c.spent, now); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		if err := r.allow(c.next, now); (err == nil) != c.allowed {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestExplanationsRememberABoundedNumberOfNetworks(t *testing.T) {
	t.Parallel()
	r, now := &explainRates{}, time.Unix(1_800_000_000, 0)
	for range explainAtOnce {
		_ = r.allow("192.0.2.1", now)
	}
	for i := range 10 * maxExplainNetworks {
		if i%1000 == 0 && r.allow("192.0.2.1", now) == nil {
			t.Fatalf("somebody who goes on asking was forgotten after %d others", i)
		}
		_ = r.allow(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff), now)
	}
	if n := len(r.current) + len(r.before); n > 2*maxExplainNetworks {
		t.Errorf("%d networks are remembered", n)
	}
}

package tickets_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/profile"
)

func TestTheProxyHeaderNamesTheSubject(t *testing.T) {
	t.Parallel()
	ten := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, c := range map[string]struct {
		header tickets.InsecureProxyHeader
		values []string
		peer   string
		ok     bool
		want   error
	}{
		"no header":                    {peer: "192.0.2.1:9"},
		"from loopback":                {values: []string{"alice"}, peer: "127.0.0.1:9", ok: true},
		"from loopback, IPv6":          {values: []string{"alice"}, peer: "[::1]:9", ok: true},
		"from loopback, mapped":        {values: []string{"alice"}, peer: "[::ffff:127.0.0.1]:9", ok: true},
		"from elsewhere":               {values: []string{"alice"}, peer: "192.0.2.1:9", want: tickets.ErrMalformed},
		"from the proxy":               {header: tickets.InsecureProxyHeader{From: ten}, values: []string{"alice"}, peer: "10.1.2.3:9", ok: true},
		"from loopback, not the proxy": {header: tickets.InsecureProxyHeader{From: ten}, values: []string{"alice"}, peer: "127.0.0.1:9", want: tickets.ErrMalformed},
		"from nowhere":                 {values: []string{"alice"}, peer: "", want: tickets.ErrMalformed},
		"twice":                        {values: []string{"alice", "bob"}, peer: "127.0.0.1:9", want: tickets.ErrMalformed},
		"empty":                        {values: []string{""}, peer: "127.0.0.1:9", want: tickets.ErrClaim},
		"control characters":           {values: []string{"a\x00b"}, peer: "127.0.0.1:9", want: tickets.ErrClaim},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.header.Name, c.header.Profiles = "X-User", []string{"photos"}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			for _, value := range c.values {
				r.Header.Add("X-User", value)
			}
			id, ok, err := c.header.Identify(r)
			if ok != c.ok || !errors.Is(err, c.want) {
				t.Fatalf("ok %v error %v, wanted %v %v", ok, err, c.ok, c.want)
			}
			if ok && !reflect.DeepEqual(id, profile.Identity{Subject: "alice", Profiles: []string{"photos"}}) {
				t.Errorf("identity %+v", id)
			}
		})
	}
}

func TestProxyHeaderOpensPublicProfilesAloneUnlessTold(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = "127.0.0.1:9"
	r.Header.Set("X-User", "alice")
	none, _, _ := tickets.InsecureProxyHeader{Name: "X-User"}.Identify(r)
	if len(none.Profiles) != 0 {
		t.Errorf("profiles %q, wanted none", none.Profiles)
	}
	every, _, _ := tickets.InsecureProxyHeader{Name: "X-User", Profiles: []string{"*"}}.Identify(r)
	if !slices.Equal(every.Profiles, []string{profile.AllProfiles}) {
		t.Errorf("profiles %q, wanted every one", every.Profiles)
	}
}

func TestTheFirstSourceThatKnowsTheVisitorDecides(t *testing.T) {
	t.Parallel()
	source := tickets.First(verifier(t, tickets.Config{}), tickets.InsecureProxyHeader{Name: "X-User"})
	for name, c := range map[string]struct {
		ticket, header, subject string
		want                    error
	}{
		"neither":                    {},
		"the ticket":                 {ticket: packed(good()), header: "bob", subject: "alice"},
		"the header":                 {header: "bob", subject: "bob"},
		"a bad ticket isn't rescued": {ticket: packed(with(object{"aud": "x"})), header: "bob", want: tickets.ErrAudience},
	} {
		r := request()
		r.RemoteAddr = "127.0.0.1:9"
		if c.ticket != "" {
			r.Header.Set("Authorization", "Bearer "+c.ticket)
		}
		if c.header != "" {
			r.Header.Set("X-User", c.header)
		}
		id, ok, err := source.Identify(r)
		if id.Subject != c.subject || ok != (c.subject != "") || !errors.Is(err, c.want) {
			t.Errorf("%s: subject %q ok %v error %v, wanted %q %v", name, id.Subject, ok, err, c.subject, c.want)
		}
	}
}

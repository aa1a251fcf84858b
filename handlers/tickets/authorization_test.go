package tickets_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/tickets"
)

func TestAuthorizationHeadersAreReadStrictly(t *testing.T) {
	t.Parallel()
	ticket := packed(good())
	for name, c := range map[string]struct {
		header []string
		ok     bool
		want   error
	}{
		"no header":                     {},
		"an empty header":               {header: []string{""}},
		"another scheme":                {header: []string{"Basic YWxpY2U6cHc="}},
		"the plain one":                 {header: []string{"Bearer " + ticket}, ok: true},
		"the scheme in small letters":   {header: []string{"bearer " + ticket}, ok: true},
		"several spaces":                {header: []string{"Bearer   " + ticket}, ok: true},
		"a ticket without scheme":       {header: []string{ticket}, want: tickets.ErrMalformed},
		"a scheme without ticket":       {header: []string{"Bearer"}, want: tickets.ErrMalformed},
		"a scheme and a space":          {header: []string{"Bearer "}, want: tickets.ErrMalformed},
		"a tab for the space":           {header: []string{"Bearer\t" + ticket}, want: tickets.ErrMalformed},
		"two headers":                   {header: []string{"Bearer " + ticket, "Bearer " + ticket}, want: tickets.ErrMalformed},
		"a good and an empty one":       {header: []string{"Bearer " + ticket, ""}, want: tickets.ErrMalformed},
		"two tickets in one header":     {header: []string{"Bearer " + ticket + ", Bearer " + ticket}, want: tickets.ErrMalformed},
		"a line break in it":            {header: []string{"Bearer " + ticket[:9] + "\n" + ticket[9:]}, want: tickets.ErrMalformed},
		"padding":                       {header: []string{"Bearer " + ticket + "="}, want: tickets.ErrMalformed},
		"full-width look-alike letters": {header: []string{"Bearer ｅ" + ticket[1:]}, want: tickets.ErrMalformed},
		"over 8 KiB":                    {header: []string{"Bearer " + strings.Repeat("a", 8<<10+1)}, want: tickets.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok, err := verifier(t, tickets.Config{}).Identify(request(c.header...))
			if ok != c.ok || !errors.Is(err, c.want) {
				t.Errorf("ok %v error %v, wanted %v %v", ok, err, c.ok, c.want)
			}
		})
	}
}

// FuzzAuthorization sends any header: none but the one good ticket is accepted.
func FuzzAuthorization(f *testing.F) {
	ticket := packed(good())
	for _, seed := range []string{"", "Bearer " + ticket, "bearer  " + ticket, "Bearer " + ticket + ".", ticket, "Basic eDp5", "Bearer ..", "\x00"} {
		f.Add(seed)
	}
	v, err := tickets.New(tickets.Config{Secrets: secrets(), Now: at(noon)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		id, ok, err := v.Identify(r)
		if ok && (err != nil || !strings.Contains(header, ticket) || id.Subject != "alice") {
			t.Errorf("header %q accepted as %+v", header, id)
		}
		var refusal *tickets.RefusedError
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("header %q: error %v, wanted a refusal", header, err)
		}
	})
}

// FuzzPayload signs any payload with the right secret: an accepted identity has a subject, a list
// of profiles and no negative size.
func FuzzPayload(f *testing.F) {
	for _, seed := range []object{good(), with(object{"profiles": []string{"*"}}), with(object{"max_size": 1, "claims": object{"a": "b"}})} {
		f.Add(asJSON(seed))
	}
	f.Add(`{"sub":"a","sub":"b"}`)
	f.Add(`{"exp":1e999}`)
	v, err := tickets.New(tickets.Config{Secrets: secrets(), Now: at(noon)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		id, err := v.Verify(context.Background(), packedText(payload))
		if err != nil {
			var refusal *tickets.RefusedError
			if !errors.As(err, &refusal) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if id.Subject == "" || id.MaxSize < 0 || len(id.Profiles) == 0 {
			t.Errorf("payload %q accepted as %+v", payload, id)
		}
	})
}

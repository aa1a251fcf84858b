package tickets_test

import (
	"context"
	"crypto"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testtools"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

func TestMintedTicketSaysEverything(t *testing.T) {
	t.Parallel()
	ticket, err := tickets.Mint(tickets.Ticket{
		Subject: "zoë", Profiles: []string{"photos", "files"}, Lifetime: time.Hour, MaxSize: 9, ID: "1",
		Metadata: map[string]string{"album": "sea"}, Claims: map[string]string{"tenant": "t1"},
		Origin: "http://127.0.0.1:8080", Issuer: "shop", Audience: "uploads",
	}, secret, noon)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, tickets.Config{Audience: "uploads", Issuer: "shop", Now: at(noon.Add(time.Hour))})
	id, err := v.Verify(context.Background(), ticket)
	if err != nil {
		t.Fatal(err)
	}
	want := profile.Identity{
		Subject: "zoë", Profiles: []string{"photos", "files"}, MaxSize: 9, Origin: "http://127.0.0.1:8080",
		Metadata: map[string]string{"album": "sea"}, Claims: map[string]string{"tenant": "t1"},
	}
	if !reflect.DeepEqual(id, want) {
		t.Errorf("identity %+v, wanted %+v", id, want)
	}
}

func TestMintRefusesWhatNoVerifierAccepts(t *testing.T) {
	t.Parallel()
	fine := tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}}
	for name, c := range map[string]struct {
		change func(*tickets.Ticket)
		secret sigv4.Secret
		want   string
	}{
		"a short secret":      {secret: "short", want: "secret has 5 bytes"},
		"nobody":              {change: func(k *tickets.Ticket) { k.Subject = "" }, want: "subject"},
		"no profiles":         {change: func(k *tickets.Ticket) { k.Profiles = nil }, want: "0 profiles"},
		"a negative lifetime": {change: func(k *tickets.Ticket) { k.Lifetime = -1 }, want: "negative"},
		"a negative size":     {change: func(k *tickets.Ticket) { k.MaxSize = -1 }, want: "negative"},
		"a path for origin":   {change: func(k *tickets.Ticket) { k.Origin = "https://a.example/x" }, want: "origin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ticket, key := fine, secret
			if c.change != nil {
				c.change(&ticket)
			}
			if c.secret != "" {
				key = c.secret
			}
			if _, err := tickets.Mint(ticket, key, noon); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, wanted %q in it", err, c.want)
			}
		})
	}
}

type strangeKey struct{ crypto.Signer }

func TestMintWithKeyRefusesUnknownKeys(t *testing.T) {
	t.Parallel()
	fine := tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}}
	for name, key := range map[string]crypto.Signer{"another kind": strangeKey{ecKey}, "another curve": ec384Key} {
		if ticket, err := tickets.MintWithKey(fine, key, "k", noon); err == nil {
			t.Errorf("%s: minted %q", name, ticket)
		}
	}
}

// TestTheSamplesMintValidTickets runs each sample and reads the ticket it prints.
func TestTheSamplesMintValidTickets(t *testing.T) {
	t.Parallel()
	v := verifier(t, tickets.Config{Now: time.Now})
	subject := `zoë "the ☂" o'neil \ <1>`
	want := profile.Identity{Subject: subject, Profiles: []string{"photos", "files"}}
	for interpreter, file := range map[string]string{"python3": "mint.py", "node": "mint.mjs", "php": "mint.php", "ruby": "mint.rb"} {
		t.Run(interpreter, func(t *testing.T) {
			t.Parallel()
			testtools.Want(t, interpreter)
			command := exec.Command(interpreter, filepath.Join("testdata", "samples", file), subject, "photos", "files")
			command.Env = append(os.Environ(), "POSTERN_TICKET_KEY="+string([]byte(secret)))
			command.Stderr = t.Output()
			printed, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			id, err := v.Verify(context.Background(), strings.TrimSpace(string(printed)))
			if err != nil || !reflect.DeepEqual(id, want) {
				t.Errorf("identity %+v error %v, wanted %+v", id, err, want)
			}
		})
	}
}

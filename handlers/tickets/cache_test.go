package tickets_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
)

func TestAVerifiedTicketIsCachedForAMinute(t *testing.T) {
	t.Parallel()
	i := newIssuer(t, public("k", ecKey))
	clock := noon
	v := verifier(t, tickets.Config{JWKS: i.URL, Now: func() time.Time { return clock }})
	ticket := must(tickets.MintWithKey(tickets.Ticket{Subject: "alice", Profiles: []string{"*"}, Lifetime: time.Hour}, ecKey, "k", noon))
	verify := func() error {
		_, err := v.Verify(context.Background(), ticket)
		return err
	}
	if err := verify(); err != nil {
		t.Fatal(err)
	}
	i.publish(public("other", rsaKey))
	clock = noon.Add(10*time.Minute - time.Second)
	if err := verify(); err != nil {
		t.Errorf("while the key is held: %v", err)
	}
	clock = noon.Add(11*time.Minute - 2*time.Second)
	if err := verify(); err != nil {
		t.Errorf("within a minute: %v", err)
	}
	clock = noon.Add(11 * time.Minute)
	if err := verify(); !errors.Is(err, tickets.ErrKey) {
		t.Errorf("after a minute: error %v, wanted %v", err, tickets.ErrKey)
	}
}

func TestACachedTicketExpires(t *testing.T) {
	t.Parallel()
	clock := noon
	v := verifier(t, tickets.Config{Now: func() time.Time { return clock }})
	ticket := packed(with(object{"exp": noon.Add(10 * time.Second).Unix()}))
	for after, want := range map[time.Duration]error{0: nil, 39 * time.Second: nil, 40 * time.Second: tickets.ErrExpired} {
		clock = noon
		if _, err := v.Verify(context.Background(), ticket); err != nil {
			t.Fatal(err)
		}
		clock = noon.Add(after)
		if _, err := v.Verify(context.Background(), ticket); !errors.Is(err, want) {
			t.Errorf("after %s: error %v, wanted %v", after, err, want)
		}
	}
}

func TestCallersCannotChangeACachedIdentity(t *testing.T) {
	t.Parallel()
	v := verifier(t, tickets.Config{})
	ticket := packed(with(object{"claims": object{"team": "blue"}, "metadata": object{"album": "sea"}}))
	for range 3 {
		id, err := v.Verify(context.Background(), ticket)
		if err != nil || id.Profiles[0] != "photos" || id.Claims["team"] != "blue" || id.Metadata["album"] != "sea" {
			t.Fatalf("identity %+v error %v", id, err)
		}
		id.Profiles[0], id.Claims["team"], id.Metadata["album"] = "films", "red", "sky"
	}
}

func TestTicketsVerifiedAtOnceKeepTheirSubjects(t *testing.T) {
	t.Parallel()
	v := verifier(t, tickets.Config{})
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			for n := range 1500 {
				subject := fmt.Sprint("s", (n*7+worker)%2500)
				id, err := v.Verify(context.Background(), packed(with(object{"sub": subject})))
				if err != nil || id.Subject != subject {
					t.Errorf("subject %q error %v, wanted %q", id.Subject, err, subject)
					return
				}
			}
		})
	}
	wait.Wait()
}

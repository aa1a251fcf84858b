package tickets_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

// A backend mints a ticket for its visitor; Postern's side reads it.
func Example() {
	shared := sigv4.Secret("at least 32 bytes, kept by both sides")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ticket, err := tickets.Mint(tickets.Ticket{
		Subject:  "user-4711",
		Profiles: []string{"photos"},
		MaxSize:  5 << 20,
	}, shared, now)
	if err != nil {
		fmt.Println(err)
		return
	}

	verifier, err := tickets.New(tickets.Config{
		Secrets: []sigv4.Secret{shared},
		Now:     func() time.Time { return now.Add(time.Minute) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	request, _ := http.NewRequest(http.MethodPost, "/uploads", nil)
	request.Header.Set("Authorization", "Bearer "+ticket)
	identity, ok, err := verifier.Identify(request)
	fmt.Println(identity.Subject, identity.Profiles, identity.MaxSize, ok, err)
	// Output: user-4711 [photos] 5242880 true <nil>
}

// A ticket that is over is refused, with a reason and without the ticket.
func ExampleRefusedError() {
	shared := sigv4.Secret("at least 32 bytes, kept by both sides")
	ticket, _ := tickets.Mint(tickets.Ticket{Subject: "user-4711", Profiles: []string{"*"}}, shared,
		time.Now().Add(-time.Hour))
	verifier, _ := tickets.New(tickets.Config{Secrets: []sigv4.Secret{shared}})
	request, _ := http.NewRequest(http.MethodPost, "/uploads", nil)
	request.Header.Set("Authorization", "Bearer "+ticket)
	_, _, err := verifier.Identify(request)
	fmt.Println(err, errors.Is(err, tickets.ErrExpired))
	// Output: tickets: expired true
}

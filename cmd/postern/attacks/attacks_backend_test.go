package attacks

import (
	"net/http"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

const backendKey = sigv4.Secret("attacks-backend-secret-that-nobody-may-see")

// backendToken is a good token of the application's server.
func backendToken(a *attempt, _ acceptedObject) string { return backendTokenAt(a, time.Now()) }

func backendTokenAt(a *attempt, now time.Time) string {
	a.Helper()
	token, err := tickets.MintBackend(backendKey, now)
	if err != nil {
		a.Fatal(err)
	}
	return token
}

// withBackend serves the routes of the application's server, with a ledger of its own.
func (a *attempt) withBackend() func(*handlers.Config) {
	a.Helper()
	records, err := ledger.Open(ledger.Config{URL: "sqlite:" + filepath.Join(a.TempDir(), "postern.db")})
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { _ = records.Close() })
	verifier, err := tickets.NewBackend(tickets.BackendConfig{Secrets: []sigv4.Secret{backendKey}})
	if err != nil {
		a.Fatal(err)
	}
	return func(c *handlers.Config) { c.Ledger, c.Backend = records, verifier }
}

// signBackend signs claims with a key, beside those of a good backend token.
func signBackend(key []byte, claims jwt.MapClaims) string {
	all := jwt.MapClaims{"aud": tickets.BackendAudience, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	return signToken(jwt.NewWithClaims(jwt.SigningMethodHS256, all), key)
}

// backendAttacks send what visitors have, or can make, to the routes of the application's server.
func backendAttacks() []attack {
	var list []attack
	for name, token := range map[string]func(*attempt, acceptedObject) string{
		"nothing":         func(*attempt, acceptedObject) string { return "" },
		"a ticket":        func(a *attempt, _ acceptedObject) string { return a.Client.Ticket },
		"an upload token": func(_ *attempt, d acceptedObject) string { return d.upload.Token },
		"a receipt":       func(_ *attempt, d acceptedObject) string { return d.receipt },
		"a link":          func(_ *attempt, d acceptedObject) string { return d.link },
		"a ticket for both": func(*attempt, acceptedObject) string {
			return signBackend([]byte(ticketKey), jwt.MapClaims{"sub": "alice", "aud": []string{"postern", tickets.BackendAudience}})
		},
		"the ticket key's signature": func(*attempt, acceptedObject) string { return signBackend([]byte(ticketKey), nil) },
		"the token key's signature":  func(*attempt, acceptedObject) string { return signBackend([]byte(tokenKey), nil) },
		"an empty key's signature":   func(*attempt, acceptedObject) string { return signBackend([]byte{}, nil) },
		"no signature":               func(a *attempt, d acceptedObject) string { return withoutSignature(backendToken(a, d)) },
		"a token of five minutes ago": func(a *attempt, _ acceptedObject) string {
			return backendTokenAt(a, time.Now().Add(-tickets.BackendLifetime-time.Second))
		},
		"a longer token": func(*attempt, acceptedObject) string {
			return signBackend([]byte(backendKey), jwt.MapClaims{"exp": inTenMinutes()})
		},
		"a token with another's claims": func(a *attempt, d acceptedObject) string {
			return withClaimChanged(backendToken(a, d), `"iat":1`, `"iat":2`)
		},
	} {
		list = append(list, attack{classBackend, viaAPI, name + " in place of a backend token", func(a *attempt) testclient.Answer {
			own, d := a.acceptedUpload(a.withBackend())
			visitor := own.site.clientWithText(token(own, d))
			for _, r := range [][2]string{{http.MethodGet, "/uploads"}, {http.MethodGet, "/uploads/" + d.upload.ID}, {http.MethodPost, "/uploads/" + d.upload.ID + "/claim"},
				{http.MethodPost, "/uploads/" + d.upload.ID + "/link"}} {
				if answer := a.requireAnswer(visitor.Call(a.Context(), r[0], r[1], d.upload.Token, nil)); answer.Status != http.StatusUnauthorized {
					a.Errorf("%s %s: got %v", r[0], r[1], answer)
				}
			}
			return a.requireAnswer(visitor.Call(a.Context(), http.MethodDelete, "/uploads?subject="+a.Subject, d.upload.Token, nil))
		}, 401, "unauthorized"})
	}
	return list
}

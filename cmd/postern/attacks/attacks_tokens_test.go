package attacks

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

// tokenAttacks send something else instead of the upload token.
func tokenAttacks() []attack {
	spoils := map[string]func(*attempt, string) string{
		"none":                     func(*attempt, string) string { return "" },
		"any text":                 func(*attempt, string) string { return "made-up" },
		"a ticket":                 func(a *attempt, _ string) string { return a.Client.Ticket },
		"without its signature":    func(_ *attempt, token string) string { return token[:strings.LastIndex(token, ".")+1] },
		"its signature changed":    func(_ *attempt, token string) string { return token[:len(token)-4] + "AAAA" },
		"one claim changed":        func(_ *attempt, token string) string { return withClaimChanged(token, `"max":`, `"max":9`) },
		"alg none":                 func(_ *attempt, token string) string { return withoutSignature(token) },
		"the ticket's key":         func(_ *attempt, token string) string { return signedWith(token, []byte(ticketKey)) },
		"an empty key":             func(_ *attempt, token string) string { return signedWith(token, []byte{}) },
		"HS512 instead of HS256":   func(_ *attempt, token string) string { return signedWithHS512(token) },
		"an encoding with padding": func(_ *attempt, token string) string { return token + "=" },
		"one more dot":             func(_ *attempt, token string) string { return token + "." },
		"a space inside":           func(_ *attempt, token string) string { return token[:10] + " " + token[10:] },
	}
	var list []attack
	for name, spoil := range spoils {
		for way, request := range map[string]testclient.Request{viaPOST: pictureRequest(pictureSize), viaMultipart: filmRequest(filmSize)} {
			list = append(list, attack{classToken, way, "instead of the upload token: " + name, func(a *attempt) testclient.Answer {
				u := a.issue(request)
				return a.call(http.MethodPost, "/uploads/"+u.ID+"/complete", spoil(a, u.Token), map[string]any{})
			}, 401, "unauthorized"})
		}
	}
	return list
}

// invalidTickets returns texts that are no ticket, or no valid one.
func invalidTickets() map[string]func(*attempt) string {
	good := tickets.Ticket{Subject: "somebody", Profiles: []string{"*"}}
	return map[string]func(*attempt) string{
		"nothing":         func(*attempt) string { return "" },
		"any text":        func(*attempt) string { return "made-up" },
		"an upload token": func(a *attempt) string { return a.issue(pictureRequest(pictureSize)).Token },
		"another key's":   func(a *attempt) string { return mint(a, good, "another-secret-that-nobody-knows-either", time.Now()) },
		"an expired one":  func(a *attempt) string { return mint(a, good, string(ticketKey), time.Now().Add(-time.Hour)) },
		"another audience's": func(a *attempt) string {
			other := good
			other.Audience = "shop"
			return mint(a, other, string(ticketKey), time.Now())
		},
		"the upload audience's": func(a *attempt) string {
			other := good
			other.Audience = "postern-upload"
			return mint(a, other, string(ticketKey), time.Now())
		},
		"alg none":          func(a *attempt) string { return withoutSignature(a.Client.Ticket) },
		"one claim changed": func(a *attempt) string { return withClaimChanged(a.Client.Ticket, `"sub":"s`, `"sub":"t`) },
		"a public key's":    func(a *attempt) string { return ticketSignedWithRSA(a) },
		"one without an end": func(*attempt) string {
			return signClaims(jwt.MapClaims{"sub": "x", "aud": "postern", "profiles": []string{"*"}})
		},
		"one without a subject": func(*attempt) string {
			return signClaims(jwt.MapClaims{"aud": "postern", "profiles": []string{"*"}, "exp": inTenMinutes()})
		},
		"one from the future": func(*attempt) string {
			return signClaims(jwt.MapClaims{"sub": "x", "aud": "postern", "profiles": []string{"*"}, "exp": inTenMinutes(), "nbf": inTenMinutes()})
		},
		"one of ten years": func(*attempt) string {
			return signClaims(jwt.MapClaims{"sub": "x", "aud": "postern", "profiles": []string{"*"}, "exp": inTenMinutes() + 10*365*24*3600})
		},
	}
}

// ticketAttacks send something else instead of the ticket.
func ticketAttacks() []attack {
	var list []attack
	for name, spoil := range invalidTickets() {
		list = append(list, attack{classToken, viaAPI, "instead of the ticket: " + name, func(a *attempt) testclient.Answer {
			_, answer, err := a.site.clientWithText(spoil(a)).Issue(a.Context(), pictureRequest(pictureSize))
			return a.requireAnswer(answer, err)
		}, 401, "unauthorized"})
		if name == "nothing" {
			continue
		}
		list = append(list, attack{classToken, viaAPI, "for a public profile, instead of the ticket: " + name, func(a *attempt) testclient.Answer {
			request := pictureRequest(pictureSize)
			request.Profile = "open"
			_, answer, err := a.site.clientWithText(spoil(a)).Issue(a.Context(), request)
			return a.requireAnswer(answer, err)
		}, 401, "unauthorized"})
	}
	return append(list, attack{classToken, viaAPI, "a ticket for another profile", func(a *attempt) testclient.Answer {
		v := a.site.clientWith(a.T, tickets.Ticket{Subject: a.Subject, Profiles: []string{"films"}})
		_, answer, err := v.Issue(a.Context(), pictureRequest(pictureSize))
		return a.requireAnswer(answer, err)
	}, 403, "forbidden"}, attack{classSize, viaAPI, "more than the ticket allows", func(a *attempt) testclient.Answer {
		v := a.site.clientWith(a.T, tickets.Ticket{Subject: a.Subject, Profiles: []string{"*"}, MaxSize: pictureSize - 1})
		_, answer, err := v.Issue(a.Context(), pictureRequest(pictureSize))
		return a.requireAnswer(answer, err)
	}, 413, "size_too_large"})
}

func inTenMinutes() int64 { return time.Now().Add(10 * time.Minute).Unix() }

func mint(a *attempt, ticket tickets.Ticket, key string, now time.Time) string {
	a.Helper()
	text, err := tickets.Mint(ticket, sigv4.Secret(key), now)
	if err != nil {
		a.Fatal(err)
	}
	return text
}

// signClaims signs claims with the right key.
func signClaims(c jwt.MapClaims) string {
	return signToken(jwt.NewWithClaims(jwt.SigningMethodHS256, c), []byte(ticketKey))
}

// withoutSignature keeps the claims and sets alg to none.
func withoutSignature(token string) string {
	pieces := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + pieces[1] + "."
}

// signedWith keeps header and claims and signs them with another key.
func signedWith(token string, key []byte) string {
	text := token[:strings.LastIndex(token, ".")]
	signature, err := jwt.SigningMethodHS256.Sign(text, key)
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// signedWithHS512 signs the claims with the right key and another algorithm.
func signedWithHS512(token string) string {
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		panic(err)
	}
	other := jwt.NewWithClaims(jwt.SigningMethodHS512, parsed.Claims)
	other.Header["kid"] = parsed.Header["kid"]
	return signToken(other, []byte(tokenKey))
}

// withClaimChanged changes the claims and keeps the signature.
func withClaimChanged(token, piece, by string) string {
	pieces := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(pieces[1])
	if err != nil || !strings.Contains(string(text), piece) {
		panic("no " + piece + " in the claims")
	}
	pieces[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(text), piece, by, 1)))
	return strings.Join(pieces, ".")
}

// ticketSignedWithRSA is a ticket signed with an unknown private key.
func ticketSignedWithRSA(a *attempt) string {
	a.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		a.Fatal(err)
	}
	return signToken(jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"sub": "x", "aud": "postern", "exp": inTenMinutes(), "profiles": []string{"*"}}), key)
}

func signToken(token *jwt.Token, key any) string {
	text, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return text
}

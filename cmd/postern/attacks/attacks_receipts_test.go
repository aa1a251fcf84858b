package attacks

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
)

// acceptedObject is what a visitor has after an upload: its receipt, and the token of its link.
type acceptedObject struct {
	upload        *testclient.Upload
	receipt, link string
}

// withDownloads gives every profile links.
func withDownloads(c *handlers.Config) {
	for i := range c.Profiles {
		c.Profiles[i].Download = profile.Download{Lifetime: 5 * time.Minute}
	}
}

// acceptedUpload lets somebody else upload a picture at a site with links. The visitor of the
// attempt stores nothing.
func (a *attempt) acceptedUpload(edits ...func(*handlers.Config)) (*attempt, acceptedObject) {
	a.Helper()
	own := a.elsewhere(append(edits, withDownloads)...)
	other := own.somebodyElse()
	u := other.issue(pictureRequest(pictureSize))
	a.requireSuccess(a.requireAnswer(u.Send(a.Context(), "garden.png", pngOfSize(pictureSize))))
	done := a.requireAnswer(u.Complete(a.Context()))
	a.requireSuccess(done)
	var completed struct{ Receipt, URL string }
	if err := json.Unmarshal(done.Body, &completed); err != nil || completed.Receipt == "" || completed.URL == "" {
		a.Fatalf("completion: wanted a receipt and a link, got %v", done)
	}
	found := acceptedObject{u, completed.Receipt, completed.URL[strings.LastIndex(completed.URL, "/")+1:]}
	own.site.addSecret(found.receipt, found.link)
	return own, found
}

// receiptAttacks use a receipt, a link, an upload token and a ticket in place of each other.
func receiptAttacks() []attack {
	receipt := func(_ *attempt, d acceptedObject) string { return d.receipt }
	link := func(_ *attempt, d acceptedObject) string { return d.link }
	var list []attack
	for name, token := range map[string]func(*attempt, acceptedObject) string{"a receipt": receipt, "a link": link, "a backend token": backendToken} {
		list = append(list,
			attack{classReceipt, viaAPI, name + " in place of a ticket", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
				_, answer, err := a.site.clientWithText(token(a, d)).Issue(a.Context(), pictureRequest(pictureSize))
				return a.requireAnswer(answer, err)
			}), 401, "unauthorized"},
			attack{classReceipt, viaAPI, name + " in place of the upload token", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
				return a.call(http.MethodPost, "/uploads/"+d.upload.ID+"/complete", token(a, d), map[string]any{})
			}), 401, "unauthorized"},
			attack{classReceipt, viaAPI, name + " in place of the upload token, to remove the object", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
				return a.call(http.MethodDelete, "/uploads/"+d.upload.ID, token(a, d), nil)
			}), 401, "unauthorized"},
			attack{classReceipt, viaForm, name + " in place of the token of a landing page", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
				return a.getJSON("/forms/pictures/done/" + token(a, d))
			}), 401, "unauthorized"},
			attack{classReceipt, viaAPI, name + " in a batch of completions", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
				return a.completeInBatch(d.upload.ID, token(a, d))
			}), 401, "unauthorized"},
		)
	}
	return append(list, linkAttacks()...)
}

// linkAttacks open something that is no link, or a changed one.
func linkAttacks() []attack {
	var list []attack
	for name, token := range map[string]func(*attempt, acceptedObject) string{
		"any text":        func(*attempt, acceptedObject) string { return "made-up" },
		"a receipt":       func(_ *attempt, d acceptedObject) string { return d.receipt },
		"an upload token": func(_ *attempt, d acceptedObject) string { return d.upload.Token },
		"a ticket":        func(a *attempt, _ acceptedObject) string { return a.Client.Ticket },
		"a backend token": backendToken,
		"no signature":    func(_ *attempt, d acceptedObject) string { return d.link[:strings.LastIndex(d.link, ".")+1] },
		"alg none":        func(_ *attempt, d acceptedObject) string { return withoutSignature(d.link) },
		"another key of an object": func(_ *attempt, d acceptedObject) string {
			return withClaimChanged(d.link, `"key":"users/s`, `"key":"users/t`)
		},
		"a later end": func(_ *attempt, d acceptedObject) string { return withClaimChanged(d.link, `"exp":1`, `"exp":9`) },
		"another profile": func(_ *attempt, d acceptedObject) string {
			return withClaimChanged(d.link, `"prf":"pictures"`, `"prf":"films"`)
		},
		"the token key's signature": func(_ *attempt, d acceptedObject) string { return signedWith(d.link, []byte(tokenKey)) },
		"the ticket key's":          func(_ *attempt, d acceptedObject) string { return signedWith(d.link, []byte(ticketKey)) },
		"an empty key's":            func(_ *attempt, d acceptedObject) string { return signedWith(d.link, []byte{}) },
		"another type":              func(*attempt, acceptedObject) string { return linkOfAnotherType() },
		"9,000 letters":             func(*attempt, acceptedObject) string { return strings.Repeat("a", 9000) },
	} {
		list = append(list, attack{classLink, viaAPI, "a link of " + name, withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
			return a.getJSON("/objects/" + token(a, d))
		}), 404, "not_found"})
	}
	for name, spell := range map[string]func(string) string{
		"a line end": func(l string) string { return l[:10] + "%0a" + l[10:] }, "a blank": func(l string) string { return l + "%20" }, "padding": func(l string) string { return l + "=" },
		"one more dot": func(l string) string { return l + "." }, "a slash, encoded": func(l string) string { return l + "%2f" },
	} {
		list = append(list, attack{classLink, viaAPI, "a link with " + name, withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
			return a.getJSON("/objects/" + spell(d.link))
		}), 404, "not_found"})
	}
	return append(list,
		attack{classLink, viaAPI, "a link after its end", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
			return a.elsewhere(withDownloads, withClockMovedBy(6*time.Minute)).getJSON("/objects/" + d.link)
		}), 404, "not_found"},
		attack{classLink, viaAPI, "a link of a profile whose links were taken away", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
			return a.elsewhere().getJSON("/objects/" + d.link)
		}), 404, "not_found"},
		attack{classLink, viaAPI, "a link to a page that took the object's place", withAccepted(func(a *attempt, d acceptedObject) testclient.Answer {
			a.storeDirectly(d.upload.Key, "text/html", htmlOfSize(pictureSize))
			return a.getJSON("/objects/" + d.link)
		}), 404, "not_found"},
	)
}

// withAccepted runs an attempt at a site at which somebody else has uploaded a picture.
func withAccepted(run func(*attempt, acceptedObject) testclient.Answer) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		own, found := a.acceptedUpload()
		return run(own, found)
	}
}

// linkOfAnotherType says in its header that it is a link, and is signed with the token key.
func linkOfAnotherType() string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"prf": "pictures", "key": "users/kept", "etg": "x", "exp": inTenMinutes()})
	token.Header["typ"] = "postern-link+jwt"
	return signToken(token, []byte(tokenKey))
}

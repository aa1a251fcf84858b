package attacks

import (
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// pathAttacks look for a route, a file or an upload by another spelling of its address.
func pathAttacks() []attack {
	var list []attack
	getting := func(name, path string, status int, code string) {
		list = append(list, attack{classPath, viaAPI, name, text("GET " + path + " HTTP/1.1\nHost: HOST\nAccept: application/json\nConnection: close\n\n"), status, code})
	}
	for name, path := range map[string]string{
		"a way up": "/forms/../uploads", "a way up, encoded": "/assets/%2e%2e/%2e%2e/etc/passwd", "a way up, encoded twice": "/assets/x/%252e%252e/etc/passwd",
		"a way up with a backslash": `/assets/x/..\..\go.mod`, "a way up, full-width": "/assets/x/%ef%bc%8e%ef%bc%8e/go.mod", "two slashes": "//forms/pictures",
		"two slashes inside": "/forms//pictures", "a slash at the end": "/forms/pictures/", "a dot": "/./forms/pictures", "a capital": "/Forms/pictures",
		"a slash, encoded": "/forms%2fpictures", "a matrix parameter on a folder": "/forms;x=1/pictures", "an extension": "/healthz.json",
		"the numbers of the server": "/metrics", "the profile of the program": "/debug/pprof/", "variables of the program": "/debug/vars", "the environment": "/.env",
		"the repository": "/.git/config", "an administrator": "/admin", "an asset of another build": "/assets/0000/element.js", "a folder of assets": "/assets/", "the key of the server": "/token.key",
		"explain where it is off": "/explain", "the store through the server": "/attacks/users/else.png", "an address as path": "/http://evil.test/",
	} {
		getting(name, path, 404, "not_found")
	}
	for name, path := range map[string]string{
		"a profile in capitals": "/forms/Pictures", "a profile with a matrix parameter": "/forms/pictures;x=1", "a profile with a zero byte": "/forms/pictures%00",
		"a profile with a slash, encoded": "/forms/pictures%2f", "a profile of two dots, encoded": "/forms/%2e%2e", "a profile with a blank": "/forms/%20pictures", "a profile of the widget in capitals": "/widget/PICTURES",
		"a profile with a way up, encoded": "/forms/x%2f..%2fpictures", "a profile named as a member of objects": "/forms/__proto__", "a profile of 5,000 letters": "/forms/" + strings.Repeat("p", 5000),
	} {
		getting(name, path, 404, "unknown_profile")
	}
	return append(list, uploadPathAttacks()...)
}

// uploadPathAttacks spell the path of an upload that exists in another way, with its own token.
func uploadPathAttacks() []attack {
	var list []attack
	for name, spell := range map[string]func(string) string{
		"its ID in capitals":          strings.ToUpper,
		"its ID with a slash behind":  func(id string) string { return id + "%2f" },
		"its ID behind a way up":      func(id string) string { return "x%2f..%2f" + id },
		"its ID with a zero byte":     func(id string) string { return id + "%00" },
		"its ID and a parameter":      func(id string) string { return id + ";x=1" },
		"its ID with a blank":         func(id string) string { return "%20" + id },
		"the beginning of its ID":     func(id string) string { return id[:len(id)-1] },
		"its ID and one more digit":   func(id string) string { return id + "0" },
		"a star":                      func(string) string { return "*" },
		"a word of another route":     func(string) string { return "owner" },
		"the ID of nothing, escaped":  func(string) string { return "%2e" },
		"a list of IDs":               func(id string) string { return id + "," + id },
		"its ID with an accent added": func(id string) string { return id + "%cc%81" },
	} {
		list = append(list, attack{classForeignUpload, viaMultipart, "an upload by " + name, func(a *attempt) testclient.Answer {
			u := a.issue(filmRequest(filmSize))
			return a.postRaw("/uploads/"+spell(u.ID)+"/complete", u.Token, "{}", nil)
		}, 404, "unknown_upload"})
	}
	return list
}

// languageAttacks put text into the places from which a page takes its language.
func languageAttacks() []attack {
	var list []attack
	for name, language := range map[string]string{
		"markup": "%22%3E%3Cscript%3Ealert(1)%3C/script%3E", "a path": "../../../../etc/passwd", "a line break": "en%0d%0aX-Evil:1", "10,000 letters": strings.Repeat("e", 10_000),
		"10,000 subtags": strings.Repeat("en-", 10_000), "a zero byte": "en%00", "a format": "%25s%25n",
	} {
		list = append(list, attack{classMarkup, viaForm, "a language of " + name, func(a *attempt) testclient.Answer {
			answer := a.getPage("/forms/nobody?lang=" + language)
			a.requireNowhere(answer, "<script>alert(1)", "X-Evil", "passwd", "eeeeeeee", "en-en-en")
			return answer
		}, 404, "unknown_profile"})
	}
	for name, languages := range map[string]string{
		"markup": `"><script>alert(1)</script>`, "a weight that is no number": "en;q=x,de;q=1e999", "10,000 weights": strings.Repeat("en;q=0.1,", 10_000), "an endless range": strings.Repeat("*-", 10_000),
	} {
		list = append(list, attack{classMarkup, viaForm, "accepted languages of " + name, func(a *attempt) testclient.Answer {
			return a.sendText("GET /forms/nobody HTTP/1.1\nHost: HOST\nAccept: text/html\nAccept-Language: " + languages + "\nConnection: close\n\n")
		}, 404, "unknown_profile"})
	}
	return list
}

// requireNowhere requires that an answer repeats none of the texts.
func (a *attempt) requireNowhere(answer testclient.Answer, texts ...string) {
	a.Helper()
	for _, text := range texts {
		if strings.Contains(string(answer.Body), text) || strings.Contains(strings.Join(answer.Header["X-Evil"], ""), text) {
			a.Errorf("answer: wanted no %q in it, got %v", text, answer)
		}
	}
}

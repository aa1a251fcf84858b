package attacks

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// hostAttacks name another host than the server's, as a page does whose name was made to lead here.
func hostAttacks() []attack {
	var list []attack
	for name, host := range map[string]string{
		"another name": "evil.test", "a name that begins with ours": publicHost + ".evil.test", "a name that ends with ours": "evil-" + publicHost, "a parent of ours": "example.com",
		"a name below ours": "x." + publicHost, "localhost as a part": "localhost.evil.test", "an address as a part": "127.0.0.1.evil.test", "an address as one number": "2130706433",
		"an address in hexadecimal": "0x7f000001", "an address of three numbers": "127.0.1", "an address with zeros in front": "0127.0.0.1", "letters that look alike": "xn--uplads-6ve.example.com",
		"two ports": publicHost + ":80:80", "a port that is no number": publicHost + ":http", "a port of five digits too many": publicHost + ":8080808080", "brackets around a name": "[" + publicHost + "]",
		"half a bracket": "[::1", "two dots at the end": publicHost + "..", "a star": "*", "nothing": "", "several hosts": publicHost + ",evil.test",
		"a blank in percent": publicHost + "%20", "our name in percent": "%75ploads.example.com", "a service beside this machine": "host.docker.internal",
	} {
		for _, path := range []string{"/forms/open", "/uploads/owner"} {
			request := "GET " + path + " HTTP/1.1\nHost: " + host + "\nAccept: application/json\nConnection: close\n\n"
			list = append(list, attack{classHost, viaServer, name + " for " + path, text(request), 421, "misdirected_request"})
		}
	}
	for name, header := range map[string]string{"X-Forwarded-Host": "X-Forwarded-Host: " + publicHost, "Forwarded": "Forwarded: host=" + publicHost, "X-Host": "X-Host: " + publicHost, "an origin": "Origin: https://" + publicHost} {
		request := "POST /uploads HTTP/1.1\nHost: evil.test\n" + header + "\nContent-Type: application/json\nConnection: close\nContent-Length: LENGTH\n\nBODY"
		list = append(list, attack{classHost, viaServer, "another host, ours in " + name, text(request), 421, "misdirected_request"})
	}
	return append(list,
		attack{classHost, viaServer, "another host in an absolute address", text("GET http://evil.test/forms/open HTTP/1.1\nHost: " + publicHost + "\nAccept: application/json\nConnection: close\n\n"), 421, "misdirected_request"},
		attack{classHost, viaServer, "no host, as HTTP/1.0 allows", text("GET /forms/open HTTP/1.0\nAccept: application/json\n\n"), 421, "misdirected_request"},
		attack{classHost, viaServer, "an asset under another host", text("GET /embed.js HTTP/1.1\nHost: evil.test\nConnection: close\n\n"), 421, "misdirected_request"},
		attack{classHost, viaServer, "a health check's path below another", text("GET /healthz/ HTTP/1.1\nHost: evil.test\nConnection: close\n\n"), 421, "misdirected_request"},
		attack{classHost, viaServer, "an origin that is the host", text("POST /uploads HTTP/1.1\nHost: " + otherHost + "\nOrigin: http://" + otherHost + "\nContent-Type: application/json\nConnection: close\nContent-Length: LENGTH\n\nBODY"), 403, "origin_not_allowed"},
	)
}

// proxyAttacks try to look like another visitor with each request, by the headers of proxies. Every
// row has an address of its own, so that rows don't count for each other.
func proxyAttacks() []attack {
	forwarded := func(format string) func(int, http.Header) {
		return func(i int, h http.Header) { h.Set("X-Forwarded-For", fmt.Sprintf(format, i)) }
	}
	var list []attack
	for name, edit := range map[string]func(int, http.Header){
		"another port with each request":        forwarded("192.0.2.1:%d"),
		"another port behind brackets":          forwarded("[2001:db8:1::1]:%d"),
		"a made-up address in front":            forwarded("198.51.100.%d, 192.0.2.2"),
		"a made-up trusted proxy in front":      forwarded("10.0.0.%d, 192.0.2.3"),
		"another address of one /64":            forwarded("2001:db8:2::%x"),
		"another /64 of one /56":                forwarded("2001:db8:3:%x::1"),
		"another /56 of one /48":                forwarded("2001:db8:4:%x00::1"),
		"another zone":                          forwarded("fe80::4%%%d"),
		"no address in front":                   forwarded("unknown-%d, 192.0.2.4"),
		"an address that is cut off by a blank": forwarded("198.51.100.%d\t, \t192.0.2.5 "),
		"an address of another header": func(i int, h http.Header) {
			h.Set("X-Forwarded-For", "192.0.2.6")
			h.Set("X-Real-IP", fmt.Sprint("198.51.100.", i))
		},
		"an address of the header of the standard": func(i int, h http.Header) {
			h.Set("X-Forwarded-For", "192.0.2.7")
			h.Set("Forwarded", fmt.Sprint("for=198.51.100.", i))
		},
		"a header of its own in front": func(i int, h http.Header) { h["X-Forwarded-For"] = []string{fmt.Sprint("198.51.100.", i), "192.0.2.8"} },
		"an IPv4 address as IPv6, and as it is, by turns": func(i int, h http.Header) {
			h.Set("X-Forwarded-For", []string{"192.0.2.9", "::ffff:192.0.2.9", "::ffff:c000:209"}[i%3])
		},
		"an IPv6 address of another spelling with each second": func(i int, h http.Header) {
			h.Set("X-Forwarded-For", []string{"2001:db8:5::1", "2001:0DB8:0005:0:0:0:0:1"}[i%2])
		},
	} {
		list = append(list, attack{classProxy, viaServer, name, issuingUntilRefused(edit), 429, "rate_limited"})
	}
	return list
}

// issuingUntilRefused asks for uploads, each time with other headers, until one is refused, at most
// so often that a whole /48 is used up.
func issuingUntilRefused(edit func(int, http.Header)) func(*attempt) testclient.Answer {
	const most = 16*issuesAtOnce + 16
	return func(a *attempt) testclient.Answer {
		visitor := a.site.clientWithText("")
		header := http.Header{"Content-Type": {"application/json"}}
		body := strings.Replace(validBody, "pictures", "open", 1)
		for i := range most {
			edit(i, header)
			answer := a.requireAnswer(visitor.Raw(a.Context(), http.MethodPost, "/uploads", header, []byte(body)))
			if answer.Status != http.StatusCreated {
				return answer
			}
		}
		a.Fatalf("uploads issued: wanted a refusal, got %d uploads", most)
		return testclient.Answer{}
	}
}

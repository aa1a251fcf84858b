package attacks

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// sendText sends a request byte by byte as it is written, over a connection of its own, and returns
// the first answer. HOST, TICKET, BODY and LENGTH stand for the site's host, the ticket, a valid
// body and its bytes.
func (a *attempt) sendText(request string) testclient.Answer {
	a.Helper()
	host := strings.TrimPrefix(a.site.URL, "http://")
	text := strings.NewReplacer("HOST", host, "TICKET", a.Client.Ticket, "BODY", validBody, "LENGTH", strconv.Itoa(len(validBody)), "\n", "\r\n").Replace(request)
	conn, err := net.Dial("tcp", host)
	if err != nil {
		a.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(testserver.Timeout))
	// A server that refuses the beginning may close before it has read the rest.
	go func() { _, _ = io.WriteString(conn, text) }()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		a.Fatalf("answer to %.80q: %v", request, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		a.Fatalf("answer to %.80q: %v", request, err)
	}
	return testclient.Answer{Status: response.StatusCode, Header: response.Header, Body: body}
}

// text sends a request as it is written.
func text(request string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.sendText(request) }
}

// httpAttack is a request as it is written on the wire.
type httpAttack struct {
	name, request string
	status        int
	code          string // "" where the HTTP server itself refuses
}

// What begins the requests below: headers of a visitor with a ticket, and a request for an upload.
const (
	ticketed      = "Authorization: Bearer TICKET\nContent-Type: application/json\nConnection: close\n"
	issuingBegins = "POST /uploads HTTP/1.1\nHost: HOST\n" + ticketed
)

var httpRequests = []httpAttack{
	{"two lengths that differ", issuingBegins + "Content-Length: LENGTH\nContent-Length: 5\n\nBODY", 400, ""},
	{"a length that is negative", issuingBegins + "Content-Length: -1\n\nBODY", 400, ""},
	{"a length with a sign", issuingBegins + "Content-Length: +LENGTH\n\nBODY", 400, ""},
	{"a length in hexadecimal", issuingBegins + "Content-Length: 0x4c\n\nBODY", 400, ""},
	{"an unknown coding", issuingBegins + "Transfer-Encoding: gzip\n\nBODY", 501, ""},
	{"two codings", issuingBegins + "Transfer-Encoding: chunked\nTransfer-Encoding: identity\n\n0\n\n", 501, ""},
	{"a chunk of a size that is no number", issuingBegins + "Transfer-Encoding: chunked\n\nzz\nBODY\n0\n\n", 400, "invalid_request"},
	{"a chunk of a negative size", issuingBegins + "Transfer-Encoding: chunked\n\n-1\nBODY\n0\n\n", 400, "invalid_request"},
	{"a second request behind the length", issuingBegins + "Content-Length: 2\n\n{}BODY", 400, "invalid_request"},
	{"a header name with a space", issuingBegins + "Content-Length : 75\n\nBODY", 400, ""},
	{"a header without a colon", issuingBegins + "Content-Length\n\nBODY", 400, ""},
	{"a zero byte in a header", issuingBegins + "X-Evil: a\x00b\n\n", 400, ""},
	{"a header that is continued", "POST /uploads HTTP/1.1\nHost: HOST\nContent-Type:\n text/plain\nConnection: close\nAuthorization: Bearer TICKET\nContent-Length: LENGTH\n\nBODY", 400, "invalid_request"},
	{"no host", "POST /uploads HTTP/1.1\n" + ticketed + "Content-Length: LENGTH\n\nBODY", 400, ""},
	{"two hosts", issuingBegins + "Host: evil.test\nContent-Length: LENGTH\n\nBODY", 400, ""},
	{"a host with a space", "GET /forms/pictures HTTP/1.1\nHost: a b\nConnection: close\n\n", 400, ""},
	{"a host with a slash", "GET /nowhere HTTP/1.1\nHost: a/b\nConnection: close\n\n", 400, ""},
	{"an expectation that nobody can meet", issuingBegins + "Expect: a miracle\nContent-Length: LENGTH\n\nBODY", 417, ""},
	{"another version of HTTP", "GET / HTTP/3.0\nHost: HOST\n\n", 505, ""},
	{"no version of HTTP", "GET /forms/pictures\n\n", 400, ""},
	{"a version that is no number", "GET / HTTP/one\nHost: HOST\n\n", 400, ""},
	{"the beginning of HTTP/2", "PRI * HTTP/2.0\n\nSM\n\n", 404, "not_found"},
	{"a method with a tab", "GE\tT / HTTP/1.1\nHost: HOST\n\n", 400, ""},
	{"a path with a space", "GET /forms/pic tures HTTP/1.1\nHost: HOST\n\n", 400, ""},
	{"a path with half an escape", "GET /forms/%2 HTTP/1.1\nHost: HOST\n\n", 400, ""},
	{"a path with a control character", "GET /forms/\x01 HTTP/1.1\nHost: HOST\n\n", 400, ""},
	{"an address of no path", "GET forms/pictures HTTP/1.1\nHost: HOST\n\n", 400, ""},
	{"a tunnel", "CONNECT evil.test:443 HTTP/1.1\nHost: evil.test:443\nConnection: close\n\n", 404, "not_found"},
	{"what is allowed, asked by no page", "OPTIONS /uploads HTTP/1.1\nHost: HOST\nAccess-Control-Request-Method: POST\nConnection: close\n\n", 403, "origin_not_allowed"},
	{"an echo of the request", "TRACE /forms/pictures HTTP/1.1\nHost: HOST\nConnection: close\nCookie: secret\n\n", 405, "method_not_allowed"},
	{"an upgrade to another protocol", issuingBegins + "Upgrade: websocket\nContent-Length: 2\n\n{}", 400, "invalid_request"},
	{"a body that a GET has no use for", "GET /uploads HTTP/1.1\nHost: HOST\n" + ticketed + "Content-Length: LENGTH\n\nBODY", 404, "not_found"},
	{"another method by a header", "PATCH /uploads HTTP/1.1\nHost: HOST\n" + ticketed + "X-HTTP-Method-Override: POST\nContent-Length: LENGTH\n\nBODY", 405, "method_not_allowed"},
	{"the ticket in the query", "POST /uploads?ticket=TICKET&access_token=TICKET HTTP/1.1\nHost: HOST\nContent-Type: application/json\nConnection: close\nContent-Length: LENGTH\n\nBODY", 401, "unauthorized"},
	{"the ticket in a cookie", "POST /uploads HTTP/1.1\nHost: HOST\nCookie: ticket=TICKET\nContent-Type: application/json\nConnection: close\nContent-Length: LENGTH\n\nBODY", 401, "unauthorized"},
	{"two tickets", issuingBegins + "Authorization: Bearer made-up\nContent-Length: LENGTH\n\nBODY", 401, "unauthorized"},
	{"the ticket by another scheme", "POST /uploads HTTP/1.1\nHost: HOST\nAuthorization: Basic TICKET\nContent-Type: application/json\nConnection: close\nContent-Length: LENGTH\n\nBODY", 401, "unauthorized"},
	{"two types of the body", issuingBegins + "Content-Type: text/plain\nContent-Length: 2\n\n{}", 400, "invalid_request"},
	{"a compressed body", issuingBegins + "Content-Encoding: gzip\nContent-Length: 4\n\n\x1f\x8b\x08\x00", 400, "invalid_request"},
}

// httpAttacks send requests that say two things at once, or nothing that a server should act on.
func httpAttacks() []attack {
	var list []attack
	for _, h := range httpRequests {
		list = append(list, attack{classHTTP, viaAPI, h.name, text(h.request), h.status, h.code})
	}
	// GET and DELETE of /uploads are the backend's, and the server has none.
	for _, method := range []string{"PUT", "PATCH", "PROPFIND", "get", "POSTX"} {
		list = append(list, attack{classHTTP, viaAPI, "the method " + method + " where uploads are issued", text(method + " /uploads HTTP/1.1\nHost: HOST\nConnection: close\n\n"), 405, "method_not_allowed"})
	}
	return append(list, attack{classHTTP, viaAPI, "the method DELETE where uploads are issued", text("DELETE /uploads HTTP/1.1\nHost: HOST\nConnection: close\n\n"), 404, "not_found"})
}

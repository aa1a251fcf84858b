package attacks

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// claim is what one request brings along: whose ticket, upload token and upload ID.
type claim struct {
	name              string
	ticket, token, id func(mine, theirs *hand) string
	status            int
	code              string
}

// hand is what one of two visitors holds.
type hand struct {
	visitor testclient.Client
	upload  *testclient.Upload
}

func ticketOf(h *hand) string { return h.visitor.Ticket }
func tokenIn(h *hand) string  { return h.upload.Token }
func idIn(h *hand) string     { return h.upload.ID }

func mine(read func(*hand) string) func(mine, theirs *hand) string {
	return func(m, _ *hand) string { return read(m) }
}

func theirs(read func(*hand) string) func(mine, theirs *hand) string {
	return func(_, t *hand) string { return read(t) }
}

func literal(text string) func(mine, theirs *hand) string {
	return func(*hand, *hand) string { return text }
}

// unknownID looks like an upload's and is none.
const unknownID = "019a00000000ffffffffffffffffffffffffffffffff"

func matrix() []claim {
	return []claim{
		{"their id with my token", mine(ticketOf), mine(tokenIn), theirs(idIn), 404, "unknown_upload"},
		{"their id and token with my ticket", mine(ticketOf), theirs(tokenIn), theirs(idIn), 404, "unknown_upload"},
		{"my id with their token", mine(ticketOf), theirs(tokenIn), mine(idIn), 404, "unknown_upload"},
		{"my id with their token and ticket", theirs(ticketOf), theirs(tokenIn), mine(idIn), 404, "unknown_upload"},
		{"my id and token with their ticket", theirs(ticketOf), mine(tokenIn), mine(idIn), 404, "unknown_upload"},
		{"an id that nobody has, with my token", mine(ticketOf), mine(tokenIn), literal(unknownID), 404, "unknown_upload"},
		{"their id without a token", mine(ticketOf), literal(""), theirs(idIn), 401, "unauthorized"},
		{"an id that nobody has, without a token", mine(ticketOf), literal(""), literal(unknownID), 401, "unauthorized"},
		{"their id with my ticket as token", mine(ticketOf), mine(ticketOf), theirs(idIn), 401, "unauthorized"},
		{"their id with my token as ticket", mine(tokenIn), mine(tokenIn), theirs(idIn), 401, "unauthorized"},
		{"their id and token with a made-up ticket", literal("made-up"), theirs(tokenIn), theirs(idIn), 401, "unauthorized"},
		{"their id with nothing", literal(""), literal(""), theirs(idIn), 401, "unauthorized"},
	}
}

func TestTwoVisitorsNeverMeet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	requests := map[string]testclient.Request{byPOST: picture(size), byMultipart: film(filmSize)}
	for way, request := range requests {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			them := newAttempt(t, s)
			me := &attempt{T: t, site: s, Subject: them.Subject + "0", Visitor: s.visitor(t, them.Subject+"0")}
			m, o := &hand{me.Visitor, me.issue(request)}, &hand{them.Visitor, them.issue(request)}
			for _, c := range matrix() {
				me.tryAll(c, m, o)
			}
			me.nothing()
			them.nothing()
			body := content(int(request.Size))
			them.completes(o.upload, body)
			me.completes(m.upload, body)
		})
	}
}

// tryAll makes every request about an upload with what the claim brings, and requires that none
// says more than another.
func (a *attempt) tryAll(c claim, m, o *hand) {
	a.Helper()
	visitor := a.site.stranger(c.ticket(m, o))
	for _, r := range uploadRoutes(c.id(m, o)) {
		answer := a.got(visitor.Call(a.Context(), r.method, r.path, c.token(m, o), r.body))
		if answer.Status != c.status || answer.Code() != c.code {
			a.Errorf("%s: %s %s: wanted %d %s, got %v", c.name, r.method, r.path, c.status, c.code, answer)
		}
		a.discreet(answer)
	}
}

func TestAForeignUploadAnswersAsOneThatNeverWas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	them := newAttempt(t, s)
	me := &attempt{T: t, site: s, Subject: them.Subject + "0", Visitor: s.visitor(t, them.Subject+"0")}
	mineUpload, foreign := me.issue(film(filmSize)), them.issue(film(filmSize))
	for i, r := range uploadRoutes(foreign.ID) {
		never := uploadRoutes(unknownID)[i]
		got := me.call(r.method, r.path, mineUpload.Token, r.body)
		wanted := me.call(never.method, never.path, mineUpload.Token, never.body)
		if !maps.Equal(said(t, got), said(t, wanted)) {
			t.Errorf("%s %s: a foreign upload answers %v, one that never was %v", r.method, r.path, got, wanted)
		}
	}
}

// said is a problem without what differs from request to request.
func said(t *testing.T, answer testclient.Answer) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(answer.Body, &members); err != nil {
		t.Fatalf("%v: %v", answer, err)
	}
	delete(members, "requestId")
	members["header"] = answer.Header.Get("Content-Type")
	return members
}

func TestATicketIsNotNeededOnceAnUploadTokenIsThere(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(film(filmSize)).As(a.site.stranger(""))
	a.completes(u, content(filmSize))
	if answer := a.call(http.MethodGet, "/uploads/"+u.ID, u.Token, nil); answer.Status != http.StatusNotFound && answer.Status != http.StatusMethodNotAllowed {
		t.Errorf("reading an upload: wanted no such route, got %v", answer)
	}
}

package attacks

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// crossing is what a request contains: whose ticket, upload token and upload ID.
type crossing struct {
	name              string
	ticket, token, id func(mine, theirs *holding) string
	status            int
	code              string
}

// holding is what one of two visitors has.
type holding struct {
	visitor testclient.Client
	upload  *testclient.Upload
}

func ticketOf(h *holding) string      { return h.visitor.Ticket }
func uploadTokenOf(h *holding) string { return h.upload.Token }
func idOf(h *holding) string          { return h.upload.ID }

func fromMine(read func(*holding) string) func(mine, theirs *holding) string {
	return func(m, _ *holding) string { return read(m) }
}

func fromTheirs(read func(*holding) string) func(mine, theirs *holding) string {
	return func(_, t *holding) string { return read(t) }
}

func constant(text string) func(mine, theirs *holding) string {
	return func(*holding, *holding) string { return text }
}

// unknownID has the form of an upload ID but belongs to no upload.
const unknownID = "019a00000000ffffffffffffffffffffffffffffffff"

func crossings() []crossing {
	return []crossing{
		{"their id with my token", fromMine(ticketOf), fromMine(uploadTokenOf), fromTheirs(idOf), 404, "unknown_upload"},
		{"their id and token with my ticket", fromMine(ticketOf), fromTheirs(uploadTokenOf), fromTheirs(idOf), 404, "unknown_upload"},
		{"my id with their token", fromMine(ticketOf), fromTheirs(uploadTokenOf), fromMine(idOf), 404, "unknown_upload"},
		{"my id with their token and ticket", fromTheirs(ticketOf), fromTheirs(uploadTokenOf), fromMine(idOf), 404, "unknown_upload"},
		{"my id and token with their ticket", fromTheirs(ticketOf), fromMine(uploadTokenOf), fromMine(idOf), 404, "unknown_upload"},
		{"an id that nobody has, with my token", fromMine(ticketOf), fromMine(uploadTokenOf), constant(unknownID), 404, "unknown_upload"},
		{"their id without a token", fromMine(ticketOf), constant(""), fromTheirs(idOf), 401, "unauthorized"},
		{"an id that nobody has, without a token", fromMine(ticketOf), constant(""), constant(unknownID), 401, "unauthorized"},
		{"their id with my ticket as token", fromMine(ticketOf), fromMine(ticketOf), fromTheirs(idOf), 401, "unauthorized"},
		{"their id with my token as ticket", fromMine(uploadTokenOf), fromMine(uploadTokenOf), fromTheirs(idOf), 401, "unauthorized"},
		{"their id and token with a made-up ticket", constant("made-up"), fromTheirs(uploadTokenOf), fromTheirs(idOf), 401, "unauthorized"},
		{"their id with nothing", constant(""), constant(""), fromTheirs(idOf), 401, "unauthorized"},
	}
}

func TestVisitorsCannotReachEachOthersUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	requests := map[string]testclient.Request{viaPOST: pictureRequest(pictureSize), viaMultipart: filmRequest(filmSize)}
	for way, request := range requests {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			them := newAttempt(t, s)
			me := &attempt{T: t, site: s, Subject: them.Subject + "0", Client: s.client(t, them.Subject+"0")}
			m, o := &holding{me.Client, me.issue(request)}, &holding{them.Client, them.issue(request)}
			for _, c := range crossings() {
				me.tryAllRoutes(c, m, o)
			}
			me.requireNothingStored()
			them.requireNothingStored()
			body := pngOfSize(int(request.Size))
			them.requireCompletes(o.upload, body)
			me.requireCompletes(m.upload, body)
		})
	}
}

// tryAllRoutes sends every request about an upload with what the crossing contains, and requires
// the same refusal for each.
func (a *attempt) tryAllRoutes(c crossing, m, o *holding) {
	a.Helper()
	visitor := a.site.clientWithText(c.ticket(m, o))
	for _, r := range uploadRoutes(c.id(m, o)) {
		answer := a.requireAnswer(visitor.Call(a.Context(), r.method, r.path, c.token(m, o), r.body))
		if answer.Status != c.status || answer.Code() != c.code {
			a.Errorf("%s: %s %s: wanted %d %s, got %v", c.name, r.method, r.path, c.status, c.code, answer)
		}
		a.requireNoSecret(answer)
	}
}

func TestAnUploadOfSomebodyElseLooksLikeOneThatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	them := newAttempt(t, s)
	me := &attempt{T: t, site: s, Subject: them.Subject + "0", Client: s.client(t, them.Subject+"0")}
	mineUpload, foreign := me.issue(filmRequest(filmSize)), them.issue(filmRequest(filmSize))
	for i, r := range uploadRoutes(foreign.ID) {
		never := uploadRoutes(unknownID)[i]
		got := me.call(r.method, r.path, mineUpload.Token, r.body)
		wanted := me.call(never.method, never.path, mineUpload.Token, never.body)
		if !maps.Equal(problemWithoutRequestID(t, got), problemWithoutRequestID(t, wanted)) {
			t.Errorf("%s %s: answer about an upload of somebody else: wanted it as for one that does not exist, got %v and %v", r.method, r.path, got, wanted)
		}
	}
}

// problemWithoutRequestID returns a problem without the member that differs between requests.
func problemWithoutRequestID(t *testing.T, answer testclient.Answer) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(answer.Body, &members); err != nil {
		t.Fatalf("answer: wanted a JSON object, got %v: %v", answer, err)
	}
	delete(members, "requestId")
	members["header"] = answer.Header.Get("Content-Type")
	return members
}

func TestAnUploadTokenNeedsNoTicket(t *testing.T) {
	t.Parallel()
	a := newAttempt(t, newSite(t))
	u := a.issue(filmRequest(filmSize)).WithClient(a.site.clientWithText(""))
	a.requireCompletes(u, pngOfSize(filmSize))
	if answer := a.call(http.MethodGet, "/uploads/"+u.ID, u.Token, nil); answer.Status != http.StatusNotFound && answer.Status != http.StatusMethodNotAllowed {
		t.Errorf("GET of an upload: wanted 404 or 405, got %v", answer)
	}
}

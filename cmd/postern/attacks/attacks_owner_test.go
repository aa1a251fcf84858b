package attacks

import (
	"encoding/json"
	"net/http"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

const classSharedComputer = "the next person at a shared computer"

// ownerAttacks are what the next person at a computer tries with what the browser has kept of
// somebody else: owner mark, ID, upload token, and the address of a landing page.
func ownerAttacks() []attack {
	film, picture := filmRequest(filmSize), pictureRequest(pictureSize)
	list := []attack{
		{classSharedComputer, viaMultipart, "lists the parts", byNextPerson(film, http.MethodGet, "/parts", nil), 404, "unknown_upload"},
		{classSharedComputer, viaMultipart, "sends a part", byNextPerson(film, http.MethodPost, "/parts", map[string]any{"parts": []any{map[string]any{"number": 1}}}), 404, "unknown_upload"},
		{classSharedComputer, viaMultipart, "finishes it", byNextPerson(film, http.MethodPost, "/complete", map[string]any{}), 404, "unknown_upload"},
		{classSharedComputer, viaMultipart, "discards it", byNextPerson(film, http.MethodDelete, "", nil), 404, "unknown_upload"},
		{classSharedComputer, viaPOST, "finishes it", byNextPerson(picture, http.MethodPost, "/complete", map[string]any{}), 404, "unknown_upload"},
		{classSharedComputer, viaPOST, "discards it", byNextPerson(picture, http.MethodDelete, "", nil), 404, "unknown_upload"},
		{classSharedComputer, viaForm, "opens the landing page", func(a *attempt) testclient.Answer {
			token := landingTokenOf(a.form("pictures"))
			a.becomeNextPerson()
			return a.getJSON("/forms/pictures/done/" + token)
		}, 404, "unknown_upload"},
	}
	return append(list, markAttacks()...)
}

// markAttacks use the owner mark of somebody else as if it were a secret: it proves nothing.
func markAttacks() []attack {
	return []attack{
		{classSharedComputer, viaAPI, "the owner mark as a ticket, for the marks", func(a *attempt) testclient.Answer {
			a.Client = a.site.clientWithText(a.ownerMark())
			return a.call(http.MethodGet, "/uploads/owner", "", nil)
		}, 401, "unauthorized"},
		{classSharedComputer, viaAPI, "the owner mark as a ticket, for an upload", func(a *attempt) testclient.Answer {
			a.Client = a.site.clientWithText(a.ownerMark())
			return a.tryToIssue(pictureRequest(pictureSize))
		}, 401, "unauthorized"},
		{classSharedComputer, viaMultipart, "the owner mark as an upload token", func(a *attempt) testclient.Answer {
			u := a.issue(filmRequest(filmSize))
			return a.call(http.MethodGet, "/uploads/"+u.ID+"/parts", a.ownerMark(), nil)
		}, 401, "unauthorized"},
		{classSharedComputer, viaMultipart, "the owner mark as an ID, with a token of one's own", func(a *attempt) testclient.Answer {
			mark := a.ownerMark()
			a.becomeNextPerson()
			return a.call(http.MethodGet, "/uploads/"+mark+"/parts", a.issue(filmRequest(filmSize)).Token, nil)
		}, 404, "unknown_upload"},
		{classSharedComputer, viaForm, "the owner mark as the token of a landing page", func(a *attempt) testclient.Answer {
			return a.getJSON("/forms/pictures/done/" + a.ownerMark())
		}, 401, "unauthorized"},
		{classSharedComputer, viaAPI, "an upload for the owner of a mark", func(a *attempt) testclient.Answer {
			mark := a.ownerMark()
			a.becomeNextPerson()
			body := map[string]any{"profile": "pictures", "filename": "garden.png", "type": "image/png", "size": pictureSize, "owner": mark}
			return a.call(http.MethodPost, "/uploads", "", body)
		}, 400, "invalid_request"},
	}
}

// byNextPerson sends a request about an upload, with its token, as somebody else.
func byNextPerson(request testclient.Request, method, path string, body any) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(request)
		a.becomeNextPerson()
		return a.call(method, "/uploads/"+u.ID+path, u.Token, body)
	}
}

// becomeNextPerson gives the attempt a ticket of somebody else.
func (a *attempt) becomeNextPerson() {
	a.Helper()
	a.Client = a.site.client(a.T, a.Subject+"-next")
}

// ownerMark is the mark of the attempt's subject.
func (a *attempt) ownerMark() string {
	a.Helper()
	answer := a.call(http.MethodGet, "/uploads/owner", "", nil)
	var got struct{ Owners []string }
	if err := json.Unmarshal(answer.Body, &got); err != nil || len(got.Owners) != 1 {
		a.Fatalf("marks: wanted one, got %v", answer)
	}
	return got.Owners[0]
}

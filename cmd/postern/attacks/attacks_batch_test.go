package attacks

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// batchFile is a valid entry of a batch.
const batchFile = `{"filename":"garden.png","type":"image/png","size":500}`

// batchAttacks send several files or uploads at once, in a body that is odd as a whole, or with one
// entry that is.
func batchAttacks() []attack {
	batch := func(files string) string { return `{"profile":"pictures","files":[` + files + `]}` }
	var list []attack
	for name, body := range map[string]string{
		"no file": batch(""), "files that are no list": `{"profile":"pictures","files":` + batchFile + `}`, "101 files": batch(strings.Repeat(batchFile+",", 100) + batchFile),
		"nothing": "", "a list": "[" + batchFile + "]", "an object and more": batch(batchFile) + "{}", "a byte order mark": "\ufeff" + batch(batchFile),
		"the files twice": `{"profile":"pictures","files":[` + batchFile + `],"files":[` + batchFile + `]}`, "a member of a file twice": batch(`{"filename":"a.png","filename":"b.png","type":"image/png","size":500}`),
		"an unknown member of a file": batch(`{"filename":"a.png","type":"image/png","size":500,"acl":"public-read"}`), "a key of a file": batch(`{"filename":"a.png","type":"image/png","size":500,"key":"users/else"}`),
		"a size that is no number": batch(`{"filename":"a.png","type":"image/png","size":NaN}`), "a size of 400 digits": batch(`{"filename":"a.png","type":"image/png","size":` + strings.Repeat("9", 400) + `}`),
		"a name that isn't UTF-8": batch("{\"filename\":\"a\xff.png\",\"type\":\"image/png\",\"size\":500}"), "a batch in a batch": batch(batch(batchFile)), "ten thousand levels": batch(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)),
		"a megabyte": batch(`{"filename":"` + strings.Repeat("a", 1<<20) + `","type":"image/png","size":500}`), "a profile of each file": `{"files":[{"profile":"pictures","filename":"a.png","type":"image/png","size":500}]}`,
	} {
		list = append(list, attack{classBody, viaAPI, "a batch of " + name, postingTo("/uploads/batch", body), 400, "invalid_request"})
	}
	for name, body := range map[string]string{
		"no upload": `{"uploads":[]}`, "nothing": "", "uploads that are no list": `{"uploads":{"id":"x","token":"y"}}`, "101 uploads": `{"uploads":[` + strings.Repeat(`{"id":"x","token":"y"},`, 100) + `{"id":"x","token":"y"}]}`,
		"a member of an upload twice": `{"uploads":[{"id":"x","id":"y","token":"z"}]}`, "a size of its own": `{"uploads":[{"id":"x","token":"y","size":1}]}`, "a number for a token": `{"uploads":[{"id":"x","token":1}]}`,
	} {
		list = append(list, attack{classBody, viaAPI, "completing a batch of " + name, postingTo("/uploads/complete", body), 400, "invalid_request"})
	}
	return append(list, batchEntryAttacks()...)
}

// batchEntryAttacks send one bad entry beside a good one, and look at the answer to the bad one.
func batchEntryAttacks() []attack {
	var list []attack
	for _, k := range []struct {
		class, name, file string
		status            int
		code              string
	}{
		{classFilename, "a name that climbs", `{"filename":"../a.png","type":"image/png","size":500}`, 422, "filename_invalid"},
		{classType, "the type of HTML", `{"filename":"a.png","type":"text/html","size":500}`, 415, "type_not_allowed"},
		{classSize, "a size beyond the largest", `{"filename":"a.png","type":"image/png","size":1001}`, 413, "size_too_large"},
		{classSize, "a size below the smallest", `{"filename":"a.png","type":"image/png","size":9}`, 422, "size_too_small"},
		{classNumber, "no size", `{"filename":"a.png","type":"image/png"}`, 400, "invalid_request"},
		{classAttribute, "metadata of the operator", `{"filename":"a.png","type":"image/png","size":500,"metadata":{"source":"phone"}}`, 400, "invalid_request"},
	} {
		list = append(list, attack{k.class, viaAPI, "in a batch: " + k.name, func(a *attempt) testclient.Answer {
			return a.entry(a.postRaw("/uploads/batch", "", `{"profile":"pictures","files":[`+batchFile+`,`+k.file+`]}`, nil), 1)
		}, k.status, k.code})
	}
	for name, swap := range map[string]func(mine, other *testclient.Upload) (id, token string){
		"another upload's ID":     func(m, o *testclient.Upload) (string, string) { return o.ID, m.Token },
		"another upload's token":  func(m, o *testclient.Upload) (string, string) { return m.ID, o.Token },
		"another person's upload": func(_, o *testclient.Upload) (string, string) { return o.ID, o.Token },
		"an ID that nobody has":   func(m, _ *testclient.Upload) (string, string) { return unknownID, m.Token },
		"no ID":                   func(_, o *testclient.Upload) (string, string) { return "", o.Token },
	} {
		list = append(list, attack{classForeignUpload, viaAPI, "completing in a batch with " + name, func(a *attempt) testclient.Answer {
			other := a.somebodyElse()
			id, token := swap(a.issue(pictureRequest(pictureSize)), other.issue(pictureRequest(pictureSize)))
			return a.completeInBatch(id, token)
		}, 404, "unknown_upload"})
	}
	for name, token := range map[string]func(*attempt) string{"no token": func(*attempt) string { return "" }, "a ticket for a token": func(a *attempt) string { return a.Client.Ticket }, "any text for a token": func(*attempt) string { return "made-up" }} {
		list = append(list, attack{classToken, viaAPI, "completing in a batch with " + name, func(a *attempt) testclient.Answer {
			return a.completeInBatch(a.issue(pictureRequest(pictureSize)).ID, token(a))
		}, 401, "unauthorized"})
	}
	return append(list,
		attack{classToken, viaAPI, "a batch without a ticket", func(a *attempt) testclient.Answer {
			own := *a
			own.Client.Ticket = ""
			return own.entry(own.postRaw("/uploads/batch", "", `{"profile":"pictures","files":[`+batchFile+`]}`, nil), 0)
		}, 401, "unauthorized"},
		attack{classCrossOrigin, viaAPI, "a batch of another origin", func(a *attempt) testclient.Answer {
			return a.postRaw("/uploads/batch", "", `{"profile":"pictures","files":[`+batchFile+`]}`, fromElsewhere)
		}, 403, "origin_not_allowed"},
		attack{classCrossOrigin, viaAPI, "completing a batch from another origin", func(a *attempt) testclient.Answer {
			u := a.issue(pictureRequest(pictureSize))
			return a.postRaw("/uploads/complete", "", `{"uploads":[{"id":"`+u.ID+`","token":"`+u.Token+`"}]}`, fromElsewhere)
		}, 403, "origin_not_allowed"},
	)
}

// postingTo sends a body unchanged.
func postingTo(path, body string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer { return a.postRaw(path, "", body, nil) }
}

// fromElsewhere makes a request one of a page of another origin.
func fromElsewhere(h http.Header) {
	h.Set("Origin", "https://evil.test")
	h.Set("Sec-Fetch-Site", "cross-site")
}

// somebodyElse is another person at the same site.
func (a *attempt) somebodyElse() *attempt {
	a.Helper()
	return &attempt{T: a.T, site: a.site, Subject: a.Subject + "0", Client: a.site.client(a.T, a.Subject+"0")}
}

func (a *attempt) completeInBatch(id, token string) testclient.Answer {
	a.Helper()
	body, err := json.Marshal(map[string]any{"uploads": []map[string]string{{"id": id, "token": token}}})
	if err != nil {
		a.Fatal(err)
	}
	return a.entry(a.postRaw("/uploads/complete", "", string(body), nil), 0)
}

// entry returns the refusal of one entry of a batch as if it were an answer of its own.
func (a *attempt) entry(answer testclient.Answer, index int) testclient.Answer {
	a.Helper()
	var batch struct {
		Uploads []struct{ Problem json.RawMessage }
	}
	if err := json.Unmarshal(answer.Body, &batch); err != nil || len(batch.Uploads) <= index {
		a.Fatalf("answer to a batch: wanted more than %d entries, got %v", index, answer)
	}
	var refused struct{ Status int }
	if problem := batch.Uploads[index].Problem; problem != nil {
		if err := json.Unmarshal(problem, &refused); err != nil {
			a.Fatal(err)
		}
		return testclient.Answer{Status: refused.Status, Header: http.Header{"Content-Type": {"application/problem+json"}}, Body: problem}
	}
	a.Fatalf("answer to a batch: wanted a refusal of entry %d, got %v", index, answer)
	return testclient.Answer{}
}

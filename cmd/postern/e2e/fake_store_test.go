package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// askedFile is a file as the API is asked for its plan.
type askedFile struct {
	Profile, Filename, Type string
	Size                    int64
}

func (f *fakeServer) issue(w http.ResponseWriter, r *http.Request) {
	var asked askedFile
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"code": "invalid_request"})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	writeJSON(w, http.StatusCreated, f.plan(r, asked))
}

// issueBatch refuses files named "refused".
func (f *fakeServer) issueBatch(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Files []askedFile }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"code": "invalid_request"})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var outcomes []any
	for _, file := range asked.Files {
		if file.Filename == "refused" {
			outcomes = append(outcomes, map[string]any{"problem": map[string]any{"status": 415, "code": "type_not_allowed"}})
			continue
		}
		outcomes = append(outcomes, map[string]any{"upload": f.plan(r, file)})
	}
	writeJSON(w, http.StatusOK, map[string]any{"uploads": outcomes})
}

// plan issues an upload of a file.
func (f *fakeServer) plan(r *http.Request, asked askedFile) map[string]any {
	here := f.scenario(r)
	here.serial++
	id := fmt.Sprintf("%04d", here.serial)
	here.uploads[id] = &fakeUpload{Name: asked.Filename, Type: asked.Type, Size: asked.Size, parts: map[int][]byte{}, checksums: map[int]string{}}
	plan := map[string]any{"id": id, "key": "k/" + id, "token": fakeToken(id), "expires": here.expiry()}
	if here.Owner != "" {
		plan["owner"] = here.Owner
	}
	if asked.Size < here.Threshold {
		plan["method"] = "post"
		plan["post"] = map[string]any{"url": f.store.URL + "/" + r.PathValue("realm") + "/", "fields": []any{map[string]string{"name": "key", "value": id}}}
	} else {
		plan["method"] = "multipart"
		layout := map[string]any{"partSize": here.PartSize, "partCount": here.partCount(asked.Size), "checksum": here.Checksum}
		first := []any{}
		for n := 1; n <= min(here.Signed, int(here.partCount(asked.Size))); n++ {
			first = append(first, f.signPart(r, id, n))
		}
		if len(first) > 0 {
			layout["signed"] = map[string]any{"expires": here.expiry(), "parts": first}
		}
		plan["multipart"] = layout
	}
	return plan
}

// fakeToken is an upload token of which only the times can be read. It lasts an hour by the clock
// of a server that is decades late.
func fakeToken(id string) string {
	claims := fmt.Sprintf(`{"jti":%q,"key":"ÿ?>ÿ","iat":1000,"exp":4600}`, id)
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".signature"
}

// owners answers with the marks of whoever uses the scenario's page now.
func (f *fakeServer) owners(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	here := f.scenario(r)
	writeJSON(w, http.StatusOK, map[string]any{"owners": append([]string{}, here.Owners...)})
}

// changeOwner makes another person the user of the scenario's page.
func (f *fakeServer) changeOwner(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	here := f.scenario(r)
	here.Owners, here.Owner = nil, ""
	if err := json.NewDecoder(r.Body).Decode(&here.Owners); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if len(here.Owners) > 0 {
		here.Owner = here.Owners[0]
	}
}

func (here *scenario) partCount(size int64) int64 { return (size + here.PartSize - 1) / here.PartSize }

func (here *scenario) expiry() string {
	return time.Now().Add(time.Duration(here.Life) * time.Millisecond).UTC().Format(time.RFC3339Nano)
}

// upload returns the upload of a request if its ID and token fit; otherwise it answers 404.
func (f *fakeServer) upload(w http.ResponseWriter, r *http.Request) *fakeUpload {
	found := f.scenario(r).uploads[r.PathValue("id")]
	if found == nil || r.Header.Get("Upload-Token") != fakeToken(r.PathValue("id")) {
		writeJSON(w, http.StatusNotFound, map[string]any{"code": "unknown_upload"})
		return nil
	}
	return found
}

func (f *fakeServer) sign(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Parts []struct {
			Number   int
			Checksum string
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&asked)
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.upload(w, r)
	if u == nil {
		return
	}
	here, parts := f.scenario(r), []any{}
	for _, p := range asked.Parts {
		u.checksums[p.Number] = p.Checksum
		parts = append(parts, f.signPart(r, r.PathValue("id"), p.Number))
	}
	writeJSON(w, http.StatusOK, map[string]any{"expires": here.expiry(), "parts": parts})
}

// signPart makes the URL of one part.
func (f *fakeServer) signPart(r *http.Request, id string, number int) map[string]any {
	here := f.scenario(r)
	here.serial++
	url := fmt.Sprintf("%s/%s/%s?part=%d&serial=%d&until=%d", f.store.URL, r.PathValue("realm"), id, number, here.serial, time.Now().UnixMilli()+here.Life)
	return map[string]any{"number": number, "url": url, "size": here.PartSize, "headers": map[string]string{}}
}

func (f *fakeServer) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.upload(w, r)
	if u == nil {
		return
	}
	parts := []any{}
	for n, content := range u.parts {
		parts = append(parts, map[string]any{"number": n, "size": len(content), "etag": "x"})
	}
	writeJSON(w, http.StatusOK, map[string]any{"parts": parts})
}

func (f *fakeServer) put(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.scenario(r).uploads[r.PathValue("id")]
	part, _ := strconv.Atoi(r.URL.Query().Get("part"))
	until, _ := strconv.ParseInt(r.URL.Query().Get("until"), 10, 64)
	switch {
	case u == nil:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchUpload</Code></Error>")
	case time.Now().UnixMilli() > until:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>AccessDenied</Code></Error>")
	default:
		u.parts[part] = content
		w.Header().Set("ETag", `"x"`)
	}
}

func (f *fakeServer) post(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(64 << 20); err != nil {
		return
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	content, _ := io.ReadAll(file)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scenario(r).uploads[r.FormValue("key")].posted = content
	w.WriteHeader(http.StatusCreated)
}

func (f *fakeServer) complete(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.upload(w, r)
	if u == nil {
		return
	}
	if missing := u.missing(f.scenario(r)); len(missing) > 0 {
		writeJSON(w, http.StatusConflict, map[string]any{"code": "incomplete", "missing": missing})
		return
	}
	writeJSON(w, http.StatusOK, u.completed(r.PathValue("id")))
}

func (f *fakeServer) completeBatch(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Uploads []struct{ ID, Token string } }
	_ = json.NewDecoder(r.Body).Decode(&asked)
	f.mu.Lock()
	defer f.mu.Unlock()
	var outcomes []any
	for _, one := range asked.Uploads {
		u := f.scenario(r).uploads[one.ID]
		switch {
		case u == nil || one.Token != fakeToken(one.ID):
			outcomes = append(outcomes, map[string]any{"problem": map[string]any{"status": 404, "code": "unknown_upload"}})
		case len(u.missing(f.scenario(r))) > 0:
			outcomes = append(outcomes, map[string]any{"problem": map[string]any{"status": 409, "code": "incomplete"}})
		default:
			outcomes = append(outcomes, map[string]any{"completed": u.completed(one.ID)})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"uploads": outcomes})
}

// missing are the numbers of the parts that the store doesn't have.
func (u *fakeUpload) missing(here *scenario) []int {
	missing := []int{}
	for n := int64(1); u.posted == nil && n <= max(1, here.partCount(u.Size)); n++ {
		if u.parts[int(n)] == nil {
			missing = append(missing, int(n))
		}
	}
	return missing
}

func (u *fakeUpload) completed(id string) map[string]any {
	return map[string]any{"id": id, "key": "k/" + id, "size": u.Size, "type": u.Type}
}

func (f *fakeServer) remove(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.upload(w, r) != nil {
		delete(f.scenario(r).uploads, r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

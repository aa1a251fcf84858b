package main

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// recorder is a proxy in front of a store. It notes what each call needs by "Required permissions
// for Amazon S3 API operations" in the S3 User Guide, and who made it.
type recorder struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex        // guards the rest
	names  map[string]string // of identities, by access key ID
	calls  []recordedCall
	tagged map[string]bool // paths of objects that were given tags
	// enforced are the policies that the store holds everybody to, by identity; nil lets all pass.
	enforced map[string]policyDocument
}

// recordedCall is one call with everything that it needs.
type recordedCall struct {
	identity, method string
	needs            []storeRequest
}

func newRecorder(t *testing.T, store string) *recorder {
	t.Helper()
	target, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, tagged: map[string]bool{}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host // which is signed
		},
		Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, // the rest of a refused body would be read as another request
	}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !r.note(request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			if request.Method != http.MethodHead {
				_, _ = io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
			}
			return
		}
		proxy.ServeHTTP(w, request)
	}))
	t.Cleanup(r.Close)
	return r
}

// identify says whose access key IDs are used from now on.
func (r *recorder) identify(names map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.names = names
}

// enforce holds everybody to policies from now on.
func (r *recorder) enforce(policies map[string]policyDocument) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enforced = policies
}

// take returns the calls that were noted since it was called last.
func (r *recorder) take() []recordedCall {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

var signedBy = regexp.MustCompile(`Credential=([^/]+)/`)

// note adds a call and reports whether the policies allow it. A preflight needs no right; what
// nobody signed is for the store to judge.
func (r *recorder) note(request *http.Request) bool {
	key := request.URL.Query().Get("X-Amz-Credential")
	if found := signedBy.FindStringSubmatch(request.Header.Get("Authorization")); found != nil {
		key = found[1]
	}
	form := r.readForm(request)
	if form != nil {
		key = form["x-amz-credential"]
	}
	key, _, _ = strings.Cut(key, "/")
	if request.Method == http.MethodOptions {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name, known := r.names[key]
	if !known && (r.enforced == nil || key != "") {
		r.t.Errorf("%s %s is signed by %q, who isn't known", request.Method, request.URL, key)
	}
	if !known {
		return true
	}
	call := recordedCall{name, request.Method, r.needsOf(request, form)}
	r.calls = append(r.calls, call)
	if r.enforced == nil {
		return true
	}
	for _, needed := range call.needs {
		if !allows(r.t, needed, r.enforced[name]) {
			return false
		}
	}
	return true
}

// readForm returns the fields of a form post before its file, and puts the body back.
func (r *recorder) readForm(request *http.Request) map[string]string {
	kind, parameters, _ := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		r.t.Error(err)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	fields, reader := map[string]string{}, multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if err != nil || part.FormName() == "file" {
			return fields
		}
		value, _ := io.ReadAll(part)
		fields[strings.ToLower(part.FormName())] = string(value)
	}
}

// needsOf lists the actions that a call needs. A call that isn't known here fails the test.
func (r *recorder) needsOf(request *http.Request, form map[string]string) []storeRequest {
	at, query, header := request.URL.Path, request.URL.Query(), request.Header
	_, key, _ := strings.Cut(strings.TrimPrefix(at, "/"), "/")
	acl, tagging := header.Get("X-Amz-Acl"), header.Get("X-Amz-Tagging")
	if form != nil {
		at, acl, tagging = at+"/"+form["key"], form["acl"], form["tagging"]
	}
	context := map[string]string{"aws:SecureTransport": "true", "aws:PrincipalType": "User"}
	if acl != "" {
		context["s3:x-amz-acl"] = acl
	}
	need := func(action string) []storeRequest { return []storeRequest{{"s3:" + action, arn(at), context}} }
	versioned := func(before, after string) []storeRequest {
		if query.Has("versionId") {
			return need(before + "Version" + after)
		}
		return need(before + after)
	}
	write := func() []storeRequest {
		list := need("PutObject")
		if acl != "" {
			list = append(list, need("PutObjectAcl")...)
		}
		if tagging != "" {
			list = append(list, need("PutObjectTagging")...)
			r.tagged[arn(at)] = true
		}
		return list
	}
	switch {
	case form != nil:
		return write()
	case key == "" || key == "/":
		return r.needsOfBucket(request, at, context)
	case query.Has("acl") && request.Method == http.MethodGet:
		return versioned("GetObject", "Acl")
	case query.Has("tagging") && request.Method == http.MethodGet:
		return versioned("GetObject", "Tagging")
	case query.Has("tagging") && request.Method == http.MethodPut:
		r.tagged[arn(at)] = true
		return versioned("PutObject", "Tagging")
	case request.Method == http.MethodGet && query.Has("uploadId"):
		return need("ListMultipartUploadParts")
	case request.Method == http.MethodGet, request.Method == http.MethodHead:
		return versioned("GetObject", "")
	case request.Method == http.MethodPut && header.Get("X-Amz-Copy-Source") != "":
		return r.needsOfCopy(write(), header.Get("X-Amz-Copy-Source"))
	case request.Method == http.MethodPut, request.Method == http.MethodPost && (query.Has("uploads") || query.Has("uploadId")):
		return write()
	case request.Method == http.MethodDelete && query.Has("uploadId"):
		return need("AbortMultipartUpload")
	case request.Method == http.MethodDelete:
		return versioned("DeleteObject", "")
	}
	r.t.Errorf("call %s %s isn't known here", request.Method, request.URL)
	return nil
}

// needsOfCopy adds what reading the source needs; its tags are copied along.
func (r *recorder) needsOfCopy(write []storeRequest, escaped string) []storeRequest {
	source, err := url.PathUnescape(escaped)
	if err != nil {
		r.t.Error(err)
	}
	from, target := arn(source), write[0]
	write = append(write, storeRequest{"s3:GetObject", from, target.context})
	if r.tagged[from] {
		r.tagged[target.resource] = true
		write = append(write, storeRequest{"s3:GetObjectTagging", from, target.context}, storeRequest{"s3:PutObjectTagging", target.resource, target.context})
	}
	return write
}

// needsOfBucket lists the actions that a call of a whole bucket needs.
func (r *recorder) needsOfBucket(request *http.Request, at string, context map[string]string) []storeRequest {
	query := request.URL.Query()
	if query.Has("prefix") {
		context["s3:prefix"] = query.Get("prefix")
	}
	verb := map[string]string{http.MethodGet: "Get", http.MethodPut: "Put"}[request.Method]
	for name, action := range map[string]string{"cors": "BucketCORS", "lifecycle": "LifecycleConfiguration", "versioning": "BucketVersioning", "location": "BucketLocation"} {
		if query.Has(name) && verb != "" {
			return []storeRequest{{"s3:" + verb + action, arn(at), context}}
		}
	}
	switch {
	case request.Method == http.MethodGet && query.Has("uploads"):
		return []storeRequest{{"s3:ListBucketMultipartUploads", arn(at), context}}
	case request.Method == http.MethodHead, request.Method == http.MethodGet && len(query) > 0:
		return []storeRequest{{"s3:ListBucket", arn(at), context}}
	}
	r.t.Errorf("call %s %s isn't known here", request.Method, request.URL)
	return nil
}

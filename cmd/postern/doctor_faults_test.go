package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/gateway"
)

const uploaderKey = "uploader"

// soundConfig is a config file with all that makes the doctor try something: its store is sound.
const soundConfig = `
listen: LISTEN
public_url: http://127.0.0.1:1
keys: {tokens: ["env:TOKEN_KEY"]}
tickets: {secret: "env:TICKET_KEY"}
store:
  provider: versity
  region: us-east-1
  endpoint: "STORE"
  path_style: true
  upload_credentials: {access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET"}
profiles:
  inbox: {bucket: media, key: "users/{subject}/{id}{ext}", types: ["*/*"], size: 1..100MiB, checksum: crc32, quarantine: refused/, tags: {stage: inbox}, origins: ["https://app.example.com"]}
`

// morePhotos is a further profile of soundConfig.
const morePhotos = `  photos: {bucket: media, key: "users/photos/{subject}/{yyyy}/{id}{ext}", types: [image/png], size: 1..10MiB, metadata: {source: web}, download: {lifetime: 5m}}
`

// storeProxy passes requests on to a store, as they are signed, and has one fault. A fault answers
// a request itself, or calls pass.
type storeProxy struct {
	*httptest.Server
	store *gateway.Gateway
	plain *httputil.ReverseProxy

	mu    sync.Mutex // guards the rest
	fault func(p *storeProxy, w http.ResponseWriter, r *http.Request)
	kept  map[string]bool // keys that the uploader has put
}

func newStoreProxy(t *testing.T, store *gateway.Gateway) *storeProxy {
	t.Helper()
	target, err := url.Parse(store.URL())
	if err != nil {
		t.Fatal(err)
	}
	p := &storeProxy{store: store, kept: map[string]bool{}, plain: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{DisableKeepAlives: true}, ErrorLog: log.New(io.Discard, "", 0),
	}}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		fault := p.fault
		p.mu.Unlock()
		if fault == nil {
			p.plain.ServeHTTP(w, r)
			return
		}
		fault(p, w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *storeProxy) have(fault func(p *storeProxy, w http.ResponseWriter, r *http.Request)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fault
}

// pass sends a request on and returns the answer, with its body read.
func (p *storeProxy) pass(r *http.Request) *http.Response {
	recorder := httptest.NewRecorder()
	p.plain.ServeHTTP(recorder, r)
	return recorder.Result()
}

func writeAnswer(w http.ResponseWriter, answer *http.Response) {
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body)
}

// refuseAs answers with one of S3's errors.
func refuseAs(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>seeded</Message></Error>", code)
	}
}

// s3Request is what a signed request asks for.
type s3Request struct {
	*http.Request
	key      string
	query    url.Values
	uploader bool // signed by the uploader
	form     bool
}

func readS3(r *http.Request) s3Request {
	q := r.URL.Query()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return s3Request{r, key, q, strings.HasPrefix(q.Get("X-Amz-Credential"), uploaderKey+"/"), strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")}
}

// object reports whether a request is about an object itself, not about its parts or attributes.
func (r s3Request) object() bool {
	for name := range r.query {
		if name == "uploads" || name == "uploadId" || name == "tagging" || name == "acl" {
			return false
		}
	}
	return r.key != "" && !r.form
}

func (r s3Request) copies() bool { return r.Header.Get("X-Amz-Copy-Source") != "" }

// deny refuses the requests that match, for want of a right.
func deny(match func(s3Request) bool) func(*storeProxy, http.ResponseWriter, *http.Request) {
	return answerTo(match, http.StatusForbidden, "AccessDenied")
}

// answerTo answers the requests that match with one of S3's errors.
func answerTo(match func(s3Request) bool, status int, code string) func(*storeProxy, http.ResponseWriter, *http.Request) {
	return func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		if match(readS3(r)) {
			_, _ = io.Copy(io.Discard, r.Body)
			refuseAs(w, r, status, code)
			return
		}
		p.plain.ServeHTTP(w, r)
	}
}

// acceptRefused stores a form that the store has refused with one of some codes, and answers 201: a
// store that doesn't enforce that.
func acceptRefused(messages ...string) func(*storeProxy, http.ResponseWriter, *http.Request) {
	return func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		if !readS3(r).form {
			p.plain.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := p.pass(r)
		text, _ := io.ReadAll(answer.Body)
		answer.Body = io.NopCloser(bytes.NewReader(text))
		for _, message := range messages {
			if bytes.Contains(text, []byte(message)) {
				p.storeForm(r, body)
				w.WriteHeader(http.StatusCreated)
				return
			}
		}
		writeAnswer(w, answer)
	}
}

// storeForm keeps the file of a form with the operator's credentials.
func (p *storeProxy) storeForm(r *http.Request, body []byte) {
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		return
	}
	file, err := form.File["file"][0].Open()
	if err != nil {
		return
	}
	_, _ = p.store.Client().PutObject(r.Context(), &s3.PutObjectInput{Bucket: aws.String("media"), Key: aws.String(form.Value["key"][0]), Body: file})
}

// setCORS gives a bucket the rule that uploads need, or another one.
func setCORS(t *testing.T, store *gateway.Gateway, change func(*types.CORSRule)) {
	t.Helper()
	rule := types.CORSRule{AllowedOrigins: []string{"http://127.0.0.1:1", "https://app.example.com"}, AllowedMethods: []string{"POST", "PUT", "GET"},
		AllowedHeaders: []string{"*"}, ExposeHeaders: []string{"ETag", "x-amz-checksum-crc32"}}
	if change != nil {
		change(&rule)
	}
	for _, bucket := range []string{"media", "obeying"} {
		_, err := store.Client().PutBucketCors(t.Context(), &s3.PutBucketCorsInput{Bucket: &bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{rule}}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// emulateLifecycle answers the calls about lifecycle rules, which the embedded store lacks.
func emulateLifecycle() func(*storeProxy, http.ResponseWriter, *http.Request) {
	var mu sync.Mutex
	rules := map[string][]byte{} // by path of the bucket
	return func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("lifecycle") {
			p.plain.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		switch text := rules[r.URL.Path]; {
		case r.Method == http.MethodPut:
			rules[r.URL.Path], _ = io.ReadAll(r.Body)
		case text == nil:
			refuseAs(w, r, 404, "NoSuchLifecycleConfiguration")
		default:
			_, _ = w.Write(text)
		}
	}
}

// seededFault is one fault of a store, its credentials or the server's config.
type seededFault struct {
	name   string
	fault  func(*storeProxy, http.ResponseWriter, *http.Request) // of the store; nil for none
	config []string                                              // pairs of old and new text that break the config
	code   string                                                // of the first finding
	remedy string                                                // part of it
	// mended are pairs of old and new text that the remedy changes in the broken config; nil where
	// the remedy is at the store, whose fault then goes.
	mended []string
	cors   func(*types.CORSRule) // changes the bucket's rule; nil leaves it
	setup  bool                  // postern setup --apply is the remedy
}

var seededFaults = []seededFault{
	{name: "no CORS rule for our pages", cors: func(r *types.CORSRule) { r.AllowedOrigins = []string{"https://other.example.com"} }, code: "cors_missing", remedy: "--apply", setup: true},
	{name: "no CORS rule for one origin", cors: func(r *types.CORSRule) { r.AllowedOrigins = r.AllowedOrigins[:1] }, code: "cors_origin", remedy: "--apply", setup: true},
	{name: "a method that isn't allowed", cors: func(r *types.CORSRule) { r.AllowedMethods = []string{"POST"} }, code: "cors_method", remedy: "--apply", setup: true},
	{name: "a header that isn't allowed", cors: func(r *types.CORSRule) { r.AllowedHeaders = []string{"content-type"} }, code: "cors_header", remedy: "--apply", setup: true},
	{name: "an ETag that isn't exposed", cors: func(r *types.CORSRule) { r.ExposeHeaders = []string{"x-amz-checksum-crc32"} }, code: "cors_exposed", remedy: "--apply", setup: true},
	{name: "a store without the CORS call", cors: func(r *types.CORSRule) { r.AllowedOrigins = []string{"https://other.example.com"} },
		fault: answerTo(func(r s3Request) bool { return r.query.Has("cors") }, 501, "NotImplemented"), code: "cors_missing", remedy: "in the settings of the store"},
	{name: "no lifecycle rule", config: []string{"path_style: true", "path_style: true\n  can: {lifecycle_calls: true}"}, fault: emulateLifecycle(), code: "lifecycle_missing", remedy: "--apply", setup: true},
	{name: "the server may not get objects", fault: deny(func(r s3Request) bool {
		return r.object() && !r.uploader && (r.Method == "GET" || r.Method == "HEAD" || r.copies())
	}), code: "right_get_object", remedy: "s3:GetObject"},
	{name: "the server may not list the bucket", fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		s := readS3(r)
		if s.key == "" && !s.form && r.Method != "OPTIONS" {
			refuseAs(w, r, 403, "AccessDenied")
			return
		}
		if answer := p.pass(r); answer.StatusCode == 404 && s.object() {
			refuseAs(w, r, 403, "AccessDenied")
		} else {
			writeAnswer(w, answer)
		}
	}, code: "right_list_bucket", remedy: "s3:ListBucket"},
	{name: "the server may not put objects", fault: deny(func(r s3Request) bool {
		return !r.uploader && !r.form && r.key != "" && (r.Method == "PUT" || r.Method == "POST")
	}), code: "right_put_object", remedy: "s3:PutObject"},
	{name: "the server may not delete objects", fault: deny(func(r s3Request) bool {
		return r.Method == "DELETE" && r.object() && !r.uploader
	}), code: "right_delete_object", remedy: "s3:DeleteObject"},
	{name: "the server may not copy objects", fault: deny(func(r s3Request) bool { return r.copies() }), code: "right_copy_object", remedy: "s3:GetObject and s3:PutObject"},
	{name: "the server may not list parts", fault: deny(func(r s3Request) bool { return r.Method == "GET" && r.query.Has("uploadId") }),
		code: "right_list_parts", remedy: "s3:ListMultipartUploadParts"},
	{name: "the server may not abort uploads", fault: deny(func(r s3Request) bool { return r.Method == "DELETE" && r.query.Has("uploadId") }),
		code: "right_abort_upload", remedy: "s3:AbortMultipartUpload"},
	{name: "the server may not put into the quarantine", fault: deny(func(r s3Request) bool { return r.Method == "PUT" && strings.HasPrefix(r.key, "refused/") }),
		code: "right_quarantine", remedy: "s3:PutObject below the profile's quarantine"},
	{name: "visitors may not put objects", fault: deny(func(r s3Request) bool { return r.uploader && r.Method == "PUT" || r.form }),
		code: "right_upload_put_object", remedy: "s3:PutObject"},
	{name: "visitors may not put tags", fault: deny(func(r s3Request) bool { return r.uploader && r.Header.Get("X-Amz-Tagging") != "" || r.form }),
		code: "right_upload_attributes", remedy: "s3:PutObjectTagging"},
	{name: "an object of one isn't readable by the other", fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		s := readS3(r)
		p.mu.Lock()
		if s.uploader && r.Method == "PUT" {
			p.kept[s.key] = true
		}
		foreign := p.kept[s.key] && !s.uploader && s.object() && (r.Method == "GET" || r.Method == "HEAD")
		p.mu.Unlock()
		if foreign {
			refuseAs(w, r, 403, "AccessDenied")
			return
		}
		p.plain.ServeHTTP(w, r)
	}, code: "object_unreadable", remedy: "credentials of the same account"},
	{name: "upload credentials that are too wide", config: []string{"env:UP_ID", "env:WIDE_ID", "env:UP_SECRET", "env:WIDE_SECRET"},
		code: "upload_credentials_wide", remedy: "s3:PutObject below the profiles' prefixes", mended: []string{"env:WIDE_ID", "env:UP_ID", "env:WIDE_SECRET", "env:UP_SECRET"}},
	{name: "a clock that is 20 minutes off", fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(20*time.Minute).UTC().Format(http.TimeFormat))
		refuseAs(w, r, 403, "RequestTimeTooSkewed")
	}, code: "clock_skew", remedy: "timedatectl set-ntp true"},
	{name: "a wrong region", config: []string{"region: us-east-1", "region: eu-central-1"}, code: "region_wrong", remedy: "store.region: us-east-1",
		mended: []string{"region: eu-central-1", "region: us-east-1"}},
	{name: "a bucket elsewhere", config: []string{"region: us-east-1", "region: eu-west-1"}, fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(r.URL.RawQuery+r.Header.Get("Authorization"), "us-east-1") || bytes.Contains(body, []byte("/us-east-1/s3/")) || r.URL.RawQuery == "" && r.Header.Get("Authorization") == "" && len(body) == 0 {
			p.plain.ServeHTTP(w, r)
			return
		}
		w.Header().Set("x-amz-bucket-region", "us-east-1")
		refuseAs(w, r, 301, "PermanentRedirect")
	}, code: "bucket_elsewhere", remedy: "store.region: us-east-1", mended: []string{"region: eu-west-1", "region: us-east-1"}},
	{name: "a bucket that isn't there", config: []string{"bucket: media", "bucket: films"}, code: "bucket_missing", remedy: "create-bucket --bucket films",
		mended: []string{"bucket: films", "bucket: media"}},
	{name: "a page with TLS and a store without", config: []string{`"https://app.example.com"`, `"https://app.example.com"`, "endpoint: \"STORE\"", "endpoint: \"STORE\"\n  public_endpoint: http://store.example.com"},
		code: "endpoint_without_tls", remedy: "store.public_endpoint: https://", mended: []string{"\n  public_endpoint: http://store.example.com", ""}},
	{name: "expired credentials", fault: answerTo(func(r s3Request) bool { return true }, 400, "ExpiredToken"), code: "credentials_expired", remedy: "AWS_SESSION_TOKEN"},
	{name: "an unknown access key", config: []string{"env:UP_ID", "env:NOBODY_ID"}, code: "credentials_refused", remedy: "store.upload_credentials", mended: []string{"env:NOBODY_ID", "env:UP_ID"}},
	{name: "a store that ignores ranges", fault: acceptRefused("EntityTooLarge", "EntityTooSmall"), code: "range_ignored", remedy: "store.can: {strict_ranges: false}",
		mended: []string{"path_style: true", "path_style: true\n  can: {strict_ranges: false}"}},
	{name: "a store that ignores coverage", fault: acceptRefused("Extra input fields"), code: "coverage_ignored", remedy: "store.can: {covers_fields: false}",
		mended: []string{"path_style: true", "path_style: true\n  can: {covers_fields: false}"}},
	{name: "a store that ignores policies", fault: acceptRefused("Policy Condition failed", "SignatureDoesNotMatch", "expired"), code: "condition_ignored", remedy: "store.can: {post_policy: false}",
		mended: []string{"path_style: true", "path_style: true\n  can: {post_policy: false}"}},
	{name: "a store that obeys unsigned headers", config: []string{"bucket: media", "bucket: obeying"}, code: "unsigned_headers_obeyed", remedy: "store.can: {refuses_unsigned: false}",
		mended: []string{"path_style: true", "path_style: true\n  can: {refuses_unsigned: false}"}},
	{name: "a store that answers 204 and stores nothing", fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		if readS3(r).form {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(204)
			return
		}
		p.plain.ServeHTTP(w, r)
	}, code: "form_stored_nothing", remedy: "store.can: {post_policy: false}", mended: []string{"path_style: true", "path_style: true\n  can: {post_policy: false}"}},
	{name: "a store without POST", fault: answerTo(func(r s3Request) bool { return r.form }, 501, "NotImplemented"), code: "no_post_policy", remedy: "store.can: {post_policy: false}",
		mended: []string{"path_style: true", "path_style: true\n  can: {post_policy: false}"}},
	{name: "a store that ignores checksums", fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		s := readS3(r)
		if !s.query.Has("partNumber") {
			p.plain.ServeHTTP(w, r)
			return
		}
		if answer := p.pass(r); answer.StatusCode == 400 {
			w.Header().Set("ETag", `"seeded"`)
			w.WriteHeader(200)
		} else {
			writeAnswer(w, answer)
		}
	}, code: "checksum_ignored", remedy: "store.can: {crc32: false}", mended: []string{"path_style: true", "path_style: true\n  can: {crc32: false}", "checksum: crc32, ", ""}},
	{name: "a site that isn't a store", fault: func(_ *storeProxy, w http.ResponseWriter, _ *http.Request) { http.Error(w, "no page here", 404) },
		code: "store_not_s3", remedy: "store.endpoint: the address of the store's S3 API"},
	{name: "a page in the store's place", fault: func(_ *storeProxy, w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" && r.URL.Query().Has("list-type") {
			_, _ = io.WriteString(w, "<html>Log in</html>")
			return
		}
		http.Error(w, "no", http.StatusMethodNotAllowed)
	}, code: "store_not_s3", remedy: "not of its console"},
	{name: "a quarantine that everybody can read", fault: func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		if s := readS3(r); s.Method == "GET" && len(s.query) == 0 && strings.HasPrefix(s.key, "refused/") {
			w.WriteHeader(200)
			return
		}
		p.plain.ServeHTTP(w, r)
	}, code: "quarantine_public", remedy: "take refused/* out of what everybody may read, where a bucket policy allows that:\naws s3api get-bucket-policy --bucket media --endpoint-url http"},
}

// startFaultyStore runs the embedded store with an uploader, behind a proxy without faults.
func startFaultyStore(t *testing.T) (*gateway.Gateway, *storeProxy) {
	t.Helper()
	store, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), AccessKey: "operator", SecretKey: serveSecret, Buckets: []string{"media", "obeying"},
		Uploader: gateway.Uploader{AccessKey: uploaderKey, SecretKey: uploaderSecret, Prefix: "users/"}, InsecureUnsignedHeaders: []string{"obeying"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	useOperator(t)
	setCORS(t, store, nil)
	for _, bucket := range []string{"media", "obeying"} {
		policy := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"uploader"},"Action":["s3:PutObject","s3:PutObjectTagging"],
			"Resource":["arn:aws:s3:::BUCKET","arn:aws:s3:::BUCKET/users/*"]}]}`, "BUCKET", bucket)
		if _, err := store.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
			t.Fatal(err)
		}
	}
	return store, newStoreProxy(t, store)
}

// faults are the findings that have to be mended.
func faults(list []findings.Finding) (out []findings.Finding) {
	for _, f := range list {
		if f.Severity == findings.Fault {
			out = append(out, f)
		}
	}
	return out
}

func TestDoctorNamesEachSeededFaultFirstAndItsRemedyMendsIt(t *testing.T) {
	store, proxy := startFaultyStore(t)
	sound := strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig)
	if result, _ := examine(t, sound); len(faults(result.Findings)) > 0 {
		t.Fatalf("without a fault: %+v", faults(result.Findings))
	}
	for _, seeded := range seededFaults {
		t.Run(seeded.name, func(t *testing.T) {
			proxy.have(seeded.fault)
			defer proxy.have(nil)
			if seeded.cors != nil {
				setCORS(t, store, seeded.cors)
				defer setCORS(t, store, nil)
			}
			broken := strings.NewReplacer(seeded.config...).Replace(strings.ReplaceAll(sound, proxy.URL, "STORE"))
			result, got := examine(t, strings.ReplaceAll(broken, "STORE", proxy.URL))
			if got.code != exitFailed || len(result.Findings) == 0 {
				t.Fatalf("exit code %d, %+v", got.code, result.Findings)
			}
			first := result.Findings[0]
			if first.Code != seeded.code || !strings.Contains(first.Remedy, seeded.remedy) {
				t.Errorf("wanted %s with %q first, got %+v", seeded.code, seeded.remedy, first)
			}
			for _, f := range faults(result.Findings) {
				if f.Code != seeded.code && f.Follows == "" && f.Code != "left_behind" { // which mending the cause doesn't mend
					t.Errorf("a finding beside the cause: %+v", f)
				}
			}
			switch {
			case seeded.setup || seeded.mended != nil:
			case seeded.cors != nil: // by the store's own tools
				setCORS(t, store, nil)
			default:
				proxy.have(nil)
			}
			mended := strings.NewReplacer(seeded.mended...).Replace(broken)
			if seeded.setup {
				name := filepath.Join(t.TempDir(), "postern.yaml")
				write(t, name, strings.ReplaceAll(mended, "STORE", proxy.URL))
				if applied := invoke(t, doctorEnvironment, "setup", "--config", name, "--apply"); applied.code != exitDone {
					t.Errorf("setup: %+v", applied)
				}
			}
			result, _ = examine(t, strings.ReplaceAll(mended, "STORE", proxy.URL))
			for _, f := range faults(result.Findings) {
				t.Errorf("with the remedy: %+v", f)
			}
		})
	}
}

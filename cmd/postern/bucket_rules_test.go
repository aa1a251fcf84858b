package main

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// bucketRules is a strict store of one bucket's rules. It keeps each document byte for byte, as it
// was sent, and refuses what S3 refuses: a wrong Content-MD5, too many rules, an ID twice, a
// document without rules.
type bucketRules struct {
	t         *testing.T
	URL       string
	mu        sync.Mutex
	documents map[string]string // by "cors" and "lifecycle"
	writes    int
	smallest  string // x-amz-transition-default-minimum-object-size
	// refuse is the status of calls for a kind, 0 for none.
	refuse map[string]int
	// delayed is called between a read and its answer.
	delayed func(kind string)
}

func startBucketRules(t *testing.T) *bucketRules {
	t.Helper()
	s := &bucketRules{t: t, documents: map[string]string{}, refuse: map[string]int{}, smallest: "varies_by_storage_class"}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// ServeHTTP implements http.Handler.
func (s *bucketRules) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := ""
	for _, name := range []string{"cors", "lifecycle", "versioning", "uploads"} {
		if r.URL.Query().Has(name) {
			kind = name
		}
	}
	if !strings.HasPrefix(r.URL.Path, "/media") || kind == "" || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		s.fail(w, 400, "InvalidRequest")
		return
	}
	s.mu.Lock()
	status, delayed := s.refuse[kind], s.delayed
	s.mu.Unlock()
	switch {
	case status == 501:
		s.fail(w, 501, "NotImplemented")
	case status == 403:
		s.fail(w, 403, "AccessDenied")
	case status == 404:
		s.fail(w, 404, "NoSuchBucket")
	case kind == "uploads":
		_, _ = io.WriteString(w, "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
	case kind == "versioning":
		_, _ = io.WriteString(w, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	case r.Method == http.MethodGet:
		s.get(w, kind)
		if delayed != nil {
			delayed(kind)
		}
	case r.Method == http.MethodPut:
		s.put(w, r, kind)
	case r.Method == http.MethodDelete:
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.documents, kind)
		s.writes++
		w.WriteHeader(204)
	}
}

func (s *bucketRules) fail(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused</Message></Error>", code)
}

func (s *bucketRules) get(w http.ResponseWriter, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.documents[kind]
	if !ok {
		s.fail(w, 404, map[string]string{"cors": "NoSuchCORSConfiguration", "lifecycle": "NoSuchLifecycleConfiguration"}[kind])
		return
	}
	if kind == "lifecycle" {
		w.Header().Set("x-amz-transition-default-minimum-object-size", s.smallest)
	}
	_, _ = io.WriteString(w, text)
}

func (s *bucketRules) put(w http.ResponseWriter, r *http.Request, kind string) {
	body, err := io.ReadAll(r.Body)
	sum := md5.Sum(body)
	var document struct {
		XMLName xml.Name
		Rules   []struct{ ID string } `xml:",any"`
	}
	if err != nil || r.Header.Get("Content-Md5") != base64.StdEncoding.EncodeToString(sum[:]) {
		s.fail(w, 400, "BadDigest")
		return
	}
	if err := xml.Unmarshal(body, &document); err != nil || len(document.Rules) == 0 || len(document.Rules) > map[string]int{"cors": 100, "lifecycle": 1000}[kind] {
		s.fail(w, 400, "MalformedXML")
		return
	}
	seen := map[string]bool{}
	for _, rule := range document.Rules {
		if rule.ID != "" && seen[rule.ID] || len(rule.ID) > 255 {
			s.fail(w, 400, "InvalidArgument")
			return
		}
		seen[rule.ID] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == "lifecycle" {
		s.smallest = r.Header.Get("x-amz-transition-default-minimum-object-size")
	}
	s.documents[kind] = string(bytes.TrimSpace(body))
	s.writes++
}

// set puts rules there, as somebody else would.
func (s *bucketRules) set(kind string, rules ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := map[string]string{"cors": "CORSConfiguration", "lifecycle": "LifecycleConfiguration"}[kind]
	s.documents[kind] = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<" + root + ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` + strings.Join(rules, "\n ") + "</" + root + ">"
}

// document returns the rules of a kind, and how often any were written.
func (s *bucketRules) document(kind string) (text string, writes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.documents[kind], s.writes
}

// smallestTransition is a setting beside the lifecycle rules, which each write has to name.
func (s *bucketRules) smallestTransition() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.smallest
}

// foreignCORS and foreignLifecycle are rules of others, with elements that no SDK knows, white
// space and comments.
func foreignCORS(n int) string {
	return fmt.Sprintf("<CORSRule ><ID>theirs-%d</ID>\n<AllowedOrigin>https://site%d.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod><!-- kept --><Novelty><Deep a=\"1\"/></Novelty></CORSRule>", n, n)
}

func foreignLifecycle(n int) string {
	return fmt.Sprintf("<Rule><ID>theirs-%d</ID><Prefix/><Status>Disabled</Status><Expiration><Days>%d</Days><Novelty>x &amp; y</Novelty></Expiration></Rule>", n, n+1)
}

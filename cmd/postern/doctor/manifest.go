package doctor

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/policy/sigv4"
)

// object is a key that may hold something of ours; uploadID is that of a multipart upload, "" for
// an object.
type object struct{ bucket, key, uploadID string }

// manifest lists all that the checks may have written. It is complete at any moment: a key is
// listed before anything is sent there.
type manifest struct {
	run     *run
	mu      sync.Mutex // guards the rest
	objects []object
	arrived map[string]bool // keys to which a write succeeded, or may have
}

// note remembers the keys that a request may have written. A refusal writes nothing, and neither
// does a request for which there was no connection; an answer of 5xx may come from a proxy behind
// which the store has taken the file.
func (m *manifest) note(request *http.Request, a answer) {
	unknown := a.err != nil && !isDial(a.err) || a.status >= 500 && a.status != http.StatusNotImplemented
	redirected := a.status/100 == 3 && a.code == "" // the answer to a form, not one that names another region
	if request.Method != http.MethodPut && request.Method != http.MethodPost || !a.ok() && !redirected && !unknown {
		return
	}
	var form []byte
	if request.Method == http.MethodPost && request.GetBody != nil {
		if body, err := request.GetBody(); err == nil {
			form, _ = io.ReadAll(body) // from memory
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.objects {
		if strings.HasSuffix(request.URL.Path, "/"+o.key) || bytes.Contains(form, []byte(o.key)) {
			m.arrived[o.key] = true
		}
	}
}

// noteKey remembers a key that the SDK's client may write.
func (m *manifest) noteKey(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.arrived[key] = true
}

// add lists an object or a multipart upload.
func (m *manifest) add(o object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.objects, o) {
		m.objects = append(m.objects, o)
	}
}

// lateArrival is how long after the last check a request that got no answer may take effect.
const lateArrival = 2 * time.Second

// cleanUp removes everything that is listed, and reports what it couldn't.
func (m *manifest) cleanUp(ctx context.Context) []findings.Finding {
	ctx, cancel := context.WithTimeout(ctx, cleanUpTimeout)
	defer cancel()
	left := m.removeAll(ctx)
	if m.run.mayArrive.Load() && m.run.unanswered.Load() < maxUnanswered {
		time.Sleep(lateArrival)
		left = m.removeAll(ctx)
	}
	return m.report(left)
}

// mayHold reports whether something may have been written to a key.
func (m *manifest) mayHold(key string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.arrived[key]
}

// removeAll removes everything that is listed. It returns why something is left, in the order of
// the list.
func (m *manifest) removeAll(ctx context.Context) []string {
	var wait sync.WaitGroup
	places := make(chan struct{}, concurrency)
	left := make([]string, len(m.objects))
	for i, o := range m.objects {
		wait.Add(1)
		go func() {
			defer wait.Done()
			places <- struct{}{}
			defer func() { <-places }()
			left[i] = m.run.remove(ctx, o)
		}()
	}
	wait.Wait()
	return left
}

// report makes one finding for each bucket of what is left.
func (m *manifest) report(left []string) (out []findings.Finding) {
	for _, bucket := range m.run.Config.Buckets() {
		var commands []string
		var why string
		uploads := 0
		for i, o := range m.objects {
			if left[i] == "" || o.bucket != bucket {
				continue
			}
			why = cmp.Or(why, left[i])
			if o.uploadID != "" {
				uploads++
			}
			commands = append(commands, m.run.removeCommand(o))
		}
		if len(commands) == 0 {
			continue
		}
		out = append(out, findings.Finding{Code: string(leftBehind), Severity: codes[leftBehind].severity, Bucket: bucket, Evidence: why,
			Sentence: fmt.Sprintf("%d test objects and %d unfinished multipart uploads couldn't be removed", len(commands)-uploads, uploads), Remedy: strings.Join(commands, "\n")})
	}
	return out
}

// removeCommand is the command by which an operator removes an object or a multipart upload.
func (r *run) removeCommand(o object) string {
	if o.uploadID == "" {
		return strings.TrimSpace("aws s3 rm " + shellQuote("s3://"+o.bucket+"/"+o.key) + " " + r.endpointFlag())
	}
	return strings.TrimSpace(fmt.Sprintf("aws s3api abort-multipart-upload --bucket %s --key %s --upload-id %s %s",
		shellQuote(o.bucket), shellQuote(o.key), shellQuote(o.uploadID), r.endpointFlag()))
}

// plainWord is a word that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// shellQuote writes a word of a command for a POSIX shell.
func shellQuote(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// isListed looks an object up in its bucket's list, which names keys that the server has no rights
// on: a store with exact rights says 403 of them, whether they are there or not. true where the
// list can't be read.
func (r *run) isListed(ctx context.Context, o object) bool {
	a := r.send(ctx, r.server, call{method: http.MethodGet, bucket: o.bucket,
		query: []sigv4.Param{{Name: "list-type", Value: "2"}, {Name: "prefix", Value: o.key}}})
	return !a.ok() || bytes.Contains(a.body, []byte("<Key>"))
}

const maxVersions = 20 // of one object that are removed

// removeUpload ends a multipart upload. It returns why that failed, "" where there is none.
func (r *run) removeUpload(ctx context.Context, o object) string {
	c := call{method: http.MethodDelete, bucket: o.bucket, key: o.key, query: []sigv4.Param{{Name: "uploadId", Value: o.uploadID}}}
	a := r.send(ctx, r.server, c)
	if a.ok() || a.status == http.StatusNotFound {
		return ""
	}
	c.method = http.MethodGet // its parts: one that was completed has none
	if r.send(ctx, r.server, c).status == http.StatusNotFound {
		return ""
	}
	return a.String()
}

// remove removes an object with all its versions, or a multipart upload. It returns why that
// failed, "" where nothing is left, or where nothing was ever written.
func (r *run) remove(ctx context.Context, o object) string {
	if o.uploadID != "" {
		return r.removeUpload(ctx, o)
	}
	for range maxVersions {
		found := r.send(ctx, r.server, call{method: http.MethodHead, bucket: o.bucket, key: o.key})
		marker := found.header.Get("x-amz-delete-marker") == "true" // the answer is 404, and there are versions below it
		if found.status == http.StatusNotFound && !marker || found.status == http.StatusForbidden && !r.isListed(ctx, o) {
			return ""
		}
		c := call{method: http.MethodDelete, bucket: o.bucket, key: o.key}
		if version := found.header.Get("x-amz-version-id"); version != "" && version != "null" {
			c.query = []sigv4.Param{{Name: "versionId", Value: version}}
		}
		a := r.send(ctx, r.server, c)
		if !a.ok() && a.status != http.StatusNotFound {
			if !found.ok() && !marker && !r.written.mayHold(o.key) {
				return ""
			}
			return a.String()
		}
		if !found.ok() && !marker { // HEAD is denied: this was all that can be done
			return ""
		}
	}
	return "there are more versions than are removed at once"
}

// endpointFlag is the flag by which the AWS CLI reaches the store, "" for AWS itself.
func (r *run) endpointFlag() string {
	if r.Store.Endpoint == "" {
		return ""
	}
	return "--endpoint-url " + shellQuote(r.Store.Endpoint)
}

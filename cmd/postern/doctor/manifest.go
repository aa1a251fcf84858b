package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
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
	mu      sync.Mutex // guards objects
	objects []object
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
	byBucket, why := map[string][]string{}, map[string]string{}
	for i, o := range m.objects {
		if left[i] != "" && !slices.Contains(byBucket[o.bucket], o.key) {
			byBucket[o.bucket], why[o.bucket] = append(byBucket[o.bucket], o.key), left[i]
		}
	}
	for _, bucket := range m.run.Config.Buckets() {
		keys := byBucket[bucket]
		if len(keys) == 0 {
			continue
		}
		var commands []string
		for _, key := range keys {
			commands = append(commands, strings.TrimSpace(fmt.Sprintf("aws s3 rm 's3://%s/%s' %s", bucket, key, m.run.endpointFlag())))
		}
		out = append(out, findings.Finding{Code: string(leftBehind), Severity: codes[leftBehind].severity, Bucket: bucket, Evidence: why[bucket],
			Sentence: fmt.Sprintf("%d test objects couldn't be removed", len(keys)), Remedy: strings.Join(commands, "\n")})
	}
	return out
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

// remove removes an object with all its versions, or a multipart upload. It returns why that
// failed, "" where nothing is left.
func (r *run) remove(ctx context.Context, o object) string {
	if o.uploadID != "" {
		a := r.send(ctx, r.server, call{method: http.MethodDelete, bucket: o.bucket, key: o.key, query: []sigv4.Param{{Name: "uploadId", Value: o.uploadID}}})
		if a.ok() || a.status == http.StatusNotFound {
			return ""
		}
		return a.String()
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
	return "--endpoint-url " + r.Store.Endpoint
}

package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// right is one action of the store that an identity has to be allowed.
type right struct {
	code    code
	action  string // as policies name it
	purpose string // what the server or a visitor can't do without it
}

// The rights of the server.
var (
	rightGet       = right{rightGetObject, "s3:GetObject", "look at what was uploaded"}
	rightList      = right{rightListBucket, "s3:ListBucket", "tell an object that isn't there from one that it may not see"}
	rightPut       = right{rightPutObject, "s3:PutObject", "begin a multipart upload"}
	rightDelete    = right{rightDeleteObject, "s3:DeleteObject", "remove what was refused"}
	rightCopy      = right{rightCopyObject, "s3:GetObject and s3:PutObject on one key", "give an object from a form its content type"}
	rightParts     = right{rightListParts, "s3:ListMultipartUploadParts", "compare the parts of a multipart upload"}
	rightAbort     = right{rightAbortUpload, "s3:AbortMultipartUpload", "free the parts of a multipart upload"}
	rightACL       = right{rightGetObjectACL, "s3:GetObjectAcl", "see what an unsigned header has set"}
	rightTags      = right{rightGetObjectTagging, "s3:GetObjectTagging", "see what an unsigned header has set"}
	rightSetTags   = right{rightPutObjectTagging, "s3:PutObjectTagging", "give an object from a form its tags"}
	rightMove      = right{rightQuarantine, "s3:PutObject below the profile's quarantine", "move what was refused there"}
	rightUpload    = right{rightUploadPut, "s3:PutObject", "upload"}
	rightUploadACL = right{rightUploadAttributes, "s3:PutObjectAcl and s3:PutObjectTagging", "upload with the profile's acl and tags"}
)

// miss reports a right that isn't there.
func (t *trial) miss(r right, whose string, a answer) {
	t.add(r.code, a.String(), fmt.Sprintf("%s may not %s: %s is missing", whose, r.purpose, r.action),
		t.inConfig("iam", "")+"   # prints the policy with "+r.action)
}

// denied reports that the store refused a call for want of a right. A HEAD has no code.
func (a answer) denied() bool {
	return a.status == http.StatusForbidden && (a.code == "" || a.code == "AccessDenied" || a.code == "AllAccessDisabled")
}

// checkServerRights makes each call that the server makes, on objects and uploads of its own.
func (t *trial) checkServerRights(ctx context.Context) {
	issued, err := t.issue(ctx, t.puts, formSize)
	if err != nil {
		return // checkPut reports it
	}
	own := call{method: http.MethodPut, bucket: t.bucket, key: issued.Key, body: []byte(Subject)}
	a := t.send(ctx, t.server, own)
	if a.denied() {
		t.miss(rightPut, t.server.name, a)
	}
	if a.ok() {
		t.checkOwnObject(ctx, issued.Key)
	}
	t.checkOwnUpload(ctx, issued.Key+".parts")
}

// checkOwnObject makes each call about an object.
func (t *trial) checkOwnObject(ctx context.Context, key string) {
	try := func(r right, c call) answer {
		c.bucket, c.key = t.bucket, key
		a := t.send(ctx, t.server, c)
		if a.denied() {
			t.miss(r, t.server.name, a)
		}
		return a
	}
	provider := t.Store.Provider
	read := try(rightGet, call{method: http.MethodGet})
	if missing := t.send(ctx, t.server, call{method: http.MethodGet, bucket: t.bucket, key: key + ".none"}); read.ok() && missing.denied() {
		t.miss(rightList, t.server.name, missing)
	}
	if read.ok() && (provider.PostPolicy || t.profile.Quarantine != "") {
		try(rightCopy, t.copyOf(key))
	}
	if provider.ACLs && !provider.RefusesUnsigned {
		try(rightACL, call{method: http.MethodGet, query: []sigv4.Param{{Name: "acl"}}})
	}
	if len(t.profile.Tags) > 0 && !provider.RefusesUnsigned {
		try(rightTags, call{method: http.MethodGet, query: []sigv4.Param{{Name: "tagging"}}})
	}
	if len(t.profile.Tags) > 0 && provider.PostPolicy && provider.Attributes().TagsField == "" {
		try(rightSetTags, call{method: http.MethodPut, query: []sigv4.Param{{Name: "tagging"}}, body: []byte("<Tagging><TagSet></TagSet></Tagging>")})
	}
	t.removeMarker(ctx, key, try(rightDelete, call{method: http.MethodDelete}))
}

// removeMarker removes the delete marker that a DELETE has put above the versions of an object, so
// that they are found when all is cleaned up. Buckets without versions have none.
func (t *trial) removeMarker(ctx context.Context, key string, deleted answer) {
	if version := deleted.header.Get("x-amz-version-id"); deleted.ok() && version != "" {
		t.send(ctx, t.server, call{method: http.MethodDelete, bucket: t.bucket, key: key, query: []sigv4.Param{{Name: "versionId", Value: version}}})
	}
}

// copyOf is a call that copies an object of this bucket, with other headers.
func (t *trial) copyOf(key string) call {
	prefix := t.headerPrefix()
	return call{method: http.MethodPut, headers: []sigv4.Param{{Name: "content-type", Value: profile.OctetStream},
		{Name: prefix + "copy-source", Value: t.bucket + "/" + key}, {Name: prefix + "metadata-directive", Value: "REPLACE"}}}
}

// headerPrefix begins the names of the store's own headers, such as x-amz-.
func (t *trial) headerPrefix() string {
	return strings.TrimSuffix(t.Store.Provider.Attributes().MetadataPrefix, "meta-")
}

// checkOwnUpload begins a multipart upload, lists its parts and aborts it.
func (t *trial) checkOwnUpload(ctx context.Context, key string) {
	id, begun := t.begin(ctx, key, nil)
	if begun.denied() {
		t.miss(rightPut, t.server.name, begun)
	}
	if id == "" {
		return
	}
	query := []sigv4.Param{{Name: "uploadId", Value: id}}
	if a := t.send(ctx, t.server, call{method: http.MethodGet, bucket: t.bucket, key: key, query: query}); a.denied() {
		t.miss(rightParts, t.server.name, a)
	}
	if a := t.send(ctx, t.server, call{method: http.MethodDelete, bucket: t.bucket, key: key, query: query}); a.denied() {
		t.miss(rightAbort, t.server.name, a)
	}
}

// begin begins a multipart upload with the server's own credentials; the ID is "" where the store
// gave none.
func (t *trial) begin(ctx context.Context, key string, headers []sigv4.Param) (string, answer) {
	a := t.send(ctx, t.server, call{method: http.MethodPost, bucket: t.bucket, key: key, query: []sigv4.Param{{Name: "uploads"}}, headers: headers})
	if !a.ok() {
		return "", a
	}
	id := a.element("UploadId")
	if id != "" {
		t.written.add(object{t.bucket, key, id})
		t.written.add(object{t.bucket, key, ""})
	}
	return id, a
}

// checkUploadRights puts an object as a visitor does, and reads it as the server does.
func (t *trial) checkUploadRights(ctx context.Context) {
	issued, err := t.issue(ctx, t.puts, formSize)
	if err != nil {
		return // checkPut reports it
	}
	content := sampleOf(t.served(t.puts)).content(formSize)
	a := t.put(ctx, issued, content)
	whose := t.visitor.name
	if !t.twoCredentials() {
		whose = t.server.name
	}
	if a.denied() {
		if plain := t.send(ctx, t.visitor, call{method: http.MethodPut, bucket: t.bucket, key: issued.Key, body: content}); plain.ok() {
			t.miss(rightUploadACL, whose, a)
		} else {
			t.miss(rightUpload, whose, a)
		}
	}
	if !a.ok() || !t.twoCredentials() {
		return
	}
	if read := t.send(ctx, t.server, call{method: http.MethodGet, bucket: t.bucket, key: issued.Key}); read.denied() && t.readsOwn(ctx, issued.Key+".own") {
		t.add(objectUnreadable, read.String(), "the server's own credentials can't read what the upload credentials have put",
			"store.upload_credentials: credentials of the same account as the server's own\nor, in the console, Object Ownership of the bucket: bucket owner enforced")
	}
	t.checkWidth(ctx, issued.Key)
}

// readsOwn reports whether the server can read an object that it has put itself.
func (t *trial) readsOwn(ctx context.Context, key string) bool {
	t.written.add(object{t.bucket, key, ""})
	put := t.send(ctx, t.server, call{method: http.MethodPut, bucket: t.bucket, key: key, body: []byte(Subject)})
	return put.ok() && t.send(ctx, t.server, call{method: http.MethodGet, bucket: t.bucket, key: key}).ok()
}

// checkWidth tries with the upload credentials what nobody but the server should be able to do.
func (t *trial) checkWidth(ctx context.Context, key string) {
	var wide []string
	if t.send(ctx, t.visitor, call{method: http.MethodGet, bucket: t.bucket, key: key}).ok() {
		wide = append(wide, "read objects (s3:GetObject)")
	}
	if t.send(ctx, t.visitor, listing(t.bucket)).ok() {
		wide = append(wide, "list the bucket (s3:ListBucket)")
	}
	if deleted := t.send(ctx, t.visitor, call{method: http.MethodDelete, bucket: t.bucket, key: key}); deleted.ok() && t.head(ctx, key).status == http.StatusNotFound {
		wide = append(wide, "delete objects (s3:DeleteObject)")
		t.removeMarker(ctx, key, deleted)
	}
	if outside := Subject + "-outside/" + Subject + key[strings.LastIndex(key, "/")+1:]; t.isOutside(outside) {
		t.written.add(object{t.bucket, outside, ""})
		if t.send(ctx, t.visitor, call{method: http.MethodPut, bucket: t.bucket, key: outside, body: []byte(Subject)}).ok() {
			wide = append(wide, "put objects outside the profiles' prefixes")
		}
	}
	if len(wide) > 0 {
		t.add(uploadCredentialsWide, "", "the upload credentials can "+strings.Join(wide, ", ")+": so can whoever gets hold of a URL where the store obeys unsigned headers",
			t.inConfig("iam", "")+"   # prints the policy for them: s3:PutObject below the profiles' prefixes and nothing else")
	}
}

// isOutside reports whether a key is outside the constant prefixes of all profiles of the bucket.
func (t *trial) isOutside(key string) bool {
	for _, p := range t.Config.Profiles {
		prefix, _, _ := strings.Cut(p.Key, "{")
		if p.Bucket == t.bucket && strings.HasPrefix(key, prefix) {
			return false
		}
	}
	return true
}

// put sends a file by the presigned PUT of an upload, with more headers.
func (t *trial) put(ctx context.Context, issued uploads.Issued, content []byte, more ...sigv4.Param) answer {
	return t.request(ctx, http.MethodPut, issued.Put.URL, append(slices.Clone(issued.Put.Headers), more...), content)
}

// holds reports whether the store has an object of so many bytes.
func (t *trial) holds(ctx context.Context, key string, size int) (bool, answer) {
	found := t.head(ctx, key)
	return found.ok() && found.header.Get("Content-Length") == strconv.Itoa(size), found
}

package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// checkPut sends a file by presigned PUT, as visitors get it from a store without POST policies.
func (t *trial) checkPut(ctx context.Context) {
	issued, err := t.issue(ctx, t.puts, formSize)
	if err != nil {
		t.add(putRefused, err.Error(), "no presigned PUT can be signed", "see the evidence")
		return
	}
	content := sampleOf(t.served(t.puts)).content(formSize)
	a := t.put(ctx, issued, content)
	if !a.ok() {
		t.add(putRefused, a.String(), "the store refuses a presigned PUT as visitors get it", t.inConfig("iam", "")+"   # s3:PutObject for the upload credentials")
		return
	}
	if there, found := t.holds(ctx, issued.Key, formSize); !there && !found.denied() && found.err == nil {
		t.add(putStoredNothing, found.String(), "the store accepts a presigned PUT and doesn't store the file", "another store or release: this one loses files")
		return
	}
	t.checkOverwrite(ctx, issued.Key)
}

// checkOverwrite puts an object in the place of another with the header that forbids it.
func (t *trial) checkOverwrite(ctx context.Context, key string) {
	names := t.Store.Provider.Attributes()
	if names.OverwriteHeader == "" {
		return
	}
	guard := []sigv4.Param{{Name: names.OverwriteHeader, Value: names.OverwriteValue}}
	a := t.send(ctx, t.server, call{method: http.MethodPut, bucket: t.bucket, key: key, headers: guard, body: []byte(Subject)})
	if a.err != nil || a.denied() {
		return
	}
	t.observe("conditional_put", a.refused() && a.status != http.StatusNotImplemented)
	if t.Store.Provider.ConditionalPut && a.ok() {
		t.add(overwriteAllowed, a.String(), "a PUT that forbids overwriting has overwritten an object", canLine("conditional_put", false))
	}
}

// wrongBody is a body that a URL signed for one length doesn't allow.
type wrongBody struct {
	name string
	body io.Reader
}

func wrongBodies(content []byte) []wrongBody {
	return []wrongBody{
		{"a longer body", bytes.NewReader(append(bytes.Clone(content), 0))},
		{"a shorter body", bytes.NewReader(content[:len(content)-1])},
		{"a body in chunks", io.MultiReader(bytes.NewReader(content))}, // of no known length
	}
}

// checkPutLength sends by a presigned PUT what it wasn't signed for.
func (t *trial) checkPutLength(ctx context.Context) {
	content := sampleOf(t.served(t.puts)).content(formSize)
	var taken []string
	for _, wrong := range wrongBodies(content) {
		issued, err := t.issue(ctx, t.puts, formSize)
		if err != nil {
			return // checkPut reports it
		}
		if t.requestOnce(ctx, http.MethodPut, issued.Put.URL, issued.Put.Headers, wrong.body).ok() {
			taken = append(taken, wrong.name)
		}
	}
	t.reportLength(taken, "a presigned PUT")
}

func (t *trial) reportLength(taken []string, what string) {
	if len(taken) > 0 {
		t.add(lengthIgnored, strings.Join(taken, ", "), "the store takes by "+what+" what it wasn't signed for",
			"another store or release: this one doesn't verify signed headers; until then the server removes such objects when uploads are completed")
	}
}

// checkUnsigned adds headers to a presigned PUT that weren't signed.
func (t *trial) checkUnsigned(ctx context.Context) {
	names := t.Store.Provider.Attributes()
	content := sampleOf(t.served(t.puts)).content(formSize)
	source, err := t.issue(ctx, t.puts, formSize)
	if err != nil || !t.put(ctx, source, content).ok() {
		return // checkPut reports it
	}
	var obeyed, evidence []string
	refused := true
	for _, extra := range []sigv4.Param{
		{Name: names.MetadataPrefix + Subject, Value: "unsigned"}, {Name: names.ACLHeader, Value: "public-read"},
		{Name: names.TagsHeader, Value: Subject + "=unsigned"}, {Name: t.headerPrefix() + "copy-source", Value: t.bucket + "/" + source.Key},
	} {
		issued, err := t.issue(ctx, t.puts, formSize+1) // so that a copy shows by its size
		if err != nil || extra.Name == "" {
			continue
		}
		a := t.put(ctx, issued, append(bytes.Clone(content), content[len(content)-1]), extra)
		refused = refused && !a.ok()
		if a.ok() && t.hasEffect(ctx, issued.Key, extra) {
			obeyed, evidence = append(obeyed, extra.Name), append(evidence, extra.Name+": "+a.String())
		}
	}
	t.observe("refuses_unsigned", refused)
	t.reportUnsigned(obeyed, strings.Join(evidence, ", "))
}

// hasEffect reports whether an object shows an unsigned header.
func (t *trial) hasEffect(ctx context.Context, key string, extra sigv4.Param) bool {
	found := t.head(ctx, key)
	switch {
	case strings.HasSuffix(extra.Name, "copy-source"):
		there, _ := t.holds(ctx, key, formSize)
		return there
	case strings.Contains(extra.Name, "meta-"):
		return found.header.Get(extra.Name) != ""
	case strings.HasSuffix(extra.Name, "tagging"):
		return found.header.Get(t.headerPrefix()+"tagging-count") != ""
	}
	return t.anonymous(ctx, key).ok()
}

func (t *trial) reportUnsigned(obeyed []string, evidence string) {
	if len(obeyed) == 0 {
		return
	}
	sentence := "the store obeys headers that weren't signed: " + strings.Join(obeyed, ", ")
	switch {
	case t.Store.Provider.RefusesUnsigned:
		t.add(unsignedObeyed, evidence, sentence, canLine("refuses_unsigned", false))
	case !t.twoCredentials():
		t.add(credentialsShared, evidence, sentence+"; a visitor can copy any object that the server can read",
			fmt.Sprintf("store.upload_credentials: {access_key_id: \"env:UP_ID\", secret_access_key: \"env:UP_SECRET\"}   # their policy: %s", t.inConfig("iam", "")))
	}
}

// anonymous reads an object without credentials, as any browser could.
func (t *trial) anonymous(ctx context.Context, key string) answer {
	address, err := t.Store.BucketURL(t.bucket)
	if err != nil {
		return answer{err: err}
	}
	return t.request(ctx, http.MethodGet, sigv4.ObjectURL(address, key), nil, nil)
}

// checkPublic looks whether anybody may read what is uploaded, and what is refused.
func (t *trial) checkPublic(ctx context.Context) {
	issued, err := t.issue(ctx, t.puts, formSize)
	if err != nil || !t.put(ctx, issued, sampleOf(t.served(t.puts)).content(formSize)).ok() {
		return // checkPut reports it
	}
	if a := t.anonymous(ctx, issued.Key); a.ok() && !strings.HasPrefix(string(t.profile.ACL), "public-") {
		t.add(objectPublic, a.String(), "anybody who knows its address can read an upload", "nothing, where that is meant; else "+t.policyRemedy("the profile's keys"))
	}
	if t.profile.Quarantine == "" {
		return
	}
	moved := t.profile.Quarantine + issued.Key
	t.written.add(object{t.bucket, moved, ""})
	c := t.copyOf(issued.Key)
	c.bucket, c.key = t.bucket, moved
	if a := t.send(ctx, t.server, c); a.denied() {
		t.miss(rightMove, t.server.name, a)
	}
	if a := t.anonymous(ctx, moved); a.ok() {
		t.add(quarantinePublic, a.String(), fmt.Sprintf("anybody can read what was refused and moved to %s", t.profile.Quarantine),
			t.policyRemedy(t.profile.Quarantine+"*"))
	}
}

// policyRemedy ends what a bucket policy lets everybody read. Which statement that is can't be seen
// from outside; other stores may have a setting of their own in its place.
func (t *trial) policyRemedy(what string) string {
	tool := func(action, comment string) string {
		return strings.Join(strings.Fields("aws s3api "+action+"-bucket-policy --bucket "+shellQuote(t.bucket)+" "+t.endpointFlag()), " ") + "   # " + comment
	}
	return "take " + what + " out of what everybody may read, where a bucket policy allows that:\n" + tool("get", "shows the policy; put-bucket-policy writes an edited one") + "\n" +
		tool("delete", "removes it whole, also what it allows or denies otherwise") + "\nwithout a policy: the store's own setting of public access, or the bucket's ACL"
}

// checkChecksums puts an object with a checksum of other bytes, by each algorithm that the store
// should know.
func (t *trial) checkChecksums(ctx context.Context) {
	issued, err := t.issue(ctx, t.puts, formSize)
	if err != nil {
		return // checkPut reports it
	}
	provider := t.Store.Provider
	for _, algorithm := range []profile.Checksum{profile.ChecksumMD5, profile.ChecksumCRC32, profile.ChecksumCRC32C, profile.ChecksumCRC64NVME} {
		recorded := slices.Contains(provider.Checksums, string(algorithm)) || algorithm == profile.ChecksumMD5 && provider.MD5
		if !recorded && !t.Learn {
			continue
		}
		a := t.send(ctx, t.server, call{method: http.MethodPut, bucket: t.bucket, key: issued.Key, body: []byte(Subject),
			headers: []sigv4.Param{{Name: algorithm.Header(), Value: checksumOf(algorithm, []byte("other bytes"))}}})
		if a.err != nil || a.denied() {
			continue
		}
		t.observe(string(algorithm), a.status == http.StatusBadRequest)
		if recorded && a.ok() {
			t.add(checksumIgnored, string(algorithm)+": "+a.String(), "the store takes an object with another checksum than the request names", canLine(string(algorithm), false))
		}
	}
}

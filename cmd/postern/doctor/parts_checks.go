package doctor

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// partsSize is the size of a file in two parts, the second of which has few bytes.
const partsSize = int(profile.MinPartSize) + 16

// checksumOf is the checksum of a part as its header writes it.
func checksumOf(c profile.Checksum, data []byte) string {
	var sum hash.Hash
	switch c {
	case profile.ChecksumCRC32:
		sum = crc32.NewIEEE()
	case profile.ChecksumCRC32C:
		sum = crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case profile.ChecksumCRC64NVME:
		sum = crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case profile.ChecksumMD5:
		sum = md5.New()
	default:
		return ""
	}
	_, _ = sum.Write(data) // a hash never fails
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// parts is one multipart upload under way.
type parts struct {
	*trial
	up      uploads.OpenUpload
	content []byte
}

// checkParts sends a file in two parts, completes it twice, and looks what the store has.
func (t *trial) checkParts(ctx context.Context) {
	issued, err := t.issue(ctx, t.forms, partsSize)
	if err != nil {
		t.add(partsRefused, errorText(err), "the server can't begin a multipart upload", t.inConfig("iam", "")+"   # s3:PutObject for the server")
		return
	}
	up, err := t.forms.Open(issued.Token, issued.ID, visitorOf(t.profile))
	if err != nil {
		t.add(partsRefused, errorText(err), "an upload token of the server's own can't be opened", "see the evidence")
		return
	}
	p := parts{t, up, sampleOf(t.served(t.forms)).content(partsSize)}
	p.sendWrong(ctx)
	for number := 1; number <= up.PartCount; number++ {
		a := p.send(ctx, number, p.part(number), p.part(number))
		if !a.ok() {
			t.add(partsRefused, a.String(), "the store refuses a part as visitors send it", t.inConfig("iam", "")+"   # s3:PutObject for the upload credentials")
			return
		}
	}
	stored, err := t.forms.ListParts(ctx, up)
	if err != nil || len(stored) != up.PartCount {
		t.add(partsRefused, fmt.Sprintf("%d of %d parts, %s", len(stored), up.PartCount, errorText(err)), "the store doesn't list the parts that were sent", t.inConfig("iam", "")+"   # s3:ListMultipartUploadParts for the server")
		return
	}
	t.complete(ctx, t.forms, issued)
}

// errorText is an error as evidence: of a problem, what the store said.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	var refusal *problem.Error
	if errors.As(err, &refusal) && refusal.Err != nil {
		return clip(refusal.Err.Error())
	}
	return clip(err.Error())
}

// part is the content of one part.
func (p parts) part(number int) []byte {
	from := (number - 1) * int(profile.MinPartSize)
	return p.content[from:min(from+int(profile.MinPartSize), len(p.content))]
}

// sign returns the URL of a part that is to have the checksum of some bytes.
func (p parts) sign(ctx context.Context, number int, summed []byte) (uploads.SignedPart, error) {
	signed, err := p.forms.SignParts(ctx, p.up, []uploads.PartRequest{{Number: number, Checksum: checksumOf(p.up.Checksum, summed)}})
	if err != nil {
		return uploads.SignedPart{}, err
	}
	return signed.Parts[0], nil
}

// send sends the bytes of a part under a URL that names the checksum of others, with more headers.
func (p parts) send(ctx context.Context, number int, body, summed []byte, more ...sigv4.Param) answer {
	part, err := p.sign(ctx, number, summed)
	if err != nil {
		return answer{err: err}
	}
	return p.request(ctx, http.MethodPut, part.URL, append(part.Headers, more...), body)
}

// sendWrong sends the last part in ways that weren't signed: all of them have to be refused.
func (p parts) sendWrong(ctx context.Context) {
	last := p.up.PartCount
	right := p.part(last)
	var taken []string
	for _, wrong := range wrongBodies(right) {
		part, err := p.sign(ctx, last, right)
		if err != nil {
			return // checkParts reports it
		}
		if p.requestOnce(ctx, http.MethodPut, part.URL, part.Headers, wrong.body).ok() {
			taken = append(taken, wrong.name)
		}
	}
	p.reportLength(taken, "the URL of a part")
	if c := p.up.Checksum; c != "" {
		other := bytes.Clone(right)
		other[0] ^= 1
		a := p.send(ctx, last, right, other)
		p.observe(string(c), !a.ok())
		if a.ok() {
			p.add(checksumIgnored, string(c), "the store takes a part with another checksum than the one that its URL names",
				canLine(string(c), false)+fmt.Sprintf("\nprofiles.%s.checksum: another one, or none", p.profile.Name))
		}
	}
}

// checkConditionalComplete completes multipart uploads with what the store should compare: that
// there is no object yet, and the object's size.
func (t *trial) checkConditionalComplete(ctx context.Context) {
	provider := t.Store.Provider
	taken, err := t.issue(ctx, t.puts, formSize)
	if err != nil || !t.put(ctx, taken, sampleOf(t.served(t.puts)).content(formSize)).ok() {
		return // checkPut reports it
	}
	names := provider.Attributes()
	if guard := names.OverwriteHeader; guard != "" && (provider.ConditionalComplete || t.Learn) {
		a := t.completeWith(ctx, taken.Key, sigv4.Param{Name: guard, Value: names.OverwriteValue})
		t.judgeComplete(a, "conditional_complete", provider.ConditionalComplete, overwriteAllowed, "completing a multipart upload that forbids overwriting has overwritten an object")
	}
	if provider.CompleteSize || t.Learn {
		a := t.completeWith(ctx, taken.Key+".size", sigv4.Param{Name: t.headerPrefix() + "mp-object-size", Value: "1"})
		t.judgeComplete(a, "complete_size", provider.CompleteSize, sizeIgnored, "the store completes a multipart upload of another size than named")
	}
}

func (t *trial) judgeComplete(a answer, ability string, recorded bool, c code, sentence string) {
	if a.err != nil || a.denied() || a.status == http.StatusNotFound {
		return
	}
	done := a.ok() && a.element("Code") == "" // an error may come with status 200
	t.observe(ability, !done && a.status != http.StatusNotImplemented)
	if recorded && done {
		t.add(c, a.String(), sentence, canLine(ability, false))
	}
}

// completeWith sends a multipart upload of one part and completes it with a header.
func (t *trial) completeWith(ctx context.Context, key string, header sigv4.Param) answer {
	id, begun := t.begin(ctx, key, nil)
	if id == "" {
		return begun
	}
	query := []sigv4.Param{{Name: "uploadId", Value: id}}
	sent := t.send(ctx, t.server, call{method: http.MethodPut, bucket: t.bucket, key: key, body: []byte(Subject),
		query: append([]sigv4.Param{{Name: "partNumber", Value: "1"}}, query...)})
	if !sent.ok() {
		return sent
	}
	var body struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    struct {
			PartNumber int
			ETag       string
		}
	}
	body.Part.PartNumber, body.Part.ETag = 1, sent.header.Get("ETag")
	text, err := xml.Marshal(body)
	if err != nil {
		return answer{err: err}
	}
	return t.send(ctx, t.server, call{method: http.MethodPost, bucket: t.bucket, key: key, query: query, headers: []sigv4.Param{header}, body: text})
}

// checkListing asks for the unfinished multipart uploads below a prefix that nobody has, which
// `postern sweep` needs.
func (t *trial) checkListing(ctx context.Context) {
	a := t.send(ctx, t.server, call{method: http.MethodGet, bucket: t.bucket, query: []sigv4.Param{{Name: "max-uploads", Value: "1"}, {Name: "prefix", Value: Subject + "/"}, {Name: "uploads"}}})
	if a.err == nil && !a.denied() {
		t.observe("list_uploads", a.ok())
	}
}

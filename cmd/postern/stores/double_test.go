package stores

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const bucket = "media"

// object is what a double has stored: its attributes are as they arrived, by the names of
// attributeNames.
type object struct {
	data       []byte
	attributes map[string]string
	metadata   map[string]string
	tags       map[string]string
	generation int
	algorithm  string // of the object's checksum, such as "crc32"; "" where none was asked for
	changed    time.Time
}

// unfinished is a multipart upload before its completion.
type unfinished struct {
	key   string
	made  *object
	parts map[int][]byte
}

// double is one store. It is strict: whatever isn't expected is refused.
type double struct {
	language
	forms  bool
	blind  bool       // parts aren't compared with the checksums that their requests name
	mu     sync.Mutex // guards the rest
	stored map[string]*object
	open   map[string]*unfinished
	serial int
	// refused holds what was refused, for the messages of tests.
	refused []string
}

func newDouble(l language, forms bool) *double {
	return &double{language: l, forms: forms, stored: map[string]*object{}, open: map[string]*unfinished{}}
}

// refusal is an answer that isn't a success.
type refusal struct {
	status        int
	code, message string
}

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler.
func (d *double) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rewrites { // as the front end of Cloud Storage does, before signatures are verified
		r.Header.Set("Accept-Encoding", "gzip,gzip(gfe)")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if bad := d.answer(w, r, body); bad != nil {
		d.refused = append(d.refused, fmt.Sprintf("%s %s: %d %s: %s", r.Method, r.URL.Path, bad.status, bad.code, bad.message))
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(bad.status)
		if r.Method != http.MethodHead {
			_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", bad.code, bad.message)
		}
	}
}

// answer finds the operation of a request and carries it out.
func (d *double) answer(w http.ResponseWriter, r *http.Request, body []byte) *refusal {
	key, bad := d.locate(r)
	if bad != nil {
		return bad
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		if key != "" {
			return refuse(405, "MethodNotAllowed", "forms go to the bucket")
		}
		return d.form(w, r, body)
	}
	if bad := d.verify(r, key, body); bad != nil {
		return bad
	}
	q := r.URL.Query()
	id := q.Get("uploadId")
	switch {
	case key == "":
		return d.bucketInfo(w, r)
	case r.Method == "POST" && q.Has("uploads"):
		return d.create(w, r, key)
	case r.Method == "PUT" && id != "":
		return d.part(w, r, key, body)
	case r.Method == "GET" && id != "":
		return d.listParts(w, id)
	case r.Method == "POST" && id != "":
		return d.complete(w, r, key, body)
	case r.Method == "DELETE" && id != "":
		delete(d.open, id)
		w.WriteHeader(204)
		return nil
	case r.Method == "GET" && q.Has("tagging"):
		return d.getTags(w, key)
	case r.Method == "GET" && q.Has("acl"):
		return d.getACL(w, key)
	case r.Method == "PUT" && q.Has("tagging"):
		return d.putTags(key, body)
	case r.Method == "PUT" && r.Header.Get(d.prefix+"copy-source") != "":
		return d.copy(w, r, key)
	case r.Method == "PUT":
		return d.put(w, r, key, body)
	case r.Method == "GET" || r.Method == "HEAD":
		return d.get(w, r, key)
	case r.Method == "DELETE":
		delete(d.stored, key)
		w.WriteHeader(204)
		return nil
	}
	return refuse(405, "MethodNotAllowed", "%s %s", r.Method, r.URL)
}

// locate returns the key of a request: the bucket is in the host or in the path, as the store has it.
func (d *double) locate(r *http.Request) (string, *refusal) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if d.virtual {
		if !strings.HasPrefix(r.Host, bucket+".") {
			return "", refuse(403, "SecondLevelDomainForbidden", "the bucket has to be in the host, got %s", r.Host)
		}
		return path, nil
	}
	rest, ok := strings.CutPrefix(path+"/", bucket+"/")
	if !ok {
		return "", refuse(404, "NoSuchBucket", "%s", path)
	}
	return strings.TrimSuffix(rest, "/"), nil
}

func (d *double) bucketInfo(w http.ResponseWriter, r *http.Request) *refusal {
	if d.virtual && (r.Method != "GET" || !r.URL.Query().Has("bucketInfo")) {
		return refuse(405, "MethodNotAllowed", "this store has no %s of a bucket", r.Method)
	}
	w.WriteHeader(200)
	return nil
}

// read makes an object of a request's headers. Unknown words are refused.
func (d *double) read(h http.Header) (*object, *refusal) {
	o := &object{attributes: map[string]string{}, metadata: map[string]string{}, tags: map[string]string{}, changed: time.Now()}
	for name := range h {
		lower := strings.ToLower(name)
		if meta, ok := strings.CutPrefix(lower, d.prefix+"meta-"); ok {
			o.metadata[meta] = h.Get(name)
			continue
		}
		if attribute, ok := d.headers[lower]; ok {
			if bad := d.setAttribute(o, attribute, h.Get(name)); bad != nil {
				return nil, bad
			}
		}
	}
	return o, nil
}

// setAttribute takes an attribute if its value is a word of this store.
func (d *double) setAttribute(o *object, attribute, value string) *refusal {
	if words, ok := d.words[attribute]; ok && !slices.Contains(words, value) {
		return refuse(400, "InvalidArgument", "%s %q isn't one of %v", attribute, value, words)
	}
	if attribute == "tags" {
		list, err := url.ParseQuery(value)
		if err != nil {
			return refuse(400, "InvalidTag", "%v", err)
		}
		for tag := range list {
			o.tags[tag] = list.Get(tag)
		}
		return nil
	}
	o.attributes[attribute] = value
	return nil
}

// store keeps an object unless a guard forbids it.
func (d *double) store(w http.ResponseWriter, key string, o *object, guarded bool) *refusal {
	if _, taken := d.stored[key]; taken && guarded {
		return refuse(d.taken, "PreconditionFailed", "there is an object already")
	}
	d.serial++
	o.generation = d.serial
	d.stored[key] = o
	w.Header().Set("ETag", etag(o.data))
	if d.generations {
		w.Header().Set("x-goog-generation", strconv.Itoa(o.generation))
	}
	return nil
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// guarded reports whether a request forbids to overwrite, in the words of this store alone.
func (d *double) guarded(h http.Header) (bool, *refusal) {
	if d.guard != "if-none-match" && h.Get("If-None-Match") != "" {
		return false, refuse(501, "NotImplemented", "If-None-Match")
	}
	return h.Get(d.guard) != "", nil
}

func (d *double) put(w http.ResponseWriter, r *http.Request, key string, body []byte) *refusal {
	if bad := d.checkBody(r, body); bad != nil {
		return bad
	}
	o, bad := d.read(r.Header)
	if bad != nil {
		return bad
	}
	o.data = body
	guarded, bad := d.guarded(r.Header)
	if bad == nil {
		bad = d.store(w, key, o, guarded)
	}
	return bad
}

// checkBody compares the body with the checksums that the request names.
func (d *double) checkBody(r *http.Request, body []byte) *refusal {
	if named := r.Header.Get("Content-Md5"); named != "" {
		if sum := md5.Sum(body); base64.StdEncoding.EncodeToString(sum[:]) != named {
			return refuse(400, "BadDigest", "the Content-MD5 isn't that of the body")
		}
	}
	for algorithm := range checksums {
		if named := r.Header.Get("x-amz-checksum-" + algorithm); named != "" && checksumOf(algorithm, body) != named {
			return refuse(400, "XAmzContentChecksumMismatch", "the %s isn't that of the body", algorithm)
		}
	}
	return nil
}

// checksums are those of S3 that a whole object of parts can have ("Checking object integrity" in
// its documentation).
var checksums = map[string]func() hash.Hash{
	"crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
}

// checksumOf returns a checksum as S3 writes it; md5 too, as Content-MD5 has it.
func checksumOf(algorithm string, data []byte) string {
	sum := md5.New()
	if algorithm != "md5" {
		sum = checksums[algorithm]()
	}
	_, _ = sum.Write(data) // a hash never fails
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

func (d *double) create(w http.ResponseWriter, r *http.Request, key string) *refusal {
	o, bad := d.read(r.Header)
	if bad != nil {
		return bad
	}
	d.serial++
	id := "upload-" + strconv.Itoa(d.serial)
	o.algorithm = strings.ToLower(r.Header.Get("x-amz-checksum-algorithm"))
	if _, known := checksums[o.algorithm]; o.algorithm != "" && !known {
		return refuse(400, "InvalidRequest", "checksum algorithm %q", o.algorithm)
	}
	d.open[id] = &unfinished{key: key, made: o, parts: map[int][]byte{}}
	writeXML(w, "<InitiateMultipartUploadResult><UploadId>"+id+"</UploadId></InitiateMultipartUploadResult>")
	return nil
}

func writeXML(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(w, xml.Header+text)
}

func (d *double) part(w http.ResponseWriter, r *http.Request, key string, body []byte) *refusal {
	m, ok := d.open[r.URL.Query().Get("uploadId")]
	if !ok || m.key != key {
		return refuse(404, "NoSuchUpload", "no such upload")
	}
	if bad := d.checkBody(r, body); bad != nil && !d.blind {
		return bad
	}
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if err != nil || number < 1 || number > 10000 {
		return refuse(400, "InvalidArgument", "part number")
	}
	m.parts[number] = body
	w.Header().Set("ETag", etag(body))
	return nil
}

func (d *double) listParts(w http.ResponseWriter, id string) *refusal {
	m, ok := d.open[id]
	if !ok {
		return refuse(404, "NoSuchUpload", "no such upload")
	}
	var b strings.Builder
	b.WriteString("<ListPartsResult><IsTruncated>false</IsTruncated>")
	for n := 1; n <= 10000 && n <= len(m.parts); n++ {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag><Size>%d</Size>", n, strings.ReplaceAll(etag(m.parts[n]), `"`, "&quot;"), len(m.parts[n]))
		if name := strings.ToUpper(m.made.algorithm); name != "" {
			fmt.Fprintf(&b, "<Checksum%s>%s</Checksum%s>", name, checksumOf(m.made.algorithm, m.parts[n]), name)
		}
		b.WriteString("</Part>")
	}
	writeXML(w, b.String()+"</ListPartsResult>")
	return nil
}

func (d *double) complete(w http.ResponseWriter, r *http.Request, key string, body []byte) *refusal {
	id := r.URL.Query().Get("uploadId")
	m, ok := d.open[id]
	if !ok || m.key != key {
		return refuse(404, "NoSuchUpload", "no such upload")
	}
	var list struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(body, &list); err != nil || len(list.Part) != len(m.parts) {
		return refuse(400, "InvalidPart", "not the parts that are there")
	}
	for _, p := range list.Part {
		if etag(m.parts[p.PartNumber]) != p.ETag {
			return refuse(400, "InvalidPart", "part %d has another ETag than %s", p.PartNumber, p.ETag)
		}
		m.made.data = append(m.made.data, m.parts[p.PartNumber]...)
	}
	if size := r.Header.Get("x-amz-mp-object-size"); size != "" && size != strconv.Itoa(len(m.made.data)) {
		return refuse(400, "InvalidRequest", "another size")
	}
	guarded, bad := d.guarded(r.Header)
	if bad == nil {
		bad = d.store(w, key, m.made, guarded)
	}
	if bad != nil {
		return bad
	}
	delete(d.open, id)
	writeXML(w, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>")
	return nil
}

func (d *double) putTags(key string, body []byte) *refusal {
	o, ok := d.stored[key]
	if !ok {
		return refuse(404, "NoSuchKey", "no such key")
	}
	var list struct {
		TagSet struct{ Tag []struct{ Key, Value string } }
	}
	if err := xml.Unmarshal(body, &list); err != nil {
		return refuse(400, "MalformedXML", "%v", err)
	}
	for _, tag := range list.TagSet.Tag {
		o.tags[tag.Key] = tag.Value
	}
	return nil
}

func (d *double) getTags(w http.ResponseWriter, key string) *refusal {
	o, ok := d.stored[key]
	if !ok {
		return refuse(404, "NoSuchKey", "no such key")
	}
	var b strings.Builder
	for name, value := range o.tags {
		fmt.Fprintf(&b, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", name, value)
	}
	writeXML(w, "<Tagging><TagSet>"+b.String()+"</TagSet></Tagging>")
	return nil
}

// getACL answers with the owner's grant and, for a public object, that of everybody.
func (d *double) getACL(w http.ResponseWriter, key string) *refusal {
	o, ok := d.stored[key]
	if !ok {
		return refuse(404, "NoSuchKey", "no such key")
	}
	const xsi = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	text := `<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList><Grant><Grantee ` + xsi +
		` xsi:type="CanonicalUser"><ID>owner</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>`
	if o.attributes["acl"] == "public-read" {
		text += `<Grant><Grantee ` + xsi + ` xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>`
	}
	writeXML(w, text+"</AccessControlList></AccessControlPolicy>")
	return nil
}

func (d *double) copy(w http.ResponseWriter, r *http.Request, key string) *refusal {
	source, err := url.PathUnescape(strings.TrimPrefix(r.Header.Get(d.prefix+"copy-source"), "/"))
	from, ok := d.stored[strings.TrimPrefix(source, bucket+"/")]
	if err != nil || !ok || r.Header.Get(d.prefix+"copy-source-if-match") != etag(from.data) {
		return refuse(412, "PreconditionFailed", "copy of %s", source)
	}
	o, bad := d.read(r.Header)
	if bad != nil {
		return bad
	}
	o.data, o.tags = from.data, from.tags
	if bad := d.store(w, key, o, false); bad != nil {
		return bad
	}
	writeXML(w, "<CopyObjectResult><ETag>"+strings.ReplaceAll(etag(o.data), `"`, "&quot;")+"</ETag></CopyObjectResult>")
	return nil
}

func (d *double) get(w http.ResponseWriter, r *http.Request, key string) *refusal {
	o, ok := d.stored[key]
	if !ok {
		return refuse(404, "NoSuchKey", "no such key")
	}
	h := w.Header()
	h.Set("ETag", etag(o.data))
	h.Set("Last-Modified", o.changed.UTC().Format(http.TimeFormat))
	for header, attribute := range d.headers {
		if value := o.attributes[attribute]; value != "" && attribute != "acl" && attribute != "tags" {
			h.Set(header, value)
		}
	}
	for name, value := range o.metadata {
		h.Set(d.prefix+"meta-"+name, value)
	}
	if len(o.tags) > 0 {
		h.Set(d.prefix+"tagging-count", strconv.Itoa(len(o.tags)))
	}
	if d.generations {
		h.Set("x-goog-generation", strconv.Itoa(o.generation))
	}
	if o.algorithm != "" && r.Header.Get("x-amz-checksum-mode") != "" {
		h.Set("x-amz-checksum-"+o.algorithm, checksumOf(o.algorithm, o.data))
		h.Set("x-amz-checksum-type", "FULL_OBJECT")
	}
	h.Set("Content-Length", strconv.Itoa(len(o.data)))
	w.WriteHeader(200)
	if r.Method == "GET" {
		_, _ = w.Write(o.data)
	}
	return nil
}

package uploads

import (
	"testing"

	"github.com/gabriel-vasile/mimetype"

	"github.com/postern-dev/postern/policy/profile"
)

func servedWith(t *testing.T, types ...string) *ServedProfile {
	t.Helper()
	compiled, err := profile.Compile(profile.Profile{Name: "p", Bucket: "bucket", Key: "u/{subject}/{id}", Types: types, MaxSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return &ServedProfile{compiled: compiled, Settings: compiled.Profile()}
}

// firstBytes are the first bytes of files, by what they are.
var firstBytes = map[string]string{
	"png": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "jpeg": "\xff\xd8\xff\xe0\x00\x10JFIF", "gif": "GIF89a", "webp": "RIFF\x00\x00\x00\x00WEBPVP8 ",
	"pdf": "%PDF-1.7\n", "zip": "PK\x03\x04\x14\x00\x00\x00", "mp4": "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "mov": "\x00\x00\x00\x14ftypqt  ",
	"heic": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "html": "<!DOCTYPE html><html>", "svg": `<svg xmlns="http://www.w3.org/2000/svg">`,
	"xml": `<?xml version="1.0"?><a/>`, "text": "Dear Sir or Madam", "json": `{"a":[1,2]}`, "csv": "a,b\n1,2\n3,4\n", "junk": "\x00\x01\x02\x03\xfe",
	"ole": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "exe": "MZ\x90\x00",
}

func TestBytesAreComparedWithTheDeclaredType(t *testing.T) {
	t.Parallel()
	cases := []struct {
		types          []string
		declared, file string
		admitted       bool
	}{
		{[]string{"image/png"}, "image/png", "png", true},
		{[]string{"image/png"}, "image/png", "text", false},
		{[]string{"image/png"}, "image/png", "html", false},
		{[]string{"image/png"}, "image/png", "junk", false},
		{[]string{"image/png", "image/jpeg"}, "image/png", "jpeg", false},
		{[]string{"image/*"}, "image/png", "jpeg", true},
		{[]string{"image/*"}, "image/png", "svg", false},
		{[]string{"image/*"}, "image/x-raw", "junk", true},
		{[]string{"image/*"}, "image/x-raw", "text", false},
		{[]string{"image/*", "image/svg+xml"}, "image/svg+xml", "svg", true},
		{[]string{"image/*", "image/svg+xml"}, "image/svg+xml", "html", false},
		{[]string{"image/heif"}, "image/heif", "heic", true},
		{[]string{"video/mp4"}, "video/mp4", "mov", true},
		{[]string{"video/mp4"}, "video/mp4", "heic", false},
		{[]string{"video/mp4"}, "video/mp4", "junk", false},
		{[]string{"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "zip", true},
		{[]string{"application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text", false},
		{[]string{"application/msword"}, "application/msword", "ole", true},
		{[]string{"text/csv"}, "text/csv", "csv", true},
		{[]string{"text/csv"}, "text/csv", "text", true},
		{[]string{"text/csv"}, "text/csv", "exe", false},
		{[]string{"text/plain"}, "text/plain", "csv", true},
		{[]string{"text/plain"}, "text/plain", "html", false},
		{[]string{"text/plain", "text/html"}, "text/plain", "html", true},
		{[]string{"text/markdown"}, "text/markdown", "text", true},
		{[]string{"text/markdown"}, "text/markdown", "png", false},
		{[]string{"application/pdf"}, "application/pdf", "pdf", true},
		{[]string{"application/pdf"}, "application/pdf", "zip", false},
		{[]string{"application/x-drawing"}, "application/x-drawing", "junk", true},
		{[]string{"application/x-drawing"}, "application/x-drawing", "html", false},
		{[]string{"application/octet-stream"}, "application/octet-stream", "exe", true},
		{[]string{"application/octet-stream"}, "application/octet-stream", "html", false},
		{[]string{"*/*"}, "video/mp4", "png", true},
		{[]string{"*/*"}, "video/mp2t", "text", true},
		{[]string{"*/*"}, "application/octet-stream", "html", false},
		{[]string{"*/*"}, "text/plain", "svg", false},
		{[]string{"*/*"}, "text/plain", "xml", false},
		{[]string{"*/*"}, "application/unknown", "text", false},
		{[]string{"*/*"}, "Unknown/Unknown", "junk", false},
		{[]string{"*/*", "application/unknown"}, "application/unknown", "junk", true},
		{[]string{"*/*", "application/unknown"}, "application/unknown", "html", false},
		{[]string{"*/*", "text/html"}, "text/html", "html", true},
		{[]string{"*/*", "application/xml"}, "application/xml", "xml", true},
		{[]string{"image/png"}, "image/gif", "png", false},
		{[]string{"image/jpg"}, "image/jpg", "jpeg", true},
		{[]string{"image/jpg"}, "image/jpg", "png", false},
		{[]string{"image/x-png"}, "image/x-png", "png", true},
		{[]string{"image/x-png"}, "image/x-png", "text", false},
		{[]string{"application/x-zip-compressed"}, "application/x-zip-compressed", "zip", true},
		{[]string{"application/zip-compressed"}, "application/zip-compressed", "text", false},
		{[]string{"application/csv"}, "application/csv", "csv", true},
		{[]string{"application/csv"}, "application/csv", "html", false},
		{[]string{"text/csv"}, "text/csv", "html", false},
		{[]string{"video/x-quicktime"}, "video/x-quicktime", "mov", true},
		{[]string{"image/heic"}, "image/heic", "text", false},
		{[]string{"image/heic"}, "image/heic", "junk", false},
		{[]string{"*/*"}, "image/heic", "html", false},
	}
	for _, c := range cases {
		if got := servedWith(t, c.types...).admits(c.declared, detectedType{mimetype.Detect([]byte(firstBytes[c.file]))}); got != c.admitted {
			t.Errorf("%v: %s as %s: wanted %v", c.types, c.file, c.declared, c.admitted)
		}
	}
}

func TestAnObjectWithoutATypeGetsOneOfTheProfile(t *testing.T) {
	t.Parallel()
	cases := []struct {
		types        []string
		file, wanted string // "" is refused
	}{
		{[]string{"image/png", "image/jpeg"}, "jpeg", "image/jpeg"},
		{[]string{"image/png", "image/jpeg"}, "gif", ""},
		{[]string{"image/png", "image/jpeg"}, "text", ""},
		{[]string{"image/png", "image/jpeg"}, "junk", ""},
		{[]string{"image/*"}, "webp", "image/webp"},
		{[]string{"image/*"}, "svg", ""},
		{[]string{"*/*"}, "pdf", "application/pdf"},
		{[]string{"*/*"}, "junk", "application/octet-stream"},
		{[]string{"*/*"}, "html", ""},
		{[]string{"*/*", "text/html"}, "html", "text/html"},
		{[]string{"application/xml"}, "xml", "application/xml"},
		{[]string{"text/csv"}, "text", "text/csv"},
		{[]string{"text/markdown"}, "text", "text/markdown"},
		{[]string{"text/markdown", "text/csv"}, "text", ""},
		{[]string{"application/octet-stream"}, "exe", "application/octet-stream"},
		{[]string{"image/jpg", "image/png"}, "jpeg", "image/jpg"},
		{[]string{"application/x-zip-compressed"}, "zip", "application/x-zip-compressed"},
		{[]string{"application/csv", "text/markdown"}, "csv", "application/csv"},
		{[]string{"text/csv"}, "html", ""},
		{[]string{"application/octet-stream"}, "html", ""},
	}
	for _, c := range cases {
		got, ok := servedWith(t, c.types...).typeFor(detectedType{mimetype.Detect([]byte(firstBytes[c.file]))})
		if got != c.wanted || ok != (c.wanted != "") {
			t.Errorf("%v: %s: wanted %q, got %q", c.types, c.file, c.wanted, got)
		}
	}
}

func TestTheStoresDefaultTypeIsTheGenericType(t *testing.T) {
	t.Parallel()
	cases := []struct {
		stored, planned string
		same            bool
	}{
		{"image/png", "image/png", true}, {"IMAGE/PNG; charset=binary", "image/png", true}, {"image/png", "image/jpeg", false},
		{"", "application/octet-stream", true}, {"", "binary/octet-stream", true},
		{"binary/octet-stream", "application/octet-stream", true}, {"application/octet-stream", "binary/octet-stream", true},
		{"binary/octet-stream", "binary/octet-stream", true}, {"binary/octet-stream", "image/png", false},
		{"image/png,text/html", "image/png", false}, {"image/png;,text/html", "image/png", false}, {"image/png; a=b, text/html", "image/png", false},
	}
	for _, c := range cases {
		if got := isSameType(c.stored, c.planned); got != c.same {
			t.Errorf("stored %q, planned %q: wanted %v", c.stored, c.planned, c.same)
		}
	}
}

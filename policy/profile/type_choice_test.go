package profile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy/profile"
)

// TestOtherNamesOfATypeBecomeTheProfilesOwn has what systems and browsers call files, and the type
// that a profile with the listed types signs; "" is refused.
func TestOtherNamesOfATypeBecomeTheProfilesOwn(t *testing.T) {
	t.Parallel()
	const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	const pptx = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	cases := []struct{ types, file, declared, signed string }{
		// Pictures.
		{"image/jpeg", "a.jpg", "image/jpg", "image/jpeg"},
		{"image/jpeg", "a.jpg", "image/pjpeg", "image/jpeg"},
		{"image/jpeg", "a.jfif", "image/pipeg", "image/jpeg"},
		{"image/jpeg", "a.jpg", "image/x-jpeg", "image/jpeg"},
		{"image/jpg", "a.jpg", "image/jpeg", "image/jpg"},
		{"image/jpg", "a.jpg", "image/pjpeg", "image/jpg"},
		{"image/jpg image/jpeg", "a.jpg", "image/jpeg", "image/jpeg"},
		{"image/jpg image/jpeg", "a.jpg", "image/pjpeg", "image/jpg"},
		{"image/png", "a.png", "image/x-png", "image/png"},
		{"image/x-png", "a.png", "image/png", "image/x-png"},
		{"image/png", "a.apng", "image/apng", ""},
		{"image/bmp", "a.bmp", "image/x-ms-bmp", "image/bmp"},
		{"image/bmp", "a.bmp", "image/x-windows-bmp", "image/bmp"},
		{"image/tiff", "a.tif", "image/tif", "image/tiff"},
		{"image/vnd.microsoft.icon", "a.ico", "image/x-icon", "image/vnd.microsoft.icon"},
		{"image/heif", "a.heic", "image/heic", "image/heif"},
		{"image/heic", "a.heic", "image/heif", "image/heic"},
		{"image/heic", "a.heif", "image/heif", "image/heic"},
		{"image/heic", "a.avif", "image/heif", ""},
		{"image/vnd.adobe.photoshop", "a.psd", "application/x-photoshop", "image/vnd.adobe.photoshop"},
		{"image/vnd.dwg", "a.dwg", "application/acad", "image/vnd.dwg"},
		{"image/*", "a.jpg", "image/jpg", "image/jpeg"},
		{"image/*", "a.psd", "application/x-photoshop", "image/vnd.adobe.photoshop"},
		{"image/png", "a.jpg", "image/jpg", ""},
		// Sound.
		{"audio/wav", "a.wav", "audio/x-wav", "audio/wav"},
		{"audio/wav", "a.wav", "audio/wave", "audio/wav"},
		{"audio/x-wav", "a.wav", "audio/vnd.wave", "audio/x-wav"},
		{"audio/mpeg", "a.mp3", "audio/mp3", "audio/mpeg"},
		{"audio/mpeg", "a.mp3", "audio/x-mpeg-3", "audio/mpeg"},
		{"audio/mp3", "a.mp3", "audio/mpeg", "audio/mp3"},
		{"audio/mp4", "a.m4a", "audio/x-m4a", "audio/mp4"},
		{"audio/mp4", "a.m4a", "video/mp4", "audio/mp4"},
		{"audio/aac", "a.aac", "audio/vnd.dlna.adts", "audio/aac"},
		{"audio/flac", "a.flac", "audio/x-flac", "audio/flac"},
		{"audio/ogg", "a.ogg", "application/ogg", "audio/ogg"},
		{"audio/ogg", "a.ogg", "video/ogg", "audio/ogg"},
		{"audio/midi", "a.mid", "audio/mid", "audio/midi"},
		{"audio/aiff", "a.aif", "audio/x-aiff", "audio/aiff"},
		{"audio/wav", "a.wav", "audio/mpeg", ""},
		// Films.
		{"video/mp4", "a.m4v", "video/x-m4v", "video/mp4"},
		{"video/x-m4v", "a.m4v", "video/mp4", "video/x-m4v"},
		{"video/quicktime", "a.mov", "video/x-quicktime", "video/quicktime"},
		{"video/x-msvideo", "a.avi", "video/avi", "video/x-msvideo"},
		{"video/x-msvideo", "a.avi", "video/msvideo", "video/x-msvideo"},
		{"video/x-matroska", "a.mkv", "video/matroska", "video/x-matroska"},
		{"video/mp2t", "a.mts", "video/vnd.dlna.mpeg-tts", "video/mp2t"},
		{"video/3gpp", "a.3gp", "audio/3gpp", "video/3gpp"},
		{"video/webm", "a.webm", "audio/webm", "video/webm"},
		{"video/*", "a.mp4", "application/x-matroska", "video/x-matroska"},
		// Documents.
		{"application/pdf", "a.pdf", "application/x-pdf", "application/pdf"},
		{"application/pdf", "a.pdf", "text/pdf", "application/pdf"},
		{"application/msword", "a.doc", "application/x-msword", "application/msword"},
		{docx, "a.docx", "application/msword", docx},
		{docx, "a.docx", "application/zip", docx},
		{docx, "a.docx", "application/x-zip-compressed", docx},
		{docx, "a.zip", "application/zip", ""},
		{xlsx, "a.xlsx", "application/vnd.ms-excel", xlsx},
		{xlsx, "a.xls", "application/vnd.ms-excel", ""},
		{pptx, "a.pptx", "application/vnd.ms-powerpoint", pptx},
		{"application/vnd.oasis.opendocument.text", "a.odt", "application/x-vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"},
		{"application/rtf", "a.rtf", "text/rtf", "application/rtf"},
		{"text/rtf", "a.rtf", "application/msword", "text/rtf"},
		{"application/epub+zip", "a.epub", "application/zip", "application/epub+zip"},
		// Text.
		{"text/csv", "a.csv", "application/vnd.ms-excel", "text/csv"},
		{"text/csv", "a.csv", "application/msexcel", "text/csv"},
		{"text/csv", "a.CSV", "application/csv", "text/csv"},
		{"text/csv", "a.csv", "text/x-csv", "text/csv"},
		{"text/csv", "a.csv", "text/comma-separated-values", "text/csv"},
		{"text/csv", "a.csv", "text/plain", "text/csv"},
		{"application/csv", "a.csv", "text/csv", "application/csv"},
		{"text/csv", "a.xls", "application/vnd.ms-excel", ""},
		{"text/csv", "a", "application/vnd.ms-excel", ""},
		{"text/csv", "a.txt", "text/plain", ""},
		{"text/markdown", "a.md", "text/x-markdown", "text/markdown"},
		{"text/markdown", "a.md", "text/plain", "text/markdown"},
		{"text/plain", "a.md", "text/markdown", ""},
		{"application/json", "a.json", "text/json", "application/json"},
		{"application/x-ndjson", "a.ndjson", "application/jsonl", "application/x-ndjson"},
		{"text/vcard", "a.vcf", "text/x-vcard", "text/vcard"},
		{"application/yaml", "a.yml", "text/x-yaml", "application/yaml"},
		{"text/*", "a.csv", "application/csv", "text/csv"},
		// Archives, fonts, models.
		{"application/zip", "a.zip", "application/x-zip-compressed", "application/zip"},
		{"application/zip", "a.zip", "application/x-zip", "application/zip"},
		{"application/zip", "a.zip", "application/x-compressed", "application/zip"},
		{"application/gzip", "a.gz", "application/x-gzip", "application/gzip"},
		{"application/gzip", "a.tgz", "application/x-compressed-tar", "application/gzip"},
		{"application/vnd.rar", "a.rar", "application/x-rar-compressed", "application/vnd.rar"},
		{"application/x-7z-compressed", "a.7z", "application/x-compressed", "application/x-7z-compressed"},
		{"application/x-tar", "a.tar", "application/x-gtar", "application/x-tar"},
		{"application/zstd", "a.zst", "application/x-zstd", "application/zstd"},
		{"font/woff", "a.woff", "application/x-font-woff", "font/woff"},
		{"font/ttf", "a.ttf", "application/x-font-ttf", "font/ttf"},
		{"model/stl", "a.stl", "application/vnd.ms-pki.stl", "model/stl"},
		// Types that can run script have other names too, and have to be named all the same.
		{"text/javascript", "a.js", "application/x-javascript", "text/javascript"},
		{"application/xml", "a.xml", "text/xml", "application/xml"},
		{"*/*", "a.xml", "text/xml", ""},
		{"text/*", "a.js", "application/javascript", ""},
		{"image/svg+xml", "a.svg", "text/xml", ""},
		{"text/html", "a.html", "application/xhtml+xml", ""},
		// Wildcards know one name.
		{"*/*", "a.csv", "application/csv", "text/csv"},
		{"*/*", "a.csv", "application/vnd.ms-excel", "application/vnd.ms-excel"},
		{"*/*", "a.own", "application/x-own", "application/x-own"},
		{"application/*", "a.csv", "application/csv", "application/csv"},
	}
	for _, k := range cases {
		if got := signedType(t, k.types, k.file, k.declared); got != k.signed {
			t.Errorf("%s as %s in a profile of %s: wanted %q, got %q", k.file, k.declared, k.types, k.signed, got)
		}
	}
}

// signedType is the type of a plan, "" for one that is refused by its type.
func signedType(t *testing.T, types, file, declared string) string {
	t.Helper()
	c := compile(t, func(p *profile.Profile) { p.Types = strings.Fields(types) })
	p, err := c.Plan(alice(), profile.File{Name: file, Type: declared, Size: 1}, params())
	if err != nil && !errors.Is(err, &profile.RequestError{Code: profile.TypeNotAllowed, Field: "type"}) {
		t.Fatal(err)
	}
	return p.Type
}

func TestAFileWithoutATypeGetsThatOfItsExtension(t *testing.T) {
	t.Parallel()
	cases := []struct{ types, file, signed string }{
		{"image/jpeg image/png image/heic", "a.heic", "image/heic"},
		{"image/jpeg image/png image/heic", "a.HEIC", "image/heic"},
		{"image/jpeg image/png image/heic", "a.jfif", "image/jpeg"},
		{"image/jpg", "a.jpeg", "image/jpg"},
		{"image/jpeg", "a.png", ""},
		{"image/jpeg", "a", ""},
		{"image/jpeg", ".jpg", ""},
		{"image/jpeg", "a.jpg.", ""},
		{"image/jpeg", "a.jpg.exe", ""},
		{"image/jpeg", "a.jp\u200bg", "image/jpeg"},
		{"image/jpeg", "a.ｊｐｇ", ""},
		{"image/apng", "a.png", "image/apng"},
		{"text/markdown", "a.md", "text/markdown"},
		{"text/plain", "a.md", "text/plain"},
		{"text/plain", "a.txt", "text/plain"},
		{"audio/3gpp", "a.3gp", "audio/3gpp"},
		{"application/x-compressed-tar", "a.tgz", "application/x-compressed-tar"},
		{"image/*", "a.heic", "image/heic"},
		{"image/*", "a.svg", ""},
		{"image/*", "a.pdf", ""},
		{"*/*", "a.heic", "image/heic"},
		{"*/*", "a.mp4", "video/mp4"},
		{"*/*", "a.webm", "video/webm"},
		{"*/*", "a.csv", "text/csv"},
		{"*/*", "a.log", "text/plain"},
		{"*/*", "a.bin", profile.OctetStream},
		{"*/*", "a.dat", profile.OctetStream},
		{"*/*", "a", profile.OctetStream},
		{"*/*", "a.html", profile.OctetStream},
		{"*/*", "a.svg", profile.OctetStream},
		{"*/*", "a.php", profile.OctetStream},
		{"*/* text/html", "a.html", profile.OctetStream},
		{"image/svg+xml", "a.svg", "image/svg+xml"},
		{"application/octet-stream", "a.png", profile.OctetStream},
		{"application/octet-stream image/*", "a.png", profile.OctetStream},
		{"application/octet-stream image/png", "a.png", "image/png"},
		{"application/octet-stream image/svg+xml", "a.svg", profile.OctetStream},
	}
	for _, k := range cases {
		for _, declared := range []string{"", " ", "application/octet-stream", "Application/Octet-Stream; x=1", "binary/octet-stream"} {
			if got := signedType(t, k.types, k.file, declared); got != k.signed {
				t.Errorf("%s as %q in a profile of %s: wanted %q, got %q", k.file, declared, k.types, k.signed, got)
			}
		}
	}
}

func TestNoNameOfAPassiveTypeIsActive(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(strings.TrimSpace(profile.TypeTable)) {
		types, _, _ := strings.Cut(line, ":")
		types, mistaken, _ := strings.Cut(types, "?")
		names, _, _ := strings.Cut(types, "|")
		for _, name := range strings.Fields(names) {
			if profile.Active(name) != profile.Active(strings.Fields(names)[0]) {
				t.Errorf("%q: one is active, another is not", names)
			}
			if !slices.Equal(profile.TypeNames(name), strings.Fields(names)) {
				t.Errorf("%s: wanted the names %s, got %q", name, names, profile.TypeNames(name))
			}
		}
		for _, other := range strings.Fields(mistaken) {
			if clean, ok := profile.CleanType(other); !ok || clean != other || clean == profile.OctetStream {
				t.Errorf("%q is no type that says something", other)
			}
		}
	}
	c := compile(t, func(p *profile.Profile) { p.Types = []string{"*/*"} })
	for _, e := range append(dangerous, "svg", "html") {
		for _, declared := range []string{"", "text/plain", "application/zip", "text/xml"} {
			p, err := c.Plan(alice(), profile.File{Name: "a." + e, Type: declared, Size: 1}, params())
			if err == nil && profile.Active(p.Type) {
				t.Errorf("a.%s as %q is stored as %s", e, declared, p.Type)
			}
		}
	}
}

// TestARefusedTypeSaysWhatWouldDo has the words that a refusal has to hold, and one that it may
// not.
func TestARefusedTypeSaysWhatWouldDo(t *testing.T) {
	t.Parallel()
	cases := []struct {
		types, file, declared string
		says                  []string
		never                 string
	}{
		{"image/jpeg image/heic", "a.txt", "", []string{"image/heic", ".heic", ".jpg"}, "script"},
		{"image/*", "a", "", []string{"image/*", "extension"}, "script"},
		{"*/*", "a.svg", "image/svg+xml", []string{"script", "image/svg+xml"}, "one of */*"},
		{"image/*", "a.svg", "image/svg+xml", []string{"script", "image/*"}, "one of image/*"},
		{"image/png", "a.svg", "image/svg+xml", []string{"one of image/png"}, "script"},
		{"image/png", "a.png", "image/png,text/html", []string{"one content type", "image/png"}, "script"},
		{"application/zip", "a.rar", "application/x-rar", []string{"one of application/zip", "application/x-rar"}, "script"},
	}
	for _, k := range cases {
		c := compile(t, func(p *profile.Profile) { p.Types = strings.Fields(k.types) })
		_, err := c.Plan(alice(), profile.File{Name: k.file, Type: k.declared, Size: 1}, params())
		if err == nil || strings.Contains(err.Error(), k.never) {
			t.Errorf("%s as %q in a profile of %s: got %v", k.file, k.declared, k.types, err)
			continue
		}
		for _, text := range k.says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s as %q in a profile of %s: wanted %q in %q", k.file, k.declared, k.types, text, err)
			}
		}
	}
}

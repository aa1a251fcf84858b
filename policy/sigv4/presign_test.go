package sigv4_test

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestObjectURL(t *testing.T) {
	t.Parallel()
	for key, wanted := range map[string]string{
		"a/b.txt":         "http://127.0.0.1:9000/media/a/b.txt",
		"a b+c%20~*":      "http://127.0.0.1:9000/media/a%20b%2Bc%2520~%2A",
		"//x/./../y/":     "http://127.0.0.1:9000/media///x/./../y/",
		"é\u2028":         "http://127.0.0.1:9000/media/%C3%A9%E2%80%A8",
		"?a=b#c&d":        "http://127.0.0.1:9000/media/%3Fa%3Db%23c%26d",
		"\xff\x00":        "http://127.0.0.1:9000/media/%FF%00",
		`"><script>`:      "http://127.0.0.1:9000/media/%22%3E%3Cscript%3E",
		"@user:1,2;3!'()": "http://127.0.0.1:9000/media/%40user%3A1%2C2%3B3%21%27%28%29",
	} {
		for _, bucket := range []string{"http://127.0.0.1:9000/media", "http://127.0.0.1:9000/media/"} {
			if got := sigv4.ObjectURL(bucket, key); got != wanted {
				t.Errorf("%q: got %s, wanted %s", key, got, wanted)
			}
		}
	}
}

func TestPresignRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*sigv4.PresignRequest)
		wanted string
	}{
		"no method":                      {func(p *sigv4.PresignRequest) { p.Method = "" }, "method"},
		"a URL without a scheme":         {func(p *sigv4.PresignRequest) { p.URL = "example.com/a" }, "https://"},
		"another scheme":                 {func(p *sigv4.PresignRequest) { p.URL = "ftp://example.com/a" }, "https://"},
		"no host":                        {func(p *sigv4.PresignRequest) { p.URL = "https:///a" }, "host"},
		"a host in upper case":           {func(p *sigv4.PresignRequest) { p.URL = "https://Example.com/a" }, "host"},
		"a user":                         {func(p *sigv4.PresignRequest) { p.URL = "https://me@example.com/a" }, "host"},
		"a query":                        {func(p *sigv4.PresignRequest) { p.URL += "?x=y" }, "path"},
		"a fragment":                     {func(p *sigv4.PresignRequest) { p.URL += "#x" }, "path"},
		"a raw space":                    {func(p *sigv4.PresignRequest) { p.URL += " " }, "path"},
		"an escape in lower case":        {func(p *sigv4.PresignRequest) { p.URL += "%c3" }, "path"},
		"an escape that isn't needed":    {func(p *sigv4.PresignRequest) { p.URL += "%41" }, "path"},
		"an incomplete escape":           {func(p *sigv4.PresignRequest) { p.URL += "%4" }, "path"},
		"an expiration in the past":      {func(p *sigv4.PresignRequest) { p.Expires = noon }, "wanted after"},
		"an expiration after seven days": {func(p *sigv4.PresignRequest) { p.Expires = noon.Add(sigv4.MaxLifetime + 1) }, "at most"},
		"a parameter twice":              {func(p *sigv4.PresignRequest) { p.Query = headers("a", "1", "a", "2") }, "repeated"},
		"the signature's parameter":      {func(p *sigv4.PresignRequest) { p.Query = headers("X-Amz-Signature", "1") }, "none of the signature"},
		"the date's parameter":           {func(p *sigv4.PresignRequest) { p.Query = headers("X-Amz-Date", "1") }, "repeated"},
		"a parameter without a name":     {func(p *sigv4.PresignRequest) { p.Query = headers("", "1") }, "name"},
		"a header twice":                 {func(p *sigv4.PresignRequest) { p.Headers = headers("a", "1", "a", "1") }, "repeated"},
		"the host as a header":           {func(p *sigv4.PresignRequest) { p.Headers = headers("host", "x") }, "repeated"},
		"a header in upper case":         {func(p *sigv4.PresignRequest) { p.Headers = headers("Content-Type", "x") }, "lower case"},
		"a header without a name":        {func(p *sigv4.PresignRequest) { p.Headers = headers("", "x") }, "name"},
		"a line end in a header":         {func(p *sigv4.PresignRequest) { p.Headers = headers("a", "x\r\nb: c") }, "printable ASCII"},
		"white space of Unicode":         {func(p *sigv4.PresignRequest) { p.Headers = headers("a", "\u2002") }, "printable ASCII"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := sigv4.PresignRequest{Method: "PUT", URL: "https://example.com/a", Expires: noon.Add(time.Hour)}
			test.change(&request)
			got, err := newSigner(t, sigv4.AWS, permanent()).PresignURL(request, noon)
			if err == nil || !strings.Contains(err.Error(), test.wanted) || got != "" {
				t.Errorf("got %q, %v, wanted an error about %q", got, err, test.wanted)
			}
		})
	}
}

func headers(pairs ...string) (list []sigv4.Param) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, sigv4.Param{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func TestDefaultPortsAreNotSigned(t *testing.T) {
	t.Parallel()
	s := newSigner(t, sigv4.AWS, permanent())
	sign := func(address string) string {
		got, err := s.PresignURL(sigv4.PresignRequest{Method: "PUT", URL: address, Expires: noon.Add(time.Hour)}, noon)
		if err != nil {
			t.Fatal(err)
		}
		return got[strings.LastIndex(got, "=")+1:]
	}
	if sign("https://example.com:443/a") != sign("https://example.com/a") || sign("http://example.com:80/a") != sign("https://example.com/a") {
		t.Error("a default port is signed, though browsers leave it out")
	}
	if sign("https://example.com:80/a") == sign("https://example.com/a") {
		t.Error("another port isn't signed")
	}
}

// PartPresigner.URL and PresignURL make the same URLs.
func TestPartsAgreeWithPresign(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, dialect := range []*sigv4.Dialect{sigv4.AWS, sigv4.GCS, sigv4.OSS} {
		for range 500 {
			c := permanent()
			if random.IntN(2) == 0 {
				c.SessionToken = sigv4.Secret("token+/=" + strconv.Itoa(random.IntN(1000)))
			}
			comparePart(t, newSigner(t, dialect, c), random)
		}
	}
}

func comparePart(t *testing.T, s *sigv4.Signer, random *rand.Rand) {
	t.Helper()
	object := sigv4.ObjectURL("https://example.com:8443", randomText(random))
	number, size, end := 1+random.IntN(sigv4.MaxParts), random.Int64N(5<<30), noon.Add(time.Duration(1+random.IntN(604800))*time.Second)
	p := sigv4.PartsRequest{URL: object, Bucket: "media", UploadID: "id" + randomText(random), Expires: end}
	request := sigv4.PresignRequest{Method: "PUT", URL: object, Bucket: "media", Expires: end,
		Query:   headers("uploadId", p.UploadID, "partNumber", strconv.Itoa(number)),
		Headers: headers("content-length", strconv.FormatInt(size, 10))}
	if random.IntN(2) == 0 {
		p.Operation = "UploadPart"
		request.Query = append(request.Query, headers("x-id", "UploadPart")...)
	}
	extra := headers("x-amz-checksum-crc32", "AAAAAA==", "content-type", "  a   b ", "if-none-match", "*", "x-oss-meta-a", "b")[:random.IntN(5)]
	request.Headers = append(request.Headers, extra...)
	parts, err := s.PresignParts(p, noon)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parts.URL(number, size, extra...)
	if err != nil {
		t.Fatal(err)
	}
	if wanted, err := s.PresignURL(request, noon); got != wanted {
		t.Fatalf("got\n%s\nwanted\n%s, %v", got, wanted, err)
	}
	if u, err := url.Parse(got); err != nil || u.Query().Get("uploadId") != p.UploadID {
		t.Fatalf("got %v, %v, wanted the upload ID %q in it", u, err, p.UploadID)
	}
}

func randomText(random *rand.Rand) string {
	const alphabet = "abc/ .~%+&=?#*'\"é日\\<>\u2028$"
	letters := []rune(alphabet)
	text := make([]rune, 1+random.IntN(30))
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return string(text)
}

func TestPartsRefuse(t *testing.T) {
	t.Parallel()
	s := newSigner(t, sigv4.AWS, permanent())
	good := sigv4.PartsRequest{URL: "https://example.com/a", UploadID: "id", Expires: noon.Add(time.Hour)}
	for name, change := range map[string]func(*sigv4.PartsRequest){
		"no upload ID":              func(p *sigv4.PartsRequest) { p.UploadID = "" },
		"an encoded query":          func(p *sigv4.PartsRequest) { p.URL += "?a" },
		"an expiration in the past": func(p *sigv4.PartsRequest) { p.Expires = noon },
	} {
		p := good
		change(&p)
		if got, err := s.PresignParts(p, noon); err == nil || got != nil {
			t.Errorf("%s: got %v, wanted an error", name, err)
		}
	}
	parts, err := s.PresignParts(good, noon)
	if err != nil {
		t.Fatal(err)
	}
	many := slices.Repeat(headers("x-a", ""), 7)
	for name, call := range map[string]func() (string, error){
		"part 0":                 func() (string, error) { return parts.URL(0, 1) },
		"part 10,001":            func() (string, error) { return parts.URL(10001, 1) },
		"a negative size":        func() (string, error) { return parts.URL(1, -1) },
		"the length again":       func() (string, error) { return parts.URL(1, 1, headers("content-length", "2")...) },
		"the host again":         func() (string, error) { return parts.URL(1, 1, headers("host", "x")...) },
		"too many headers":       func() (string, error) { return parts.URL(1, 1, many...) },
		"a header in upper case": func() (string, error) { return parts.URL(1, 1, headers("X-A", "2")...) },
	} {
		if got, err := call(); err == nil || got != "" {
			t.Errorf("%s: got %q, wanted an error", name, got)
		}
	}
}

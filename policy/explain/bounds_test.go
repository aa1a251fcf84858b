package explain_test

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testwork"
	"github.com/postern-dev/postern/policy/explain"
)

// parseBomb is a text of any size that is small work for whoever sends it and could be much work to
// read.
type parseBomb struct {
	name string
	text func(size int) string
}

// parseBombs are for every reader; those in input_bombs_test.go are for what inputs are wrapped in
// and for the notations of forms and requests.
var parseBombs = slices.Concat(inputBombs, []parseBomb{
	{"conditions without end", eighth(fill(policyHead, `["eq","$key","a"],["starts-with","$key",""],`, `{"a":"b"}]}`))},
	{"conditions on different fields", eighth(fill(policyHead, `{"a":"b"},`, `{"a":"b"}]}`))},
	{"brackets without end", eighth(fill(`{"conditions":`, "[", ""))},
	{"base64 of nothing much", eighth(fill("", "AAAA", ""))},
	{"a policy over its bound", fill(policyHead, `{"a":"b"},`, `{"a":"b"}]}`)},
	{"fields without end", fill(`{"url":"https://a.example","fields":[`, `{"name":"a","value":"b"},`, `{"name":"policy","value":"`+emptyPolicy+`"}]}`)},
	{"fields without a name", fill(`{"url":"https://a.example","fields":[`, `{},`, `{"name":"policy","value":"`+emptyPolicy+`"}]}`)},
	{"small tags", fill("<form>", "<i>", "")},
	{"tags that don't end", fill("<form>", "<a", "")},
	{"tags with attributes that don't end", fill("<form ", "a='", "")},
	{"a tag with different attributes", differentAttributes},
	{"comments that don't end", fill("<form>", "<!--", "")},
	{"scripts that don't end", fill("<form>", "<script></scrip", "")},
	{"forms without end", fill("", "<form></form>", "")},
	{"inputs without end", fill("<form>", "<input name=a>", "<input name=policy value="+emptyPolicy+"></form>")},
	{"files without end", fill("<form>", "<input type=file>", "")},
	{"parameters without end", fill("https://a.example/?X-Amz-Signature=a", "&a=b", "")},
	{"dot segments without end", fill("https://a.example/", "../", "?X-Amz-Signature=a")},
	{"elements without end", eighth(fill("<Error>", "<a>", "</Error>"))},
	{"an answer over its bound", fill("<Error>", "<a>", "</Error>")},
	{"attributes of an answer", fill("<Error ", "a='' ", "></Error>")},
	{"flat elements", fill("<Error>", "<a></a>", "</Error>")},
	{"headers of a canonical request", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT\n/\n\n", "a:b\n", "\na\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>"))},
	{"a canonical request in one line", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT / ", "a:b ", "a;b UNSIGNED-PAYLOAD</CanonicalRequest></Error>"))},
	{"one header of a canonical request", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT / a=b host:a ", "a ", "host UNSIGNED-PAYLOAD</CanonicalRequest></Error>"))},
	{"signed headers of a canonical request", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT\n/\n\nhost:a\n\nb", ";a", "\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>"))},
	{"parameters of a canonical request", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>PUT\n/\nX-Amz-Algorithm=a", "&amp;a=b", "\nhost:a\n\nhost\nUNSIGNED-PAYLOAD</CanonicalRequest></Error>"))},
	{"headers of an older string to sign", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><StringToSign>PUT\n\n\n1\n", "a:b\n", "/a</StringToSign></Error>"))},
	{"a policy as string to sign", eighth(fill("<Error><Code>SignatureDoesNotMatch</Code><StringToSign>b", "ey", "</StringToSign></Error>"))},
	{"references of control characters", eighth(fill("<Error><Code>AccessDenied</Code><Message>", "&#11;", "</Message></Error>"))},
	{"comments in an element", eighth(fill("<Error><Code>AccessDenied</Code><Message>", "a<!-- -->", "</Message></Error>"))},
	{"a failed condition", eighth(fill("<Error><Code>AccessDenied</Code><Message>Policy Condition failed: [&quot;eq&quot;, &quot;$key&quot;, ", "[", "</Message></Error>"))},
	{"a failed condition without quotes", eighth(fill("<Error><Code>AccessDenied</Code><Message>Policy Condition failed: [eq, $key", ", a", "]</Message></Error>"))},
	{"beginnings of a sentence", eighth(fill("<Error><Code>AccessDenied</Code><Message>", "is not authorized to perform: a on resource: ", "</Message></Error>"))},
	{"members of an error", eighth(fill(`{"code":"AccessDenied","message":"m"`, `,"a":"b"`, "}"))},
	{"lists of an error", eighth(fill(`{"code":"AccessDenied","message":`, "[", ""))},
	{"answers in an error", eighth(fill(`{"code":"AccessDenied"`, `,"m":"<Code>A</Code>"`, "}"))},
	{"names that say secrets", eighth(fill("<Error><Code>AccessDenied</Code><Message>", "token=a ", "</Message></Error>"))},
	{"options without end", fill("curl https://a.example ", "-F a=b ", "-F policy="+emptyPolicy)},
	{"addresses without end", fill("curl https://a.example ", "a ", "")},
	{"letters without end", fill("curl -d a https://a.example -", "s", "")},
	{"quotes that don't end", fill("curl -d a https://a.example ", `'"`, "")},
	{"continued lines", fill("curl -d a https://a.example ", "\\\n", "")},
	{"headers", fill("curl https://a.example ", "-H a:b ", "-F policy="+emptyPolicy)},
	{"entities", fill("<form><input value='", "&amp;&#38;&ampx", "'>")},
	{"entities that don't end", fill("<form><input value='", "&#38", "'>")},
	{"percent-encoding", fill("https://a.example/", "%2525", "?X-Amz-Signature=a")},
	{"base64 of base64", base64Layers},
	{"objects in objects", fill(`{"post":`, `{"post":`, "")},
	{"fields in fields", fill(`{"fields":`, `{"fields":`, "")},
	{"visitor's fields", fill(`{"url":"https://a.example","fields":[{"name":"policy","value":"`+emptyPolicy+`"}],"open":["a"`, `,"b"`, "]}")},
	{"parts of an answer", fill(`{"parts":[{}`, ",{}", "]}")},
	{"fields of other kinds", fill(`{"url":"https://a.example","fields":[1`, ",1", `]}`)},
	{"select boxes", fill("<form>", "<select name=a><option>b</select>", "")},
	{"texts in a form", fill("<form>", "<textarea name=a>\nb</textarea>", "")},
	{"pictures", fill("<form>", "<img src='data:"+strings.Repeat("A", 1000)+"'>", "<input name=policy value="+emptyPolicy+">")},
})

const (
	mebibyte    = 1 << 20
	policyHead  = `{"expiration":"2026-11-21T13:00:00Z","conditions":[`
	emptyPolicy = "eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMVQxMzowMDowMFoiLCJjb25kaXRpb25zIjpbXX0="
)

// eighth makes a text an eighth as long, for what is read up to 128 KiB.
func eighth(text func(size int) string) func(size int) string {
	return func(size int) string { return text(size / 8) }
}

// fill repeats an item between head and tail up to a size in bytes.
func fill(head, item, tail string) func(size int) string {
	return func(size int) string {
		return head + strings.Repeat(item, (size-len(head)-len(tail))/len(item)) + tail
	}
}

// differentAttributes returns a tag whose attributes all have different names.
func differentAttributes(size int) string {
	var b strings.Builder
	b.WriteString("<form ")
	for i := 0; b.Len() < size-8; i++ {
		b.WriteString(strconv.FormatInt(int64(i), 36) + " ")
	}
	return b.String()
}

// base64Layers encodes a policy with blanks as base64 four times.
func base64Layers(size int) string {
	text := policyHead + "]" + strings.Repeat(" ", size*81/256-len(policyHead)-8) + "}"
	for range 4 {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

func TestReportsOnParseBombsAreShort(t *testing.T) {
	t.Parallel()
	for _, c := range parseBombs {
		report, _ := timed(t, c.text(bombSize))
		if size := len(report.Text()); size > 1<<19 {
			t.Errorf("%s: a report of %d bytes", c.name, size)
		}
	}
}

// timed explains a text and returns the processor time that it took.
func timed(t *testing.T, text string) (explain.Report, time.Duration) {
	t.Helper()
	runtime.LockOSThread() // ProcessorTime is a thread's
	defer runtime.UnlockOSThread()
	begun := testwork.ProcessorTime()
	report, err := explain.Explain(text, explain.Options{Now: time.Unix(1_800_000_000, 0)})
	if err != nil && !errors.Is(err, explain.ErrUnrecognised) {
		t.Fatal(err)
	}
	return report, testwork.ProcessorTime() - begun
}

func FuzzExplain(f *testing.F) {
	files, _ := filepath.Glob("testdata/refusals/*.txt")
	for _, file := range files {
		raw, _ := os.ReadFile(file)
		_, rest, _ := strings.Cut(string(raw), "-- input --\n")
		input, _, _ := strings.Cut(rest, "-- text --\n")
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, text string) {
		size := int64(1)
		report, err := explain.Explain(text, explain.Options{Now: time.Unix(1_800_000_000, 0), Size: &size})
		if err == nil && report.Kind == "" {
			t.Error("a report without a kind")
		}
		for _, line := range strings.Split(report.Text(), "\n") {
			if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }) {
				t.Errorf("a control character in %q", line)
			}
		}
	})
}

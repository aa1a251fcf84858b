package explain_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/explain"
)

// parseBombs are texts of any size that are small work for whoever sends them and could be much
// work to read.
var parseBombs = []struct {
	name string
	text func(size int) string
}{
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
	{"options without end", fill("curl https://a.example ", "-F a=b ", "-F policy="+emptyPolicy)},
	{"addresses without end", fill("curl https://a.example ", "a ", "")},
	{"letters without end", fill("curl -d a https://a.example -", "s", "")},
	{"quotes that don't end", fill("curl -d a https://a.example ", `'"`, "")},
	{"continued lines", fill("curl -d a https://a.example ", "\\\n", "")},
}

const (
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

func TestParseBombsAreExplainedInLinearTime(t *testing.T) {
	t.Parallel()
	for _, c := range parseBombs {
		t.Run(c.name, func(t *testing.T) {
			report, _ := timed(t, c.text(explain.MaxInput))
			if size := len(report.Text()); size > 1<<19 {
				t.Errorf("a report of %d bytes", size)
			}
			if !growsEvenly(t, c.text) {
				t.Error("eight times the input took over 32 times as long")
			}
		})
	}
}

// TestParseBombsNeedLittleMemory counts all memory that is allocated, which is at least as much as
// is held at any time. It isn't parallel, so that it counts no other test's.
func TestParseBombsNeedLittleMemory(t *testing.T) {
	const limit = 16*explain.MaxInput + 8<<20
	for _, c := range parseBombs {
		text := c.text(explain.MaxInput)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		timed(t, text)
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > limit {
			t.Errorf("%s: %d bytes allocated, wanted at most %d", c.name, allocated, limit)
		} else {
			t.Logf("%s: %.1f MiB", c.name, float64(allocated)/(1<<20))
		}
	}
}

// growsEvenly tells work that grows with its input from work that grows with its square: eight
// times the input takes about eight or 64 times as long. A busy machine makes a run longer and
// never shorter, so one good try counts.
func growsEvenly(t *testing.T, text func(size int) string) bool {
	for range 5 {
		_, small := timed(t, text(explain.MaxInput/8))
		if _, large := timed(t, text(explain.MaxInput)); large < 32*max(small, 5*time.Millisecond) {
			return true
		}
	}
	return false
}

func timed(t *testing.T, text string) (explain.Report, time.Duration) {
	t.Helper()
	begun := time.Now()
	report, err := explain.Explain(text, explain.Options{Now: time.Unix(1_800_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return report, time.Since(begun)
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

package explain_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/explain"
)

func TestHostileInputIsExplainedInTime(t *testing.T) {
	t.Parallel()
	fill := func(head, item, tail string) func(size int) string {
		return func(size int) string {
			return head + strings.Repeat(item, (size-len(head)-len(tail))/len(item)) + tail
		}
	}
	cases := []struct {
		name string
		text func(size int) string
	}{
		{"conditions without end", fill(`{"expiration":"2026-11-21T13:00:00Z","conditions":[`, `["eq","$key","a"],["starts-with","$key",""],`, `{"a":"b"}]}`)},
		{"conditions on different fields", fill(`{"expiration":"2026-11-21T13:00:00Z","conditions":[`, `{"a":"b"},`, `{"a":"b"}]}`)},
		{"brackets without end", fill(`{"conditions":`, "[", "")},
		{"fields without end", fill(`{"url":"https://a.example","fields":[`, `{"name":"a","value":"b"},`, `{"name":"policy","value":"eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMVQxMzowMDowMFoiLCJjb25kaXRpb25zIjpbXX0="}]}`)},
		{"tags that don't end", fill("<form>", "<a", "")},
		{"tags with attributes that don't end", fill("<form ", "a='", "")},
		{"comments that don't end", fill("<form>", "<!--", "")},
		{"scripts that don't end", fill("<form>", "<script></scrip", "")},
		{"inputs without end", fill("<form>", "<input name=a>", "<input name=policy value=eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMVQxMzowMDowMFoiLCJjb25kaXRpb25zIjpbXX0=></form>")},
		{"parameters without end", fill("https://a.example/?X-Amz-Signature=a", "&a=b", "")},
		{"dot segments without end", fill("https://a.example/", "../", "?X-Amz-Signature=a")},
		{"elements without end", fill("<Error>", "<a>", "</Error>")},
		{"options without end", fill("curl https://a.example ", "-F a=b ", "-F policy=eyJleHBpcmF0aW9uIjoiMjAyNi0xMS0yMVQxMzowMDowMFoiLCJjb25kaXRpb25zIjpbXX0=")},
		{"letters without end", fill("curl -d a https://a.example -", "s", "")},
		{"quotes that don't end", fill("curl -d a https://a.example ", `'"`, "")},
		{"lines that go on", fill("curl -d a https://a.example ", "\\\n", "")},
		{"base64 of nothing much", fill("", "AAAA", "")},
	}
	for _, c := range cases {
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

package explain_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy/explain"
)

// TestTheFirstFindingOfEveryReportIsTheCause explains what people reported in public: each file of
// testdata/reports names the report, and the code and field of the true cause. Only texts of stores
// and of programs are in them, with other names, keys and times.
func TestTheFirstFindingOfEveryReportIsTheCause(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/reports/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("wanted at least 40 reports, got %d, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			r := readRefusal(t, file)
			report, err := explain.Explain(r.input, r.options)
			if err != nil || r.report == "" || len(report.Findings) == 0 {
				t.Fatalf("report %q: got %d findings, %v", r.report, len(report.Findings), err)
			}
			first := report.Findings[0]
			if got := strings.TrimSpace(first.Code + " " + first.Field); got != r.first || first.Follows != "" {
				t.Errorf("%s: wanted %q first, got %q\n%s", r.report, r.first, got, report.Text())
			}
		})
	}
}

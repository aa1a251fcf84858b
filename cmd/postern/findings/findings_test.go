package findings_test

import (
	"encoding/json"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/findings"
)

func TestAReportNamesCausesFirstAndFoldsWhatFollows(t *testing.T) {
	t.Parallel()
	var r findings.Report
	r.Add(
		findings.Finding{Code: "lifecycle_call", Severity: findings.Note, Sentence: "the store has no lifecycle call", Remedy: "run postern sweep"},
		findings.Finding{Code: "form_refused", Severity: findings.Fault, Sentence: "the form is refused", Remedy: "none of its own", Profile: "photos", Follows: "clock"},
		findings.Finding{Code: "clock", Severity: findings.Fault, Sentence: "the clock is 20 minutes ahead", Remedy: "set it\nby NTP", Evidence: "Date of the store"},
	)
	r.Add(r.Findings[0])
	r.Sort()
	want := `fault: the clock is 20 minutes ahead (clock)
  seen: Date of the store
  mend: set it
        by NTP
  so also: the form is refused [profile photos]
note: the store has no lifecycle call (lifecycle_call)
  mend: run postern sweep
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s\nwanted\n%s", got, want)
	}
	if r.Faults() != 2 {
		t.Errorf("%d faults, wanted 2", r.Faults())
	}
}

func TestAReportWithoutFindingsIsAnEmptyList(t *testing.T) {
	t.Parallel()
	var r findings.Report
	r.Sort()
	text, err := json.Marshal(r)
	if err != nil || string(text) != `{"findings":[]}` || r.Text() != "" {
		t.Errorf("got %s, %v, %q", text, err, r.Text())
	}
}

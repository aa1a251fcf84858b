package explain

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what the input was taken for.
type Kind string

// The kinds of input.
const (
	KindPolicy  Kind = "policy"
	KindForm    Kind = "signed form"
	KindPage    Kind = "HTML form"
	KindCommand Kind = "curl command"
	KindURL     Kind = "presigned URL"
	KindError   Kind = "store error"
)

// Severity says what a finding does to the upload.
type Severity string

// The severities: an error refuses it, a warning may at some stores or later, an info explains.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Report is what Explain found. As JSON it has two members, "accepted" and "findings".
type Report struct {
	Accepted   bool        `json:"accepted"` // no finding is an error
	Findings   []Finding   `json:"findings"` // errors first
	Kind       Kind        `json:"-"`
	Simulated  bool        `json:"-"` // whether a form was held against a policy
	Facts      []Fact      `json:"-"`
	Conditions []Condition `json:"-"`
	Fields     []Field     `json:"-"`
}

// Finding is one thing to know. Field, Condition, Wanted and Got are empty where they don't apply.
type Finding struct {
	Code      string   `json:"code"`
	Severity  Severity `json:"severity"`
	Field     string   `json:"field"`
	Condition string   `json:"condition"` // as S3 writes it: ["eq", "$key", "a"]
	Wanted    string   `json:"wanted"`
	Got       string   `json:"got"`
	Fix       string   `json:"fix"`
}

// Summary says in one sentence what the finding's code means.
func (f Finding) Summary() string { return meanings[f.Code].summary }

// Fact is one line about the input, such as when it expires.
type Fact struct{ Term, Value string }

// Condition is a condition as S3 writes it, and in words.
type Condition struct{ Source, Words string }

// Field is a form field beside the condition that covers it. State is "covered", "uncovered" or
// "exempt".
type Field struct{ Name, Value, Condition, State string }

// maxFindings bounds a report: whoever needs more has pasted something hostile.
const maxFindings = 200

// find adds a finding unless the same is there; its severity and fix come from the table of
// meanings.
func (s *session) find(f Finding) {
	if len(s.report.Findings) >= maxFindings {
		return
	}
	m := meanings[f.Code]
	f.Wanted, f.Got = clip(f.Wanted), clip(f.Got)
	if f.Severity == "" {
		f.Severity = m.severity
	}
	if f.Fix == "" {
		f.Fix = m.fix
	}
	f.Fix = strings.NewReplacer("{field}", or(f.Field, "it"), "{wanted}", or(f.Wanted, "what the store names"), "{got}", or(f.Got, "this one")).Replace(f.Fix)
	if !slices.Contains(s.report.Findings, f) {
		s.report.Findings = append(s.report.Findings, f)
	}
}

func (s *session) fact(term, value string) {
	s.report.Facts = append(s.report.Facts, Fact{term, clip(value)})
}

// settle orders the findings and says whether one of them refuses the upload.
func (r *Report) settle() {
	order := []Severity{Error, Warning, Info}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return slices.Index(order, a.Severity) - slices.Index(order, b.Severity)
	})
	r.Accepted = len(r.Findings) == 0 || r.Findings[0].Severity != Error
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
}

// clip shortens text from the input.
func clip(text string) string {
	const most = 300
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// bytes writes a size for people, with the exact figure.
func bytes(n int64) string {
	exact := count(n, "byte")
	for _, u := range []struct {
		name string
		size int64
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + " " + u.name + " (" + exact + ")"
		}
	}
	return exact
}

// count writes a number with its noun.
func count[N int | int64](n N, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + one + "s"
}

func instant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// distance writes how far at is from now: "in 15m0s", "3h0m0s ago".
func distance(at, now time.Time) string {
	d := at.Sub(now).Round(time.Second)
	if d < 0 {
		return (-d).String() + " ago"
	}
	return "in " + d.String()
}

package explain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
)

// Kind is the kind of input that Explain recognised.
type Kind string

// The kinds of input.
const (
	KindPolicy  Kind = "policy"
	KindForm    Kind = "signed form" // as JSON
	KindPage    Kind = "HTML form"
	KindCommand Kind = "curl command"
	KindURL     Kind = "presigned URL"
	KindError   Kind = "store error"
	KindBody    Kind = "multipart body"
	KindRequest Kind = "request" // of code, or as it goes over the network
	KindConsole Kind = "browser's message"
)

// Severity says what the cause of a finding does to the upload.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the store refuses the upload
	Warning Severity = "warning" // some stores refuse it, or it allows more than it seems to
	Info    Severity = "info"    // refuses nothing
)

// Report is what Explain found. As JSON it has two members, "accepted" and "findings".
type Report struct {
	Accepted   bool        `json:"accepted"` // no finding is an error
	Findings   []Finding   `json:"findings"` // errors first, then warnings; behind each, what follows from it
	Kind       Kind        `json:"-"`
	Simulated  bool        `json:"-"` // a form was checked against a policy
	Facts      []Fact      `json:"-"` // such as when the policy expires
	Conditions []Condition `json:"-"` // of the policy, at most 300
	Fields     []Field     `json:"-"` // of the form, at most 300; none for a bare policy
}

// Finding is one cause, or what follows from one. Field, Condition, Wanted, Got and Follows are
// empty where they don't apply.
type Finding struct {
	Code      string   `json:"code"` // a stable name, such as "value_mismatch"; static/docs/findings.md has them all
	Severity  Severity `json:"severity"`
	Field     string   `json:"field"`
	Condition string   `json:"condition"` // as S3 writes it: ["eq", "$key", "a"]
	Wanted    string   `json:"wanted"`
	Got       string   `json:"got"`
	Fix       string   `json:"fix"`     // what to change
	Follows   string   `json:"follows"` // the code of the earlier finding that this one follows from
}

// Summary says in one sentence what the finding's code means.
func (f Finding) Summary() string { return f.info().summary }

// Fact is one line about the input, such as when it expires.
type Fact struct{ Term, Value string }

// Condition is a condition as S3 writes it, and in words.
type Condition struct{ Source, Words string }

// Field is a form field with the condition that covers it. State is "covered", "uncovered" or
// "exempt".
type Field struct{ Name, Value, Condition, State string }

// maxFindings bounds a report. Input with more faults was made to have them.
const maxFindings = 200

// add adds a finding unless the report has the same one.
func (x *explainer) add(f Finding) {
	f.Wanted, f.Got = hideOfField(f.Field, f.Wanted), hideOfField(f.Field, f.Got)
	f.Field, f.Condition, f.Wanted, f.Got = repeat(f.Field), repeat(f.Condition), repeat(f.Wanted), repeat(f.Got)
	if len(x.report.Findings) < maxFindings && !x.seen[f] {
		x.report.Findings = append(x.report.Findings, f)
		x.seen[f] = true
		x.found[cause{f.Code, policy.LowerName(f.Field)}] = true
	}
}

func (x *explainer) addFact(term, value string) {
	if value != "" {
		x.report.Facts = append(x.report.Facts, Fact{term, repeat(value)})
	}
}

// finish gives each finding its severity and fix, which ends in code of the library where that is
// known, sorts the findings by severity, puts behind each what follows from it, and decides whether
// one of them refuses the upload.
func (r *Report) finish(made sdk) {
	r.Accepted = true
	for i := range r.Findings {
		f := &r.Findings[i]
		values := strings.NewReplacer("{field}", cmp.Or(f.Field, "it"), "{wanted}", cmp.Or(f.Wanted, "the one that the store names"), "{got}", cmp.Or(f.Got, "this one"))
		f.Severity, f.Fix = f.info().severity, values.Replace(f.info().fix+codeFor(f.Code, made))
		r.Accepted = r.Accepted && f.Severity != Error
	}
	severities := []Severity{Error, Warning, Info}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return slices.Index(severities, a.Severity) - slices.Index(severities, b.Severity)
	})
	r.Findings = foldConsequences(r.Findings)
}

// repeat returns a text from the input as reports repeat it: without secrets, and shortened.
func repeat(text string) string { return shorten(hideSecrets(text)) }

// shorten cuts text to 300 bytes.
func shorten(text string) string {
	if len(text) <= maxRepeatedBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxRepeatedBytes], "") + "…"
}

// formatSize writes a size for people: "2 MiB (2097152 bytes)".
func formatSize(size int64) string {
	exact := formatCount(size, "byte")
	for i, unit := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if one := int64(1) << (40 - 10*i); size >= one && size%one == 0 {
			return strconv.FormatInt(size/one, 10) + " " + unit + " (" + exact + ")"
		}
	}
	return exact
}

// formatCount writes a number with its noun: "1 byte", "2 bytes".
func formatCount[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(int64(n), 10) + " " + noun
}

func formatInstant(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// formatDistance writes how far at is from now: "in 15m0s", "3h0m0s ago".
func formatDistance(at, now time.Time) string {
	d := at.Sub(now).Round(time.Second)
	if d < 0 {
		return (-d).String() + " ago"
	}
	return "in " + d.String()
}

package main

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	"github.com/goccy/go-yaml"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/handlers/webhooks"
)

// family is one metric as /metrics tells of it, or as the documentation does.
type family struct {
	kind, help, labels string // labels are sorted and separated by blanks
}

var (
	metricRow     = regexp.MustCompile("(?m)^\\| `(postern_\\w+)` \\| (\\w+) \\| ([^|]*)\\| ([^|]*) \\|$")
	metricComment = regexp.MustCompile(`(?m)^# (HELP|TYPE) (\S+) (.*)$`)
	metricSample  = regexp.MustCompile(`(?m)^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$`)
	metricLabel   = regexp.MustCompile(`(\w+)="`)
)

// documentedMetrics is the table of the documentation.
func documentedMetrics(t *testing.T) map[string]family {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docFolder, "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]family{}
	for _, row := range metricRow.FindAllStringSubmatch(string(text), -1) {
		labels := strings.FieldsFunc(row[3], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		slices.Sort(labels)
		out[row[1]] = family{kind: row[2], help: row[4], labels: strings.Join(labels, " ")}
	}
	return out
}

// servedMetrics reads what /metrics answers, without the metrics of the Prometheus library.
func servedMetrics(text string) map[string]family {
	out := map[string]family{}
	for _, m := range metricComment.FindAllStringSubmatch(text, -1) {
		f := out[m[2]]
		if m[1] == "HELP" {
			f.help = m[3]
		} else {
			f.kind = m[3]
		}
		out[m[2]] = f
	}
	for _, m := range metricSample.FindAllStringSubmatch(text, -1) {
		f, known := out[m[1]]
		if !known {
			continue
		}
		var labels []string
		for _, label := range metricLabel.FindAllStringSubmatch(m[2], -1) {
			if label[1] != "le" {
				labels = append(labels, label[1])
			}
		}
		slices.Sort(labels)
		f.labels = strings.Join(labels, " ")
		out[m[1]] = f
	}
	maps.DeleteFunc(out, func(name string, _ family) bool { return !strings.HasPrefix(name, "postern_") })
	return out
}

// usedMetrics are metrics of which each was used once: with the outbox of a ledger, a call of a
// store and a request.
func usedMetrics(t *testing.T) *metrics {
	m := newMetrics()
	m.countUnrecorded(func() int64 { return 1 })
	l, err := ledger.Open(ledger.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "postern.db"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m.readOutbox(l, func() []string { return []string{"photos https://app.example.com/hooks"} })
	for _, o := range outcomes {
		m.uploads.observe(uploads.Observation{Outcome: o.outcome, Profile: "photos", Way: uploads.WayForm, Code: problem.TypeNotAllowed})
	}
	m.deliveries.observe("photos https://app.example.com/hooks", webhooks.Attempt{}, webhooks.Decision{State: webhooks.Delivered})
	callStore(t, m, http.StatusOK)
	e := echo.New()
	e.Use(m.count)
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	return m
}

// callStore makes a call of a store that answers with a status; 0 closes the connection.
func callStore(t *testing.T, m *metrics, status int) {
	t.Helper()
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(status)
	}))
	defer store.Close()
	access := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), BaseEndpoint: &store.URL,
		RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{m.store.addTo}}
	client := s3.NewFromConfig(access, func(o *s3.Options) { o.UsePathStyle = true })
	_, _ = client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("a")})
	_, _ = sts.NewFromConfig(access).GetCallerIdentity(t.Context(), nil)
}

// text is what the metrics answer.
func (m *metrics) text(t *testing.T) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestTheTableOfMetricsIsWhatIsServed(t *testing.T) {
	t.Parallel()
	served, documented := servedMetrics(usedMetrics(t).text(t)), documentedMetrics(t)
	for name, f := range served {
		if documented[name] != f {
			t.Errorf("%s is served as %+v and documented as %+v", name, f, documented[name])
		}
	}
	for name := range documented {
		if _, ok := served[name]; !ok {
			t.Errorf("%s is documented and not served", name)
		}
	}
	if len(served) < 20 {
		t.Errorf("%d metrics are served", len(served))
	}
}

func TestNamesOfMetricsSayTheirUnits(t *testing.T) {
	t.Parallel()
	for name, f := range servedMetrics(usedMetrics(t).text(t)) {
		if total := strings.HasSuffix(name, "_total"); total != (f.kind == "counter") {
			t.Errorf("%s is a %s", name, f.kind)
		}
		if f.kind == "histogram" && !strings.HasSuffix(name, "_seconds") && !strings.HasSuffix(name, "_bytes") {
			t.Errorf("%s is a histogram without a unit", name)
		}
	}
}

// alertRules are the rules of the documentation.
type alertRules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For string
			Annotations      map[string]string
		}
	}
}

var (
	alertMetric  = regexp.MustCompile(`postern_\w+`)
	alertMatcher = regexp.MustCompile(`(postern_\w+)\{([^}]*)\}`)
	alertBy      = regexp.MustCompile(`by \(([^)]*)\)`)
)

// There is no parser of PromQL in go.mod, so the expressions are compared with the table by their
// text: metrics, labels and brackets.
func TestTheAlertsOfTheDocumentationUseMetricsThatAreThere(t *testing.T) {
	t.Parallel()
	documented := documentedMetrics(t)
	var rules alertRules
	if err := yaml.Unmarshal([]byte(docBlocks(t, "metrics.md")[1].text), &rules); err != nil {
		t.Fatal(err)
	}
	if len(rules.Groups) != 1 || len(rules.Groups[0].Rules) < 5 {
		t.Fatalf("the rules are %+v", rules)
	}
	find := func(name string) (family, bool) {
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			if f, ok := documented[strings.TrimSuffix(name, suffix)]; ok && strings.HasSuffix(name, suffix) && (suffix == "") == (f.kind != "histogram") {
				return f, true
			}
		}
		return family{}, false
	}
	for _, rule := range rules.Groups[0].Rules {
		if rule.Alert == "" || rule.Annotations["summary"] == "" || strings.Count(rule.Expr, "(") != strings.Count(rule.Expr, ")") {
			t.Errorf("the rule is %+v", rule)
		}
		names := alertMetric.FindAllString(rule.Expr, -1)
		if len(names) == 0 {
			t.Errorf("%s has no metric", rule.Alert)
		}
		for _, name := range names {
			f, ok := find(name)
			if !ok {
				t.Errorf("%s uses %s, which isn't there", rule.Alert, name)
			}
			for _, by := range alertBy.FindAllStringSubmatch(rule.Expr, -1) {
				for label := range strings.SplitSeq(by[1], ", ") {
					if label != "le" && !slices.Contains(strings.Fields(f.labels), label) {
						t.Errorf("%s groups %s by %q", rule.Alert, name, label)
					}
				}
			}
		}
		for _, m := range alertMatcher.FindAllStringSubmatch(rule.Expr, -1) {
			f, _ := find(m[1])
			for _, label := range regexp.MustCompile(`(\w+)(?:=~|=|!=)"`).FindAllStringSubmatch(m[2], -1) {
				if !slices.Contains(strings.Fields(f.labels), label[1]) {
					t.Errorf("%s matches %s by %q", rule.Alert, m[1], label[1])
				}
			}
		}
	}
}

func TestLabelsHoldNothingThatIsNotInAList(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.uploads.observe(uploads.Observation{Outcome: uploads.OutcomeRefused, Profile: "photos", Way: "from-a-token", Code: "from-a-store"})
	m.uploads.observe(uploads.Observation{Outcome: "unheard-of", Profile: "photos"})
	m.deliveries.observe("photos https://app.example.com/", webhooks.Attempt{}, webhooks.Decision{State: "unheard-of"})
	callStore(t, m, 799)
	callStore(t, m, http.StatusServiceUnavailable)
	callStore(t, m, 0)
	text := m.text(t)
	for _, want := range []string{
		`postern_uploads_refused_total{code="internal",profile="photos",way="other"} 1`,
		`postern_deliveries_total{endpoint="photos https://app.example.com/",outcome="other"} 1`,
		`postern_store_call_seconds_count{operation="HeadObject",status="other"} 1`,
		`postern_store_call_seconds_count{operation="HeadObject",status="503"} 1`,
		`postern_store_call_seconds_count{operation="HeadObject",status="none"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("wanted %s in\n%s", want, text)
		}
	}
	for _, wrong := range []string{"from-a", "unheard-of", "GetCallerIdentity"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the metrics hold %q:\n%s", wrong, text)
		}
	}
}

func TestTheOutboxIsCountedByEndpointAndItsAgeIsThatOfItsOldestEvent(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	list := []ledger.Backlog{
		{Receiver: "a", Waiting: 2, Failed: 1, Oldest: now.Add(-time.Minute)},
		{Receiver: "gone", Waiting: 1, Oldest: now.Add(-time.Hour)},
		{Receiver: "gone too", Failed: 3},
	}
	got := byEndpoint(list, []string{"a", "b"})
	wanted := map[string]ledger.Backlog{"a": {Waiting: 2, Failed: 1, Oldest: now.Add(-time.Minute)}, "b": {}, "other": {Waiting: 1, Failed: 3, Oldest: now.Add(-time.Hour)}}
	if !maps.Equal(got, wanted) {
		t.Errorf("got %+v, wanted %+v", got, wanted)
	}
}

func TestALedgerThatIsAwayIsSeenInTheMetrics(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	l, err := ledger.Open(ledger.Config{URL: "postgres://postern@127.0.0.1:1/postern", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m.readOutbox(l, func() []string { return []string{"a"} })
	if text := m.text(t); !strings.Contains(text, "\npostern_ledger_up 0\n") || strings.Contains(text, "postern_outbox") {
		t.Errorf("the metrics are\n%s", text)
	}
}

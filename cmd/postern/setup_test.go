package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
)

// setupConfig is a config file for a store of rules; replacements are pairs of old and new text.
func setupConfig(store string, replacements ...string) string {
	text := strings.ReplaceAll(`
public_url: https://uploads.example.com
keys: {tokens: ["env:TOKEN_KEY"]}
store: {provider: aws, region: us-east-1, endpoint: "STORE", public_endpoint: "https://s3.example.com", path_style: true}
profiles:
  films: {bucket: media, key: "films/{id}{ext}", types: [video/mp4], size: 1..10GiB, checksum: crc32, quarantine: refused/, origins: ["https://app.example.com"]}
`, "STORE", store)
	return strings.NewReplacer(replacements...).Replace(text)
}

// runSetup runs postern setup with a config file's text as a process of its own.
func runSetup(t *testing.T, config string, flags ...string) (setup.Result, outcome) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, config)
	got := runProcess(t, filepath.Dir(name), operatorKeys, append([]string{"setup", "--config", "postern.yaml"}, flags...)...)
	var result setup.Result
	if strings.Contains(strings.Join(flags, " "), "--json") {
		if err := json.Unmarshal([]byte(got.stdout), &result); err != nil {
			t.Fatalf("setup: %v\n%s\n%s", err, got.stdout, got.stderr)
		}
	}
	return result, got
}

var operatorKeys = []string{"AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}

// codesOfReport lists the codes of faults, or of notes.
func codesOfReport(r findings.Report, severity findings.Severity) string {
	var codes []string
	for _, f := range r.Findings {
		if f.Severity == severity {
			codes = append(codes, f.Code)
		}
	}
	return strings.Join(codes, " ")
}

func TestSetupKeepsEveryForeignRuleAndTwiceIsOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cors, lifecycle int }{{0, 0}, {1, 1}, {99, 100}} {
		store := startBucketRules(t)
		var cors, lifecycle []string
		for n := range c.cors {
			cors = append(cors, foreignCORS(n))
		}
		for n := range c.lifecycle {
			lifecycle = append(lifecycle, foreignLifecycle(n))
		}
		if c.cors > 0 {
			store.set("cors", cors...)
			store.set("lifecycle", lifecycle...)
		}
		result, got := runSetup(t, setupConfig(store.URL), "--json")
		if _, writes := store.document("cors"); got.code != exitFailed || writes != 0 ||
			codesOfReport(result.Report, findings.Fault) != "cors_missing lifecycle_missing lifecycle_missing" {
			t.Errorf("%d rules, before: exit code %d, %d writes, %+v", c.cors, got.code, writes, result.Findings)
		}
		result, got = runSetup(t, setupConfig(store.URL), "--json", "--apply")
		wanted := "versions_stay rules_beyond_json"
		if c.cors == 0 {
			wanted = "versions_stay"
		}
		if got.code != exitDone || codesOfReport(result.Report, findings.Note) != wanted {
			t.Errorf("%d rules, applied: exit code %d, %+v\n%s", c.cors, got.code, result.Findings, got.stderr)
		}
		corsText, writes := store.document("cors")
		lifecycleText, _ := store.document("lifecycle")
		for i, rule := range append(cors, lifecycle...) {
			if !strings.Contains(corsText+lifecycleText, rule) {
				t.Errorf("%d rules: rule %d is lost or changed: %s", c.cors, i, rule)
			}
		}
		if n := strings.Count(corsText, "</CORSRule>"); n != c.cors+1 || strings.Count(lifecycleText, "</Rule>") != c.lifecycle+2 || writes != 2 {
			t.Errorf("%d rules: %d after %d writes:\n%s\n%s", c.cors, n, writes, corsText, lifecycleText)
		}
		if smallest := store.smallestTransition(); smallest != "varies_by_storage_class" && c.lifecycle > 0 {
			t.Errorf("the smallest size of transitions became %q", smallest)
		}
		_, got = runSetup(t, setupConfig(store.URL), "--apply")
		again, writesAgain := store.document("cors")
		if got.code != exitDone || again != corsText || writesAgain != writes {
			t.Errorf("%d rules, twice: exit code %d, %d writes more\n%s", c.cors, got.code, writesAgain-writes, got.stdout)
		}
	}
}

// A rule for every origin that exposes nothing would answer our uploads first.
func TestSetupPutsItsRuleBeforeOneThatHidesTheETag(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	const hiding = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>POST</AllowedMethod><AllowedHeader>*</AllowedHeader></CORSRule>"
	store.set("cors", foreignCORS(1), hiding)
	before, _ := runSetup(t, setupConfig(store.URL), "--json")
	if codes := codesOfReport(before.Report, findings.Fault); !strings.HasPrefix(codes, "cors_exposed") {
		t.Errorf("before: %s", codes)
	}
	_, got := runSetup(t, setupConfig(store.URL), "--apply")
	text, _ := store.document("cors")
	if got.code != exitDone || !strings.Contains(text, hiding) || strings.Index(text, "postern-cors-") > strings.Index(text, hiding) {
		t.Errorf("%+v\n%s", got, text)
	}
}

func TestSetupWritesNothingWhereOneRuleWouldBeTooMany(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	var rules []string
	for n := range 100 {
		rules = append(rules, foreignCORS(n))
	}
	store.set("cors", rules...)
	result, got := runSetup(t, setupConfig(store.URL), "--apply", "--json")
	if _, writes := store.document("cors"); writes != 0 || got.code != exitFailed || !strings.Contains(codesOfReport(result.Report, findings.Fault), "rules_full") {
		t.Errorf("%d writes, exit code %d, %+v", writes, got.code, result.Findings)
	}
	if !strings.Contains(got.stdout, "would have 101 CORS rules, and S3 takes 100") {
		t.Errorf("the reason isn't named:\n%s", got.stdout)
	}
}

func TestSetupKeepsARuleThatHasOurIDAndAnotherPurpose(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	first, _ := runSetup(t, setupConfig(store.URL), "--json")
	ids := map[string]string{}
	for kind, rules := range map[string][]any{"cors": first.Buckets[0].CORS.CORSRules, "lifecycle": first.Buckets[0].Lifecycle.Rules} {
		ids[kind] = rules[0].(map[string]any)["ID"].(string)
	}
	cors := "<CORSRule><ID>" + ids["cors"] + "</ID><AllowedOrigin>https://uploads.example.com</AllowedOrigin><AllowedMethod>DELETE</AllowedMethod></CORSRule>"
	lifecycle := "<Rule><ID>" + ids["lifecycle"] + "</ID><Filter><Prefix>films/</Prefix></Filter><Status>Enabled</Status><Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>"
	store.set("cors", cors)
	store.set("lifecycle", lifecycle)
	for range 2 {
		if _, got := runSetup(t, setupConfig(store.URL), "--apply"); got.code != exitDone {
			t.Fatalf("%+v", got)
		}
		corsText, writes := store.document("cors")
		lifecycleText, _ := store.document("lifecycle")
		if !strings.Contains(corsText, cors) || !strings.Contains(lifecycleText, lifecycle) || !strings.Contains(corsText, ids["cors"]+"-2") || writes != 2 {
			t.Errorf("after %d writes:\n%s\n%s", writes, corsText, lifecycleText)
		}
	}
}

func TestSetupFollowsTheConfigAndRemovesItsOwnRulesAlone(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	store.set("cors", foreignCORS(1))
	store.set("lifecycle", foreignLifecycle(1))
	runSetup(t, setupConfig(store.URL), "--apply")
	smaller := setupConfig(store.URL, "10GiB", "10MiB", " quarantine: refused/,", "", `"https://app.example.com"`, `"https://new.example.com"`)
	_, got := runSetup(t, smaller, "--apply")
	cors, _ := store.document("cors")
	lifecycle, _ := store.document("lifecycle")
	if got.code != exitDone || strings.Contains(cors, "app.example.com") || !strings.Contains(cors, "new.example.com") || strings.Contains(lifecycle, "postern-") {
		t.Errorf("%+v\n%s\n%s", got, cors, lifecycle)
	}
	if !strings.Contains(cors, foreignCORS(1)) || !strings.Contains(lifecycle, foreignLifecycle(1)) {
		t.Errorf("a foreign rule is lost:\n%s\n%s", cors, lifecycle)
	}
}

// TestTwoSetupsAtOnceEndInOneOfTheTwoResults runs two processes for configs with other origins,
// whose reads are answered together.
func TestTwoSetupsAtOnceEndInOneOfTheTwoResults(t *testing.T) {
	t.Parallel()
	origins := []string{"https://app.example.com", "https://other.example.com"}
	var results []string
	for _, origin := range origins {
		alone := startBucketRules(t)
		alone.set("cors", foreignCORS(1))
		runSetup(t, setupConfig(alone.URL, origins[0], origin), "--apply")
		text, _ := alone.document("cors")
		results = append(results, text)
	}
	store := startBucketRules(t)
	store.set("cors", foreignCORS(1))
	var reads int
	both := []chan struct{}{make(chan struct{}), make(chan struct{})}
	store.delayed = func(kind string) {
		store.mu.Lock()
		if kind == "cors" {
			reads++
		}
		number := reads
		store.mu.Unlock()
		if kind != "cors" || number > 4 {
			return
		}
		pair := both[(number-1)/2] // the reads that compare, and those right before the first writes
		if number%2 == 0 {
			close(pair)
		}
		<-pair
	}
	var running sync.WaitGroup
	for _, origin := range origins {
		running.Go(func() {
			if _, got := runSetup(t, setupConfig(store.URL, origins[0], origin), "--apply"); got.code != exitDone && !strings.Contains(got.stdout, "somebody else") {
				t.Errorf("%+v", got)
			}
		})
	}
	running.Wait()
	if text, _ := store.document("cors"); text != results[0] && text != results[1] {
		t.Errorf("wanted one of the two results, got\n%s", text)
	}
}

// TestWhatSetupCantDoIsNamed has one row for each answer of a store.
func TestWhatSetupCantDoIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		kind        string
		status      int
		code, inFix string
		severity    findings.Severity
	}{
		{"no CORS call", "cors", 501, "cors_no_call", "PUT from https://app.example.com, https://uploads.example.com", findings.Note},
		{"no lifecycle call", "lifecycle", 501, "lifecycle_no_call", "postern sweep --config postern.yaml --apply", findings.Note},
		{"no right to CORS", "cors", 403, "rules_denied", "--format steps", findings.Fault},
		{"no right to lifecycle", "lifecycle", 403, "rules_denied", "--format steps", findings.Fault},
		{"no bucket", "cors", 404, "bucket_missing", "make the bucket", findings.Fault},
	} {
		store := startBucketRules(t)
		store.refuse[c.kind] = c.status
		result, got := runSetup(t, setupConfig(store.URL), "--json", "--apply")
		var found *findings.Finding
		for i, f := range result.Findings {
			if f.Code == c.code {
				found = &result.Findings[i]
			}
		}
		if found == nil || found.Severity != c.severity || !strings.Contains(found.Remedy, c.inFix) {
			t.Errorf("%s: %+v", c.name, result.Findings)
		}
		if wanted := map[findings.Severity]int{findings.Note: exitDone, findings.Fault: exitFailed}[c.severity]; got.code != wanted {
			t.Errorf("%s: exit code %d, wanted %d\n%s", c.name, got.code, wanted, got.stdout)
		}
	}
}

// TestSetupOfTheEmbeddedStoreLeavesNotesAlone is for a store that has CORS rules and no lifecycle
// rules.
func TestSetupOfTheEmbeddedStoreLeavesNotesAlone(t *testing.T) {
	store := startStore(t)
	config := serveConfig(store.URL(), "127.0.0.1:0", "10MiB", "1GiB, checksum: md5")
	result, got := runSetup(t, config, "--json")
	if got.code != exitFailed || codesOfReport(result.Report, findings.Fault) != "cors_missing" {
		t.Fatalf("before: %+v\n%s", got, got.stderr)
	}
	for range 2 {
		result, got = runSetup(t, config, "--json", "--apply")
		if got.code != exitDone || codesOfReport(result.Report, findings.Fault) != "" || codesOfReport(result.Report, findings.Note) != "lifecycle_no_call" {
			t.Errorf("applied: exit code %d, %+v\n%s", got.code, result.Findings, got.stderr)
		}
	}
	for _, c := range []struct {
		origin, method, headers string
		allowed                 bool
	}{
		{"http://127.0.0.1:8080", "PUT", "content-md5", true},
		{"http://127.0.0.1:8080", "POST", "", true},
		{"http://127.0.0.1:8080", "DELETE", "", false},
		{"http://127.0.0.1:8080", "PUT", "x-amz-acl", false},
		{"http://localhost:8080", "PUT", "content-md5", false},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, store.URL()+"/media/in/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", c.origin)
		request.Header.Set("Access-Control-Request-Method", c.method)
		if c.headers != "" {
			request.Header.Set("Access-Control-Request-Headers", c.headers)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if allowed := answer.Header.Get("Access-Control-Allow-Origin") == c.origin && answer.StatusCode < 300; allowed != c.allowed {
			t.Errorf("preflight of %+v: %d %v", c, answer.StatusCode, answer.Header)
		}
	}
}

// TestTwoServersShareABucket has no rule of either removed by the other.
func TestTwoServersShareABucket(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	first := setupConfig(store.URL)
	second := setupConfig(store.URL, "https://uploads.example.com", "https://other.example.com", "films/{id}", "songs/{id}")
	for _, config := range []string{first, second, first, second} {
		if _, got := runSetup(t, config, "--apply"); got.code != exitDone {
			t.Errorf("%+v", got)
		}
	}
	cors, writes := store.document("cors")
	lifecycle, _ := store.document("lifecycle")
	// The second server's quarantine is the first one's, whose rule covers it.
	if strings.Count(cors, "</CORSRule>") != 2 || strings.Count(lifecycle, "</Rule>") != 3 || writes != 4 {
		t.Errorf("after %d writes:\n%s\n%s", writes, cors, lifecycle)
	}
}

// TestTheServersOwnTimerNeedsNoRuleForParts also shows that one bucket's failure stops no other.
func TestTheServersOwnTimerNeedsNoRuleForParts(t *testing.T) {
	t.Parallel()
	store := startBucketRules(t)
	config := setupConfig(store.URL, "profiles:", "sweep: {every: 24h}\nprofiles:", " quarantine: refused/,", "") +
		"  away: {bucket: away, key: \"in/{id}\", types: [\"*/*\"], size: 1..1GiB}\n"
	result, got := runSetup(t, config, "--json", "--apply")
	cors, _ := store.document("cors")
	lifecycle, _ := store.document("lifecycle")
	if got.code != exitFailed || codesOfReport(result.Report, findings.Fault) != "rules_failed rules_failed" || result.Findings[0].Bucket != "away" {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(cors, "app.example.com") || lifecycle != "" {
		t.Errorf("bucket media has\n%s\n%s", cors, lifecycle)
	}
}

func TestSetupRefusesTwoOutputs(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, setupConfig("http://127.0.0.1:1"))
	got := invoke(t, nil, "setup", "--config", name, "--json", "--format", "steps")
	if got.code != exitUsage || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	if got := invoke(t, nil, "setup", "--config", name+"x"); got.code != exitUsage || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("%+v", got)
	}
}

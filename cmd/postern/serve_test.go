package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

const (
	serveTokenKey  = "token-key-0123456789-0123456789-0123456789"
	serveTicketKey = "ticket-key-0123456789-0123456789-012345678"
	serveSecret    = "store-secret-0123456789"
)

// serveConfig returns a config file for a store; replacements are pairs of old and new text.
func serveConfig(store, listen string, replacements ...string) string {
	text := strings.NewReplacer("STORE", store, "LISTEN", listen).Replace(`
listen: LISTEN
public_url: http://127.0.0.1:8080
keys: {tokens: ["env:TOKEN_KEY"]}
tickets: {secret: "env:TICKET_KEY"}
store: {provider: versity, region: us-east-1, endpoint: "STORE", path_style: true}
profiles:
  inbox: {bucket: media, key: "in/{subject}/{id}{ext}", types: ["*/*"], size: 1..10MiB}
`)
	return strings.NewReplacer(replacements...).Replace(text)
}

var serveEnvironment = map[string]string{"TOKEN_KEY": serveTokenKey, "TICKET_KEY": serveTicketKey}

// startStore runs the embedded store in this process until the test ends. There can be one in a
// process, so tests that use it don't run in parallel.
func startStore(t *testing.T) *gateway.Gateway {
	t.Helper()
	g, err := gateway.Start(t.Context(), gateway.Options{
		Dir: t.TempDir(), AccessKey: "operator", SecretKey: serveSecret, Buckets: []string{"media"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// startServe runs postern serve with serveConfig and returns the config file's name too.
func startServe(t *testing.T, store string, replacements ...string) (server *testserver.Server, name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig(store, testserver.AnyPort, replacements...))
	env := []string{"TOKEN_KEY=" + serveTokenKey, "TICKET_KEY=" + serveTicketKey, "AWS_ACCESS_KEY_ID=operator", "AWS_SECRET_ACCESS_KEY=" + serveSecret}
	return start(t, env, "serve", "--config", name), name
}

func mint(t *testing.T, config string) string {
	t.Helper()
	minted := invoke(t, serveEnvironment, "ticket", "--config", config, "--profile", "inbox", "--subject", "alice")
	if minted.code != 0 {
		t.Fatalf("ticket: %s", minted.stderr)
	}
	return strings.TrimSpace(minted.stdout)
}

func TestServeAcceptsUploadsWithATicket(t *testing.T) {
	store := startStore(t)
	s, config := startServe(t, store.URL())
	if s.Store != store.URL() {
		t.Errorf("ready line: want store %s, got %s", store.URL(), s.Store)
	}
	ticket := mint(t, config)
	v := testclient.Client{Base: s.URL, Ticket: ticket}
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a.txt", Type: "text/plain", Size: 4})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), "a.txt", []byte("text")); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != http.StatusOK {
		t.Errorf("complete: %v, %v", answer, err)
	}
	_, answer, err = testclient.Client{Base: s.URL}.Issue(t.Context(), testclient.Request{Profile: "inbox", Filename: "a", Size: 4})
	if err != nil || answer.Status != http.StatusUnauthorized {
		t.Errorf("without ticket: want status 401, got %v, %v", answer, err)
	}
	s.Stop()
	for _, secret := range []string{serveTokenKey, serveTicketKey, serveSecret, ticket, upload.Token, upload.Post.Get("policy"), upload.Post.Get("x-amz-signature")} {
		if strings.Contains(s.Log.String(), secret) {
			t.Errorf("the log shows %q:\n%s", secret, s.Log)
		}
	}
}

// metricsListen finds in the log where the metrics are.
var metricsListen = regexp.MustCompile(`metrics.*?listen\W+(127\.0\.0\.1:\d+)`)

func TestMetricsAreOnAListenerOfTheirOwnOrNowhere(t *testing.T) {
	store := startStore(t)
	t.Run("left out", func(t *testing.T) {
		s, _ := startServe(t, store.URL())
		if response, _ := fetch(t, s.URL+"/metrics"); response.StatusCode != http.StatusNotFound {
			t.Errorf("metrics beside the pages: want status 404, got %d", response.StatusCode)
		}
		if told := metricsListen.FindString(s.Log.String()); told != "" {
			t.Errorf("want no listener for metrics, got %s", told)
		}
	})
	t.Run("with an address", func(t *testing.T) {
		s, _ := startServe(t, store.URL(), "\nlisten:", "\nmetrics: {listen: \"127.0.0.1:0\"}\nlisten:")
		var told []string
		waitUntil(t, "the log says where metrics are", func() bool {
			told = metricsListen.FindStringSubmatch(s.Log.String())
			return told != nil
		})
		fetch(t, s.URL+"/healthz")
		fetch(t, s.URL+"/no/such/page")
		exchange(t, s.URL, requestFor("GET", "/forms/inbox", "evil.test", ""))
		if response, _ := fetch(t, s.URL+"/metrics"); response.StatusCode != http.StatusNotFound {
			t.Errorf("metrics beside the pages: want status 404, got %d", response.StatusCode)
		}
		_, body := fetch(t, "http://"+told[1]+"/metrics")
		for _, want := range []string{`postern_requests_total{code="200",host="",method="GET",url="/healthz"} 1`, `postern_requests_total{code="421",`, "go_goroutines"} {
			if !strings.Contains(body, want) {
				t.Errorf("metrics: want %q in\n%s", want, body)
			}
		}
		if strings.Contains(body, "no/such") || strings.Contains(body, "evil") {
			t.Errorf("metrics hold a path or a host that a visitor chose:\n%s", body)
		}
		for _, path := range []string{"/", "/healthz", "/forms/inbox", "/uploads"} {
			if response, _ := fetch(t, "http://"+told[1]+path); response.StatusCode != http.StatusNotFound {
				t.Errorf("%s beside the metrics: want status 404, got %d", path, response.StatusCode)
			}
		}
	})
}

func TestServeUnderAPath(t *testing.T) {
	store := startStore(t)
	s, _ := startServe(t, store.URL(), "http://127.0.0.1:8080", "http://127.0.0.1:8080/uploads/")
	if response, _ := fetch(t, s.URL+"/uploads/healthz"); response.StatusCode != http.StatusOK {
		t.Errorf("health under the path: want status 200, got %d", response.StatusCode)
	}
	if response, _ := fetch(t, s.URL+"/healthz"); response.StatusCode != http.StatusOK {
		t.Errorf("health where a proxy takes the path off: want status 200, got %d", response.StatusCode)
	}
	if response, _ := fetch(t, s.URL+"/up/healthz"); response.StatusCode != http.StatusNotFound {
		t.Errorf("health under another path: want status 404, got %d", response.StatusCode)
	}
}

func TestServeWithoutCredentialsExitsTwo(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	none := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, serveConfig("http://127.0.0.1:1", "127.0.0.1:0"))
	got := invoke(t, serveEnvironment, "serve", "--config", name)
	if got.code != exitUsage || !strings.HasPrefix(got.stderr, "postern: no credentials: set AWS_ACCESS_KEY_ID") || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("want exit code 2 and one sentence, got %+v", got)
	}
}

func TestServeExplainsIfTheConfigSaysSo(t *testing.T) {
	store := startStore(t)
	for on, want := range map[string]int{"false": http.StatusNotFound, "true": http.StatusOK} {
		s, _ := startServe(t, store.URL(), "\nlisten:", "\nexplain: "+on+"\nlisten:")
		if response, _ := fetch(t, s.URL+"/explain"); response.StatusCode != want {
			t.Errorf("explain: %s: want status %d, got %d", on, want, response.StatusCode)
		}
	}
}

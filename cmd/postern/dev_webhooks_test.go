package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// receiverOf is dev's receiver with a secret, whose path is /.
func receiverOf(t *testing.T, secret string) (*webhookReceiver, http.Handler) {
	t.Helper()
	hook, err := standard.NewWebhook(strings.TrimPrefix(secret, "whsec_"))
	if !strings.HasPrefix(secret, "whsec_") {
		hook, err = standard.NewWebhookRaw([]byte(secret))
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &webhookReceiver{hook: hook}
	e := echo.New()
	e.POST("/", r.receive)
	return r, e
}

// The vectors are those of the samples in the documentation. They are of one instant, and of a
// receiver with two secrets; dev's has one, so both are tried.
func TestTheReceiverOfDevDecidesTheVectorsAsTheSamplesDo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(docFolder, "../../handlers/webhooks/testdata/vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Now     int64
		Secrets []string
		Cases   []struct{ Name, ID, Timestamp, Signature, Body, Refused string }
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(vectors.Now, 0)))
		refused := 0
		for _, c := range vectors.Cases {
			accepted := false
			for _, secret := range vectors.Secrets {
				_, handler := receiverOf(t, secret)
				request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(c.Body))
				for name, value := range map[string]string{"webhook-id": c.ID, "webhook-timestamp": c.Timestamp, "webhook-signature": c.Signature} {
					request.Header.Set(name, value)
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, request)
				accepted = accepted || w.Code != http.StatusUnauthorized // what it makes of the body is another matter
			}
			if wanted := c.Refused == ""; accepted != wanted {
				t.Errorf("%s: accepted %v, wanted %v", c.Name, accepted, wanted)
			}
			if c.Refused != "" {
				refused++
			}
		}
		if refused < 5 || refused == len(vectors.Cases) {
			t.Errorf("%d of %d vectors are to be refused", refused, len(vectors.Cases))
		}
	})
}

func TestTheReceiverOfDevTakesEachDeliveryOnceAndKeepsTheLast(t *testing.T) {
	t.Parallel()
	r, handler := receiverOf(t, hookSecret)
	hook, err := standard.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(id string, body []byte, status int) {
		t.Helper()
		now := time.Now()
		signature, err := hook.Sign(id, now, body)
		if err != nil {
			t.Fatal(err)
		}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		for name, value := range map[string]string{"webhook-id": id, "webhook-timestamp": fmt.Sprint(now.Unix()), "webhook-signature": signature} {
			request.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, request); w.Code != status {
			t.Errorf("%s: wanted %d, got %d %s", id, status, w.Code, w.Body)
		}
	}
	for i := range keptWebhooks + 5 {
		deliver(fmt.Sprint("msg_", i), fmt.Appendf(nil, `{"type":"upload.accepted","data":{"jti":"upload%d","sequence":1}}`, i), http.StatusNoContent)
	}
	last := fmt.Sprint("msg_", keptWebhooks+4)
	deliver(last, []byte(`{"type":"upload.accepted","data":{"jti":"upload","sequence":1}}`), http.StatusNoContent)
	deliver("msg_text", []byte("no JSON"), http.StatusBadRequest)
	deliver("msg_other", []byte(`{"type":"upload.accepted"}`), http.StatusBadRequest)
	deliver("msg_large", bytes.Repeat([]byte(" "), maxWebhookBody+1), http.StatusBadRequest)
	list := r.received()
	if len(list) != keptWebhooks || list[0].id != last || list[0].times != 2 || list[1].times != 1 {
		t.Errorf("%d are kept, the first is %+v", len(list), list[0])
	}
}

// uploadTo uploads to a profile of dev and returns the upload's ID.
func uploadTo(t *testing.T, v testclient.Client, profileName, filename, kind string, content []byte, status int) string {
	t.Helper()
	upload, answer, err := v.Issue(t.Context(), testclient.Request{Profile: profileName, Filename: filename, Type: kind, Size: int64(len(content))})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), filename, content); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	if answer, err := upload.Complete(t.Context()); err != nil || answer.Status != status {
		t.Fatalf("complete: %v, %v", answer, err)
	}
	return upload.ID
}

var recentItem = regexp.MustCompile(`(?s)<li data-state="([a-z]+)"><h2><bdi>([^<]*)</bdi></h2>.*?<code dir="ltr">(upload\.[a-z]+)</code> *<strong>([^<]*)</strong>`)

func TestDevTellsItselfOfEachUploadAndShowsIt(t *testing.T) {
	d := startDev(t)
	if _, page := fetch(t, d.URL+recentPath); !strings.Contains(page, "Nothing was uploaded yet") || !strings.Contains(page, "Nothing has come yet") {
		t.Errorf("before the first upload:\n%s", page)
	}
	v := testclient.Client{Base: d.URL}
	const hostile = `<img src=x onerror=alert(1)>.png`
	accepted := uploadTo(t, v, "photos", hostile, "image/png", onePixel, http.StatusOK)
	refused := uploadTo(t, v, "photos", "notes.png", "image/png", []byte("words"), http.StatusUnsupportedMediaType)
	page := ""
	waitUntil(t, "the deliveries on the page", func() bool {
		_, page = fetch(t, d.URL+recentPath)
		return strings.Count(page, "<strong>Delivered</strong>") == 2
	})
	var got []string
	for _, m := range recentItem.FindAllStringSubmatch(page, -1) {
		got = append(got, strings.Join(m[1:], " "))
	}
	if len(got) != 2 || got[0] != "refused notes.png upload.refused Delivered" || !strings.HasPrefix(got[1], "accepted ") || !strings.HasSuffix(got[1], " upload.accepted Delivered") {
		t.Errorf("the page lists %q", got)
	}
	for _, want := range []string{accepted, refused, "type_not_allowed", "<bdi>204</bdi>", "&#34;type&#34;: &#34;upload.refused&#34;", "users/guest/"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "<img") {
		t.Errorf("a file name isn't escaped:\n%s", page)
	}
	if _, german := fetch(t, d.URL+recentPath+"?lang=de"); !strings.Contains(german, ">Zugestellt<") || !strings.Contains(german, `href="/recent?lang=de"`) {
		t.Errorf("in German:\n%s", german)
	}
	forged, err := http.Post(d.URL+receiverPath, "application/json", strings.NewReader(`{"type":"upload.accepted","data":{"jti":"forged"}}`))
	if err != nil || forged.StatusCode != http.StatusUnauthorized {
		t.Errorf("a forged delivery: %v, %v", forged, err)
	}
	if _, page := fetch(t, d.URL+recentPath); strings.Contains(page, "forged") {
		t.Error("a forged delivery is shown")
	}
	fetch(t, d.URL+"/forms/photos") // issues a form that nobody uses
	if _, page := fetch(t, d.URL+recentPath); !regexp.MustCompile(`<li data-state="issued"><h2><bdi>photos</bdi></h2><p class="postern-recent-state"><strong>Form, not used yet</strong></p>`).MatchString(page) {
		t.Errorf("a form that nobody has used: wanted it named by its profile, got\n%s", page)
	}
	d.Stop()
	for line := range strings.Lines(d.Log.String()) {
		if strings.Contains(line, "delivery failed") || strings.Contains(line, "path="+receiverPath) && strings.Contains(line, "status=204") && !strings.Contains(line, "id="+accepted) && !strings.Contains(line, "id="+refused) {
			t.Errorf("the log says %s", line)
		}
	}
}

func TestTheWebhooksOfDevMayDialThisMachineAndNothingElse(t *testing.T) {
	t.Parallel()
	for own, ok := range map[string]bool{
		"http://127.0.0.1:8080": true, "http://localhost:8080": true, "http://[::1]:8080": true,
		"http://10.0.0.1:8080": false, "http://169.254.169.254": false,
	} {
		hooks := devWebhooks{secret: sigv4.Secret(strings.Repeat("ab", keyBytes)), own: own, profiles: []profile.Profile{{Name: "photos"}}}
		if _, err := webhooks.NewEndpoint(hooks.endpoints()[0]); (err == nil) != ok {
			t.Errorf("%s: wanted %v, got %v", own, ok, err)
		}
	}
}

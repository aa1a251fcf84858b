package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestServeHandsOutScopedCredentialsOfAliyun asks a double of Aliyun's STS, which verifies the
// signature by the server's secret.
func TestServeHandsOutScopedCredentialsOfAliyun(t *testing.T) {
	t.Parallel()
	policies := make(chan string, 1)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		signed := url.Values{}
		for name, values := range r.PostForm {
			if name != "Signature" {
				signed[name] = values
			}
		}
		mac := hmac.New(sha1.New, []byte(serveSecret+"&"))
		_, _ = io.WriteString(mac, "POST&%2F&"+strings.ReplaceAll(url.QueryEscape(strings.ReplaceAll(signed.Encode(), "+", "%20")), "+", "%20"))
		if r.PostForm.Get("Signature") != base64.StdEncoding.EncodeToString(mac.Sum(nil)) || r.PostForm.Get("RoleArn") != "acs:ram::1:role/uploads" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		policies <- r.PostForm.Get("Policy")
		_, _ = fmt.Fprintf(w, `{"Credentials":{"AccessKeyId":"STS.1","AccessKeySecret":"made-up","SecurityToken":"token","Expiration":%q}}`,
			time.Now().Add(15*time.Minute).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(service.Close)
	s, config := startServe(t, "http://oss.example.test", "provider: versity", "provider: oss", "path_style: true", "path_style: false",
		"profiles:", "scoped_credentials: {role_arn: \"acs:ram::1:role/uploads\", endpoint: \""+service.URL+"\"}\nprofiles:",
		"size: 1..10MiB", "size: 1..10MiB, scoped_credentials: true")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/uploads/credentials", strings.NewReader(`{"profile":"inbox"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+mint(t, config))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusCreated || !strings.Contains(string(text), `"accessKeyId":"STS.1"`) {
		t.Fatalf("got %d %s, %v", answer.StatusCode, text, err)
	}
	if got := <-policies; !strings.Contains(got, `"Resource":"acs:oss:*:*:media/`) || !strings.Contains(got, `alice/*"`) {
		t.Errorf("policy %s", got)
	}
}

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// servingPage is the advice for whoever serves objects.
const servingPage = "../../../static/docs/serving.md"

// servingVariant is a way to serve the hostile bodies: with one header of the advice, or without.
type servingVariant struct {
	name, header, value string // of the one header; "" for none
	contentType         string // "" is the type under which a body runs
	runs                bool   // whether script is expected to run
}

// TestTheServingAdviceStopsScript serves the hostile bodies as documents, with each header of the
// advice alone. Without a header they run.
func TestTheServingAdviceStopsScript(t *testing.T) {
	t.Parallel()
	advice := servingAdvice(t)
	variants := []servingVariant{
		{"documents", "", "", "", true},
		{"documents with a policy", "Content-Security-Policy", advice["Content-Security-Policy"], "", false},
		{"documents as attachments", "Content-Disposition", advice["Content-Disposition"], "", false},
		{"a type that is guessed", "", "", "unknown/unknown", true},
		{"a type that may not be guessed", "X-Content-Type-Options", "nosniff", "unknown/unknown", false},
	}
	b := newTab(t, tabOptions{})
	var addresses []string
	for i, v := range variants {
		host := fmt.Sprintf("variant-%d.test", i)
		b.Proxy.serveHost(host, serveBodies(v, i))
		for j, body := range hostileBodies() {
			if body.runsAs != "" {
				addresses = append(addresses, fmt.Sprintf("http://%s/%d", host, j))
			}
		}
	}
	ran := b.openInFrames(addresses)
	for i, v := range variants {
		runs := slices.ContainsFunc(ran, func(mark string) bool { return strings.HasPrefix(mark, fmt.Sprintf("%d.", i)) })
		if runs != v.runs {
			t.Errorf("%s: script runs: wanted %t, got %t (%q)", v.name, v.runs, runs, ran)
		}
	}
}

// serveBodies serves each hostile body under a path of its number.
func serveBodies(v servingVariant, variant int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for j, body := range hostileBodies() {
			if r.URL.Path != fmt.Sprintf("/%d", j) {
				continue
			}
			w.Header().Set("Content-Type", body.runsAs)
			if v.contentType != "" {
				w.Header().Set("Content-Type", v.contentType)
			}
			if v.header != "" {
				w.Header().Set(v.header, v.value)
			}
			_, _ = w.Write(body.content(hostileScript(fmt.Sprintf("%d.%d", variant, j))))
			return
		}
		http.NotFound(w, r)
	})
}

// servingAdvice reads the headers of the CloudFront policy in the advice and requires that the
// configuration of nginx adds the same.
func servingAdvice(t *testing.T) map[string]string {
	t.Helper()
	page := string(readFile(t, servingPage))
	block := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(page)
	if block == nil {
		t.Fatalf("%s: wanted a policy in JSON, got none", servingPage)
	}
	var policy struct {
		SecurityHeadersConfig struct {
			ContentTypeOptions    struct{ Override bool }
			ContentSecurityPolicy struct{ ContentSecurityPolicy string }
		}
		CustomHeadersConfig struct {
			Quantity int
			Items    []struct{ Header, Value string }
		}
	}
	must(t, json.Unmarshal([]byte(block[1]), &policy))
	custom := policy.CustomHeadersConfig
	if !policy.SecurityHeadersConfig.ContentTypeOptions.Override || custom.Quantity != len(custom.Items) {
		t.Errorf("%s: wanted a policy with nosniff and as many headers as it says, got %s", servingPage, block[1])
	}
	advice := map[string]string{"Content-Security-Policy": policy.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy}
	for _, item := range custom.Items {
		advice[item.Header] = item.Value
	}
	for _, line := range []string{fmt.Sprintf("add_header Content-Security-Policy %q always;", advice["Content-Security-Policy"]), "add_header X-Content-Type-Options nosniff always;",
		"add_header Content-Disposition $object_disposition always;"} {
		if !strings.Contains(page, line) {
			t.Errorf("%s: wanted %q in the configuration of nginx", servingPage, line)
		}
	}
	return advice
}

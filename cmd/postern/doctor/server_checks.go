package doctor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	cookieSize = 16 << 10  // bytes of cookies that a browser may send to a host with several applications
	bodySize   = 200 << 10 // bytes of the largest body that our script sends, for 100 files
)

// checkServer calls the server through the public URL, as browsers do.
func (t *trial) checkServer(ctx context.Context) {
	if t.reachesServer(ctx) {
		t.checkCompletion(ctx)
		t.checkCookies(ctx)
		if len(t.found) == 0 {
			t.checkLanding(ctx)
		}
	}
}

// checkLanding opens the landing page of a form that nobody has sent, as a browser without script
// does: a proxy may pass the API on and keep pages for itself.
func (t *trial) checkLanding(ctx context.Context) {
	own := t.anyProfile()
	if own == nil || !t.Store.Provider.PostPolicy {
		return
	}
	issued, err := t.forms.IssueForm(ctx, own.served(t.forms), visitorOf(own.profile))
	if err != nil {
		return // checkPlainForm reports it
	}
	address := t.Config.PublicURL + "/forms/" + own.profile.Name + "/done/" + issued.Token
	a := t.request(ctx, http.MethodGet, address, []sigv4.Param{{Name: "Accept", Value: "text/html"}}, nil)
	isOurs := strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && bytes.Contains(a.body, []byte("/assets/"))
	if a.err == nil && !isOurs {
		t.reportOther(a, "a landing page: "+t.serverEvidence(a), "a page below the public URL is answered by something else than Postern", "let the proxy pass every path below the public URL's, and every method")
	}
}

// problemCode is the code of an error of Postern's, "" for any other answer.
func (a answer) problemCode() problem.Code {
	var p struct {
		Code problem.Code `json:"code"`
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") || json.Unmarshal(a.body, &p) != nil {
		return ""
	}
	return p.Code
}

// reachesServer asks whether the server is alive, and reports whether to go on.
func (t *trial) reachesServer(ctx context.Context) bool {
	address := t.Config.PublicURL + "/healthz"
	a := t.requestOnce(ctx, http.MethodGet, address, nil, http.NoBody)
	switch {
	case a.err != nil:
		t.reportNoServer(a.err)
	case a.status/100 == 3:
		t.add(serverRedirects, fmt.Sprintf("status %d, Location: %s", a.status, clip(a.header.Get("Location"))), "the public URL leads elsewhere, which neither forms nor scripts follow",
			"public_url: the address that it leads to\nor, where it leads to itself, take the redirect out of the proxy")
	case a.ok() && string(a.body) == "ok\n":
		return true
	case a.problemCode() != "":
		t.reportPath(a)
	default:
		t.reportOther(a, t.serverEvidence(a), "at the public URL another server answers than Postern", "public_url: the address at which the proxy passes requests to "+t.Config.Listen)
	}
	return false
}

// serverEvidence names an answer and who says to have given it.
func (t *trial) serverEvidence(a answer) string {
	if server := a.header.Get("Server"); server != "" {
		return a.String() + ", Server: " + clip(server)
	}
	return a.String()
}

// reportNoServer tells a certificate that isn't valid from a server that doesn't run.
func (t *trial) reportNoServer(err error) {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var host x509.HostnameError
	if errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &host) {
		t.add(serverTLS, clip(err.Error()), "the TLS of the public URL isn't valid, so browsers don't open it", "a certificate for the host of public_url, at the proxy that has TLS")
		return
	}
	var name *net.DNSError
	if errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &name) && name.IsNotFound {
		t.add(serverUnreachable, clip(err.Error()), "nothing answers at the public URL, so the way through it wasn't tried", t.inConfig("serve", ""))
		return
	}
	t.add(serverBroken, clip(err.Error()), "the way to the server breaks off or hangs: no whole answer comes through the public URL",
		fmt.Sprintf("the proxy in front of Postern: its error log says why, limits of time and of answers are the usual causes; whether Postern itself answers: curl http://%s/healthz", t.Config.Listen))
}

// reportOther tells a proxy that doesn't reach the server from what isn't on the way to it.
func (t *trial) reportOther(a answer, evidence, sentence, remedy string) {
	switch a.status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		t.add(serverGateway, evidence, "the proxy at the public URL doesn't reach Postern",
			fmt.Sprintf("%s   # where it doesn't run\nor, in nginx: proxy_pass http://%s;", t.inConfig("serve", ""), t.Config.Listen))
	default:
		t.add(serverOther, evidence, sentence, remedy)
	}
}

func (t *trial) reportPath(a answer) {
	base := strings.TrimSuffix(strings.SplitN(strings.SplitN(t.Config.PublicURL, "://", 2)[1]+"/", "/", 2)[1], "/")
	t.add(serverPath, t.serverEvidence(a)+" "+string(a.problemCode()), "a proxy passes requests on with another path than the public URL's",
		fmt.Sprintf("nginx: proxy_pass http://%s;   # without a path behind the address, in location /%s", t.Config.Listen, base))
}

// checkCompletion asks the server to complete an upload that never arrived, with a large body. The
// answer shows that path, host, body and keys came through; the application isn't told anything.
func (t *trial) checkCompletion(ctx context.Context) {
	own := t.anyProfile()
	if own == nil {
		return
	}
	service := t.puts
	if t.Store.Provider.PostPolicy {
		service = t.forms
	}
	issued, err := own.issue(ctx, service, formSize)
	if err != nil {
		return // checkForm and checkPut report it
	}
	body, err := json.Marshal(map[string]any{"uploads": []any{map[string]string{"id": issued.ID, "token": issued.Token}}})
	if err != nil {
		return
	}
	padded := append(bytes.Clone(body), bytes.Repeat([]byte{' '}, bodySize-len(body))...) // blanks at the end are JSON
	a := t.postCompletion(ctx, padded)
	if a.err != nil {
		// An answer that comes before the whole body was read may be lost. A short body tells what
		// it was.
		if short := t.postCompletion(ctx, body); short.err == nil && !short.ok() {
			a = short
		}
	}
	t.judgeCompletion(a)
}

func (t *trial) postCompletion(ctx context.Context, body []byte) answer {
	return t.request(ctx, http.MethodPost, t.Config.PublicURL+"/uploads/complete", []sigv4.Param{{Name: "Content-Type", Value: "application/json"}}, body)
}

// anyProfile is a profile whose keys are nobody else's.
func (t *trial) anyProfile() *trial {
	for _, bucket := range t.Config.Buckets() {
		if list := (&trial{run: t.run, bucket: bucket}).sameBucket(); len(list) > 0 {
			return list[0]
		}
	}
	return nil
}

// judgeCompletion reads the answer: the upload is incomplete where all came through.
func (t *trial) judgeCompletion(a answer) {
	var outcome struct {
		Uploads []struct {
			Problem struct {
				Code problem.Code `json:"code"`
			} `json:"problem"`
		} `json:"uploads"`
	}
	evidence := "POST " + t.Config.PublicURL + "/uploads/complete: " + t.serverEvidence(a)
	switch {
	case a.err != nil || a.status == http.StatusRequestEntityTooLarge:
		t.add(serverBody, evidence, fmt.Sprintf("a body of %d KiB doesn't reach the server through the public URL", bodySize>>10), "nginx: client_max_body_size 1m;")
	case a.problemCode() == problem.Misdirected:
		t.add(serverHost, evidence, "a proxy passes requests on with another host than the public URL's", "nginx: proxy_set_header Host $host;\nor, where that can't be, in the config file, hosts: [the name that the proxy sends]")
	case a.problemCode() == problem.NotFound || a.problemCode() == problem.MethodNotAllowed:
		t.reportPath(a)
	case !a.ok() || json.Unmarshal(a.body, &outcome) != nil || len(outcome.Uploads) != 1:
		t.reportOther(a, evidence, "a request to the public URL is answered by something else than Postern", "let the proxy pass every path below the public URL's, and every method")
	case slices.Contains([]problem.Code{problem.Unauthorized, problem.UnknownUpload, problem.UploadExpired}, outcome.Uploads[0].Problem.Code):
		t.add(serverDiffers, "code "+string(outcome.Uploads[0].Problem.Code), "the server at the public URL runs with another config file, or with other keys", "restart the server: "+t.inConfig("serve", "")+"\nor run the doctor in the environment that the server has")
	}
}

// checkCookies sends as many cookies as a host with several applications may have set.
func (t *trial) checkCookies(ctx context.Context) {
	cookie := "doctor=" + strings.Repeat("x", cookieSize-len("doctor="))
	a := t.request(ctx, http.MethodGet, t.Config.PublicURL+"/healthz", []sigv4.Param{{Name: "Cookie", Value: cookie}}, nil)
	if !a.ok() {
		t.add(serverHeaders, t.serverEvidence(a), fmt.Sprintf("a request with %d KiB of cookies doesn't reach the server through the public URL", cookieSize>>10), "nginx: large_client_header_buffers 4 32k;")
	}
}

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// scriptHost gets a request from every hostile script that runs.
const scriptHost = "script-ran.test"

// hostileScript reports to scriptHost that it runs, and waits for the answer.
func hostileScript(mark string) string {
	return fmt.Sprintf("var x=new XMLHttpRequest;x.open('GET','http://%s/%s',false);try{x.send()}catch(e){}", scriptHost, mark)
}

// hostileObject is an object in the store. Its script asks scriptHost for the path mark.
type hostileObject struct {
	mark, name, key string
	always          bool // whether it is opened without POSTERN_LONG=1 too
}

// TestNoAcceptedObjectRunsScriptAtItsStoreAddress sends every hostile body under every hostile
// type, and through the plain form, whose objects get their type from the server. What is accepted
// is opened in the browser at the store's own address, where the store says nothing of "nosniff":
// every object with POSTERN_LONG=1, otherwise those of guessed types, and a third of the others.
// The same bodies, put into the store under a type of documents, do run: so the test would notice.
func TestNoAcceptedObjectRunsScriptAtItsStoreAddress(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	types := hostileTypes(t)
	accepted := uploadHostileFiles(t, p, types)
	opened := slices.DeleteFunc(slices.Clone(accepted), func(o hostileObject) bool { return !long && !o.always })
	if len(opened) < 100 {
		t.Errorf("accepted objects to open: wanted at least 100, got %d", len(opened))
	}
	t.Logf("%d types with %d bodies: %d objects accepted, %d opened", len(types), len(hostileBodies()), len(accepted), len(opened))
	for _, mark := range openObjects(t, p, opened) {
		i := slices.IndexFunc(accepted, func(o hostileObject) bool { return o.mark == mark })
		t.Errorf("accepted object: wanted one that runs nothing, got script from %s", accepted[i].name)
	}
	controls := putDocuments(t, p.store(t))
	ran := openObjects(t, p, controls)
	for _, o := range controls {
		if !slices.Contains(ran, o.mark) {
			t.Errorf("hostile body in a document: wanted it to run, so that it proves something, got nothing from %s", o.name)
		}
	}
}

// uploadHostileFiles tries every body under every type, and every body through the plain form. It
// returns the accepted objects.
func uploadHostileFiles(t *testing.T, p *devServer, types []string) []hostileObject {
	t.Helper()
	var mu sync.Mutex
	var accepted []hostileObject
	var group sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, contentType := range append(slices.Clone(types), plainForm) {
		for j, body := range hostileBodies() {
			slots <- struct{}{}
			group.Go(func() {
				defer func() { <-slots }()
				o := hostileObject{mark: fmt.Sprintf("%d.%d", i, j), name: fmt.Sprintf("%s as %q", body.name, contentType)}
				o.always = contentType == plainForm || slices.Contains(guessedTypes, contentType) || (i+j)%3 == 0
				if o.key = uploadHostileFile(t, p, contentType, body.content(hostileScript(o.mark))); o.key != "" {
					mu.Lock()
					defer mu.Unlock()
					accepted = append(accepted, o)
				}
			})
		}
	}
	group.Wait()
	return accepted
}

// plainForm stands in for a type where a file is sent by the form of the page, without script.
const plainForm = "the plain form"

// uploadHostileFile sends one file and returns its key, "" where it is refused because of its type.
func uploadHostileFile(t *testing.T, p *devServer, contentType string, content []byte) string {
	send := sendHostileFile
	if contentType == plainForm {
		send = sendHostileForm
	}
	key, answer, err := send(t.Context(), p, contentType, content)
	switch {
	case err != nil || !answer.OK() && answer.Code() != "type_not_allowed":
		t.Errorf("upload as %q: wanted it accepted or refused because of its type, got %v, %v", contentType, answer, err)
	case answer.OK():
		return key
	}
	return ""
}

// sendHostileFile sends a file as the API plans it. The answer is the last one, or the refusal.
func sendHostileFile(ctx context.Context, p *devServer, contentType string, content []byte) (key string, answer testclient.Answer, err error) {
	request := testclient.Request{Profile: "files", Filename: "page.html", Type: contentType, Size: int64(len(content))}
	u, answer, err := testclient.Client{Base: p.URL}.Issue(ctx, request)
	if err != nil || u == nil {
		return "", answer, err
	}
	if answer, err = u.Send(ctx, request.Filename, content); err == nil && answer.OK() {
		answer, err = u.Complete(ctx)
	}
	return u.Key, answer, err
}

// sendHostileForm sends a file by the form of the page and opens the page that the store leads to.
func sendHostileForm(ctx context.Context, p *devServer, _ string, content []byte) (key string, answer testclient.Answer, err error) {
	client, header := testclient.Client{Base: p.URL}, http.Header{"Accept": {"text/html"}}
	page, err := client.Raw(ctx, http.MethodGet, "/forms/files", header, nil)
	if err != nil {
		return "", page, err
	}
	form, err := testclient.ParseForm(page.Body)
	if err != nil {
		return "", page, err
	}
	answer, err = form.Send(ctx, "page.html", content)
	if err == nil && answer.Status == http.StatusSeeOther {
		answer, err = client.Raw(ctx, http.MethodGet, strings.TrimPrefix(answer.Header.Get("Location"), p.URL), header, nil)
	}
	return form.Get("key"), answer, err
}

// putDocuments stores every body that can be a document under the type that makes it one.
func putDocuments(t *testing.T, store *devStore) []hostileObject {
	t.Helper()
	var objects []hostileObject
	for i, body := range hostileBodies() {
		if body.runsAs == "" {
			continue
		}
		o := hostileObject{mark: fmt.Sprintf("control.%d", i), name: fmt.Sprintf("%s as %q", body.name, body.runsAs), key: fmt.Sprintf("control/%d", i)}
		_, err := store.client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String(bucket), Key: aws.String(o.key), ContentType: aws.String(body.runsAs), Body: bytes.NewReader(body.content(hostileScript(o.mark))),
		})
		must(t, err)
		objects = append(objects, o)
	}
	return objects
}

// openObjects opens objects at their addresses in the store and returns the marks of the scripts
// that ran.
func openObjects(t *testing.T, p *devServer, objects []hostileObject) (ran []string) {
	t.Helper()
	b := newTab(t, tabOptions{})
	signer := s3.NewPresignClient(p.store(t).client)
	var addresses []string
	for _, o := range objects {
		signed, err := signer.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(o.key)})
		must(t, err)
		addresses = append(addresses, signed.URL)
	}
	ran = b.openInFrames(addresses)
	b.requireOpened(hostOf(t, p.Store), len(objects))
	return ran
}

// framesHost has a page that shows several objects.
const framesHost = "frames.test"

// framesPerPage is how many objects one page shows.
const framesPerPage = 21

// openInFrames opens addresses in frames and returns the marks of the scripts that ran. A frame
// takes a document for what it is as a tab does, and needs a fraction of the time. A page has
// loaded when all of its frames have: those with scripts, and those that became downloads.
func (b *tab) openInFrames(addresses []string) (ran []string) {
	b.t.Helper()
	b.Proxy.serveHost(scriptHost, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	_, err := chromedp.Call(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny})
	must(b.t, err)
	for group := range slices.Chunk(addresses, framesPerPage) {
		page := "<!doctype html><title>objects</title>"
		for _, address := range group {
			page += fmt.Sprintf(`<iframe src="%s"></iframe>`, html.EscapeString(address))
		}
		b.Proxy.serveHost(framesHost, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, page)
		}))
		b.open("http://" + framesHost + "/")
	}
	for _, request := range b.Proxy.requests(scriptHost, "") {
		ran = append(ran, path.Base(request.Path))
	}
	return ran
}

// requireOpened requires that the store has given the tab as many objects.
func (b *tab) requireOpened(host string, count int) {
	b.t.Helper()
	opened := 0
	for _, request := range b.Proxy.requests(host, http.MethodGet) {
		if request.Status == http.StatusOK {
			opened++
		}
	}
	if opened != count {
		b.t.Errorf("objects that the browser got from the store: wanted %d, got %d", count, opened)
	}
}

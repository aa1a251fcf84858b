package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testbrowser"
)

// engine is a running Firefox or WebKit with the proxy and the server that its tests share. They
// run one after the other, each in a tab without cookies and storage and with an empty bucket.
type engine struct {
	testbrowser.Browser
	proxy *proxy
	dev   *devServer
	frame string // the frame that was entered; "": none
}

// otherEngines are those beside Chromium, by name, and what starts each.
var otherEngines = map[string]func(testbrowser.Options) (testbrowser.Browser, error){
	"Firefox": testbrowser.StartFirefox, "WebKit": testbrowser.StartWebKit,
}

// startEngine starts a browser and a server until the test ends. The server allows uploadsOrigin
// and appOrigin.
func startEngine(t *testing.T, start func(testbrowser.Options) (testbrowser.Browser, error)) *engine {
	t.Helper()
	e := &engine{proxy: newProxy(t), dev: startDev(t, "--origin", uploadsOrigin, "--origin", appOrigin)}
	e.proxy.reporting = true
	browser, err := start(testbrowser.Options{Proxy: strings.TrimPrefix(e.proxy.server.URL, "http://"), Dir: t.TempDir()})
	must(t, err)
	t.Cleanup(func() {
		if err := browser.Close(); err != nil {
			t.Error(err)
		}
	})
	e.Browser = browser
	return e
}

// newTab leaves nothing of the test before and opens a tab.
func (e *engine) newTab(t *testing.T) *tab {
	t.Helper()
	must(t, e.Fresh())
	e.proxy.forget()
	e.frame = ""
	e.dev.store(t).empty()
	return &tab{t: t, engine: e, Proxy: e.proxy, Close: func() {}}
}

// empty removes all objects and open multipart uploads from the bucket.
func (s *devStore) empty() {
	s.t.Helper()
	for _, key := range s.keys() {
		_, err := s.client.DeleteObject(s.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
		must(s.t, err)
	}
	list, err := s.client.ListMultipartUploads(s.t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	if err != nil {
		return // there has been none yet
	}
	for _, u := range list.Uploads {
		_, err := s.client.AbortMultipartUpload(s.t.Context(), &s3.AbortMultipartUploadInput{Bucket: aws.String(bucket), Key: u.Key, UploadId: u.UploadId})
		must(s.t, err)
	}
}

// inFrame returns the document of a frame, which an expression in the page names.
func (b *tab) inFrame(frame string) *tab {
	inside := *b
	inside.frame = frame
	return &inside
}

// context ends with the tab, or in Firefox and WebKit with the test.
func (b *tab) context() context.Context {
	if b.engine != nil {
		return b.t.Context()
	}
	return b.ctx
}

// enter makes a document the one in which expressions are evaluated: that of a frame, or the page's
// own for "".
func (e *engine) enter(frame string) error {
	if e.frame == frame {
		return nil
	}
	e.frame = ""
	if err := e.LeaveFrames(); err != nil || frame == "" {
		return err
	}
	if err := e.EnterFrame(frame); err != nil {
		return err
	}
	e.frame = frame
	return nil
}

func (e *engine) open(url string) error {
	e.frame = ""
	return e.Open(url)
}

// evaluate evaluates an expression in a document. A frame that has loaded another page since it was
// entered is entered again.
func (e *engine) evaluate(frame, expression string, result any) error {
	if err := e.enter(frame); err != nil {
		return err
	}
	err := e.Evaluate(expression, result)
	if err != nil && frame != "" {
		e.frame = ""
	}
	return err
}

func (e *engine) setFiles(frame, selector string, paths ...string) error {
	if err := e.enter(frame); err != nil {
		return err
	}
	return e.SetFiles(fmt.Sprintf(`document.querySelector(%q)`, selector), paths...)
}

func (e *engine) press(frame, selector string) error {
	if err := e.enter(frame); err != nil {
		return err
	}
	return e.Click(fmt.Sprintf(`document.querySelector(%q)`, selector))
}

// poll waits until an expression is true. Errors are expected while the page goes to another one.
func (e *engine) poll(ctx context.Context, frame, expression string) error {
	for {
		var holds bool
		err := e.evaluate(frame, "!!("+expression+")", &holds)
		switch {
		case holds:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%w (last: %w)", ctx.Err(), err)
		}
		time.Sleep(pollInterval)
	}
}

func (e *engine) describe(frame string) string {
	var text string
	if err := e.evaluate(frame, descriptionOfPage, &text); err != nil {
		return err.Error()
	}
	return text
}

func (e *engine) screenshot(t *testing.T, name string) {
	t.Helper()
	picture, err := e.Screenshot()
	must(t, err)
	must(t, os.MkdirAll(screenshots, 0o755))
	must(t, os.WriteFile(filepath.Join(screenshots, name+"-"+strings.ToLower(e.Name())+".png"), picture, 0o644))
}

// loadInEngineBy clicks the first element of a selector and waits until the next page has loaded.
// On the way to another site Firefox shows an empty document for a moment, which counts as complete.
func (b *tab) loadInEngineBy(selector string) {
	b.t.Helper()
	evaluate[any](b, `window.before = true`)
	b.press(selector)
	b.waitUntil("the next page has loaded", `!window.before && document.readyState == "complete" && location.href != "about:blank" && document.body != null`)
}

package testbrowser

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Timeout limits each command: far more than a busy machine needs, far less than the limit of go
// test.
const Timeout = time.Minute

// Width and Height of the window's content are about these, in CSS pixels.
const (
	Width  = 1280
	Height = 900
)

// Options say how a browser is started.
type Options struct {
	// Proxy is host and port of the HTTP proxy for all requests; required.
	Proxy string
	// Dir is a folder for profile, caches and logs, which the caller removes; required.
	Dir string
}

// Browser is one window of a running browser. Its methods are for one goroutine at a time. An
// element is named by a JavaScript expression, evaluated in the document or in the frame that
// EnterFrame has chosen.
type Browser interface {
	// Name is the name of the engine: "Firefox" or "WebKit".
	Name() string
	// Fresh closes the window and opens an empty one without cookies and storage.
	Fresh() error
	// Open, Reload and Back load a page and wait until it has loaded. They leave any frame.
	Open(url string) error
	Reload() error
	Back() error
	// Evaluate runs an expression in the page, waits for it if it is a promise, and decodes its
	// value, as JSON, into result; nil ignores the value.
	Evaluate(expression string, result any) error
	// SetFiles chooses the files of a file input, as the browser's own dialogue does.
	SetFiles(element string, paths ...string) error
	// Click scrolls to an element and clicks its middle with the mouse.
	Click(element string) error
	// Type focuses an element and types into it.
	Type(element, text string) error
	// EnterFrame makes the document of an iframe, of any origin, the one in which expressions are
	// evaluated, until LeaveFrames or another page.
	EnterFrame(element string) error
	LeaveFrames() error
	// Screenshot returns a picture of the window as PNG.
	Screenshot() ([]byte, error)
	// Close ends the browser and every process that was started for it.
	Close() error
}

// exceptionError is an exception that an expression has thrown.
type exceptionError struct{ browser, text string }

func (e *exceptionError) Error() string {
	return fmt.Sprintf("testbrowser: %s: the expression threw %s", e.browser, e.text)
}

// decode reads the JSON text that an expression gave; nil ignores it.
func decode(text string, result any) error {
	if result == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(text), result); err != nil {
		return fmt.Errorf("testbrowser: value %q of an expression: %w", text, err)
	}
	return nil
}

// retry calls a function until it succeeds or the time is over, and returns its last error.
func retry(timeout time.Duration, try func() error) error {
	for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		if err == nil || errors.Is(err, errEnded) || time.Now().After(deadline) {
			return err
		}
	}
}

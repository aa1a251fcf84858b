package testbrowser

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
)

// webkit is a Browser: a session of WebDriver, https://www.w3.org/TR/webdriver/
type webkit struct {
	display *display
	driver  *process
	url     string // of the driver
	session string // path of the session; "": none
	proxy   string
}

// StartWebKit starts MiniBrowser of WebKitGTK on a virtual display of its own.
func StartWebKit(o Options) (_ Browser, err error) {
	w := &webkit{proxy: o.Proxy}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.display, err = startDisplay(o.Dir); err != nil {
		return nil, err
	}
	if err := w.startDriver(o.Dir); err != nil {
		return nil, err
	}
	return w, w.Fresh()
}

// startDriver starts WebKitWebDriver on a free port and waits until it answers.
func (w *webkit) startDriver(dir string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	w.url = "http://127.0.0.1:" + port
	env := []string{"DISPLAY=" + w.display.name, "LANG=C", "LC_CTYPE=C.UTF-8", "LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_DMABUF_RENDERER=1", "GTK_A11Y=none", "NO_AT_BRIDGE=1"}
	for _, name := range []string{"HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		env = append(env, name+"="+dir)
	}
	if w.driver, err = start(filepath.Join(dir, "webkitwebdriver.log"), env, nil, "WebKitWebDriver", "--port="+port); err != nil {
		return err
	}
	return retry(Timeout, func() error {
		if err := w.driver.running(); err != nil {
			return err
		}
		return w.request(http.MethodGet, "/status", nil, nil)
	})
}

// request sends a command and decodes the value of its answer into result; nil ignores it.
func (w *webkit) request(method, path string, body, result any) error {
	var encoded io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("testbrowser: %w", err)
		}
		encoded = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, w.url+path, encoded)
	if err != nil {
		return fmt.Errorf("testbrowser: %w", err)
	}
	response, err := (&http.Client{Timeout: Timeout}).Do(request)
	if err != nil {
		return fmt.Errorf("testbrowser: %w", err)
	}
	defer response.Body.Close()
	answer := struct{ Value json.RawMessage }{}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("testbrowser: answer of WebKitWebDriver to %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("testbrowser: %s: %s", path, answer.Value)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}

// post sends a command of the session.
func (w *webkit) post(path string, body, result any) error {
	return w.request(http.MethodPost, w.session+path, body, result)
}

func (w *webkit) Name() string { return "WebKit" }

// Fresh begins a new session: windows of one session share their storage.
func (w *webkit) Fresh() error {
	if err := w.endSession(); err != nil {
		return err
	}
	always := map[string]any{
		"acceptInsecureCerts": true, "unhandledPromptBehavior": "accept",
		"proxy":                    map[string]any{"proxyType": "manual", "httpProxy": w.proxy, "sslProxy": w.proxy},
		"webkitgtk:browserOptions": map[string]any{"args": []string{"--automation"}},
	}
	var made struct{ SessionID string }
	if err := w.request(http.MethodPost, "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": always}}, &made); err != nil {
		return err
	}
	w.session = "/session/" + made.SessionID
	milliseconds := Timeout.Milliseconds()
	if err := w.post("/timeouts", map[string]int64{"script": milliseconds, "pageLoad": milliseconds, "implicit": 0}, nil); err != nil {
		return err
	}
	return w.post("/window/rect", map[string]int{"x": 0, "y": 0, "width": Width, "height": Height}, nil)
}

func (w *webkit) endSession() error {
	if w.session == "" {
		return nil
	}
	session := w.session
	w.session = ""
	return w.request(http.MethodDelete, session, nil, nil)
}

func (w *webkit) Open(url string) error { return w.post("/url", map[string]string{"url": url}, nil) }

func (w *webkit) Reload() error {
	if err := w.LeaveFrames(); err != nil {
		return err
	}
	return w.post("/refresh", struct{}{}, nil)
}

func (w *webkit) Back() error {
	if err := w.LeaveFrames(); err != nil {
		return err
	}
	return w.post("/back", struct{}{}, nil)
}

// evaluateInWebKit runs an expression and passes its value on, or what it threw.
const evaluateInWebKit = `const done = arguments[arguments.length - 1];
	(async () => JSON.stringify((await (%s)) ?? null))().then((value) => done({ value }), (error) => done({ error: String(error) }));`

func (w *webkit) Evaluate(expression string, result any) error {
	var got struct{ Value, Error string }
	script := fmt.Sprintf(evaluateInWebKit, expression)
	if err := w.post("/execute/async", map[string]any{"script": script, "args": []any{}}, &got); err != nil {
		return err
	}
	if got.Error != "" {
		return &exceptionError{"WebKit", got.Error}
	}
	return decode(got.Value, result)
}

// element finds an element and returns its reference.
func (w *webkit) element(expression string) (map[string]string, error) {
	found := map[string]string{}
	err := w.post("/execute/sync", map[string]any{"script": "return (" + expression + ")", "args": []any{}}, &found)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("testbrowser: WebKit has no element %q", expression)
	}
	return found, err
}

// command sends a command about an element.
func (w *webkit) command(element, path string, body any) error {
	found, err := w.element(element)
	if err != nil {
		return err
	}
	for _, id := range found {
		err = w.post("/element/"+id+path, body, nil)
	}
	return err
}

func (w *webkit) SetFiles(element string, paths ...string) error {
	return w.command(element, "/value", map[string]string{"text": strings.Join(paths, "\n")})
}

func (w *webkit) Click(element string) error { return w.command(element, "/click", struct{}{}) }

func (w *webkit) Type(element, text string) error {
	return w.command(element, "/value", map[string]string{"text": text})
}

func (w *webkit) EnterFrame(element string) error {
	found, err := w.element(element)
	if err != nil {
		return err
	}
	return w.post("/frame", map[string]any{"id": found}, nil)
}

func (w *webkit) LeaveFrames() error { return w.post("/frame", map[string]any{"id": nil}, nil) }

// Screenshot reads the frame buffer: the driver's own command hangs under Xvfb.
func (w *webkit) Screenshot() ([]byte, error) { return w.display.png() }

func (w *webkit) Close() error {
	err := w.endSession()
	w.driver.end()
	if w.display != nil {
		w.display.process.end()
	}
	return err
}

// freePort returns a port of loopback that was free a moment ago.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("testbrowser: %w", err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

package testbrowser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
)

// firefox is a Browser.
type firefox struct {
	process   *process
	bidi      *bidi
	container string // the user context, with cookies and storage of its own
	window    string // the browsing context of the window
	document  string // the window, or the frame in it, in which expressions are evaluated
}

// firefoxListens matches the line of Firefox's log that names the address of its server.
var firefoxListens = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// firefoxPreferences: no requests of its own, English, and a proxy for loopback addresses too.
const firefoxPreferences = `
user_pref("remote.prefs.recommended", true);
user_pref("app.update.disabledForTesting", true);
user_pref("intl.accept_languages", "en-US");
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", %q);
user_pref("network.proxy.http_port", %s);
user_pref("network.proxy.ssl", %q);
user_pref("network.proxy.ssl_port", %s);
user_pref("network.proxy.no_proxies_on", "");
user_pref("network.proxy.allow_hijacking_localhost", true);
`

// StartFirefox starts firefox-esr, or firefox where that isn't installed, without a window on the
// screen.
func StartFirefox(o Options) (Browser, error) {
	host, port, err := net.SplitHostPort(o.Proxy)
	if err != nil {
		return nil, fmt.Errorf("testbrowser: proxy %q: %w", o.Proxy, err)
	}
	profile := filepath.Join(o.Dir, "profile")
	if err := os.MkdirAll(profile, 0o700); err != nil {
		return nil, fmt.Errorf("testbrowser: %w", err)
	}
	preferences := fmt.Sprintf(firefoxPreferences, host, port, host, port)
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(preferences), 0o600); err != nil {
		return nil, fmt.Errorf("testbrowser: %w", err)
	}
	f := &firefox{}
	f.process, err = start(filepath.Join(o.Dir, "firefox.log"), []string{"HOME=" + o.Dir, "TMPDIR=" + o.Dir}, nil,
		firstInstalled("firefox-esr", "firefox"), "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0",
		fmt.Sprintf("--width=%d", Width), fmt.Sprintf("--height=%d", Height))
	if err != nil {
		return nil, err
	}
	if err := f.connect(); err != nil {
		f.process.end()
		return nil, err
	}
	return f, nil
}

// connect begins a session once Firefox listens.
func (f *firefox) connect() error {
	var address string
	err := retry(Timeout, func() error {
		log, err := os.ReadFile(f.process.log)
		found := firefoxListens.FindSubmatch(log)
		if err != nil || found == nil {
			return fmt.Errorf("testbrowser: no address in Firefox's log: %s: %w", log, f.process.running())
		}
		address = string(found[1]) + "/session"
		return nil
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	if f.bidi, err = dialBidi(ctx, address); err != nil {
		return err
	}
	always := map[string]any{"acceptInsecureCerts": true, "unhandledPromptBehavior": map[string]string{"default": "accept"}}
	if err := f.bidi.call("session.new", map[string]any{"capabilities": map[string]any{"alwaysMatch": always}}, nil); err != nil {
		return err
	}
	return f.Fresh()
}

func (f *firefox) Name() string { return "Firefox" }

// Fresh makes a tab with cookies and storage of its own (a user context). Removing the one before
// closes its tab.
func (f *firefox) Fresh() error {
	if f.container != "" {
		if err := f.bidi.call("browser.removeUserContext", map[string]any{"userContext": f.container}, nil); err != nil {
			return err
		}
	}
	var made struct{ UserContext, Context string }
	if err := f.bidi.call("browser.createUserContext", struct{}{}, &made); err != nil {
		return err
	}
	f.container = made.UserContext
	if err := f.bidi.call("browsingContext.create", map[string]any{"type": "tab", "userContext": f.container}, &made); err != nil {
		return err
	}
	f.window, f.document = made.Context, made.Context
	return nil
}

func (f *firefox) Open(url string) error {
	f.document = f.window
	return f.bidi.call("browsingContext.navigate", map[string]any{"context": f.window, "url": url, "wait": "complete"}, nil)
}

func (f *firefox) Reload() error {
	f.document = f.window
	return f.bidi.call("browsingContext.reload", map[string]any{"context": f.window, "wait": "complete"}, nil)
}

// Back waits for another document than the one that it marks: the answer to the command may come
// before that is there.
func (f *firefox) Back() error {
	f.document = f.window
	if err := f.Evaluate(`window.left = true`, nil); err != nil {
		return err
	}
	if err := f.bidi.call("browsingContext.traverseHistory", map[string]any{"context": f.window, "delta": -1}, nil); err != nil {
		return err
	}
	return retry(Timeout, func() error {
		var loaded bool
		err := f.Evaluate(`document.readyState == "complete" && !window.left`, &loaded)
		if err == nil && !loaded {
			err = errors.New("testbrowser: Firefox has not gone back")
		}
		return err
	})
}

// remoteValue is a value in a page, as BiDi describes it.
type remoteValue struct {
	Type     string
	Value    json.RawMessage
	SharedID string `json:"sharedId"`
}

// evaluate runs an expression in the document.
func (f *firefox) evaluate(expression string) (remoteValue, error) {
	var got struct {
		Type             string
		Result           remoteValue
		ExceptionDetails struct{ Text string }
	}
	err := f.bidi.call("script.evaluate", map[string]any{
		"expression": expression, "target": map[string]any{"context": f.document}, "awaitPromise": true, "userActivation": false,
	}, &got)
	if err == nil && got.Type != "success" {
		err = &exceptionError{"Firefox", got.ExceptionDetails.Text}
	}
	return got.Result, err
}

func (f *firefox) Evaluate(expression string, result any) error {
	value, err := f.evaluate(`(async () => JSON.stringify((await (` + expression + `)) ?? null))()`)
	if err != nil {
		return err
	}
	var text string
	if err := json.Unmarshal(value.Value, &text); err != nil {
		return fmt.Errorf("testbrowser: Firefox's value of %q: %w", expression, err)
	}
	return decode(text, result)
}

// element finds an element and returns what BiDi calls it.
func (f *firefox) element(expression string) (map[string]string, error) {
	value, err := f.evaluate(expression)
	if err == nil && value.SharedID == "" {
		err = fmt.Errorf("testbrowser: Firefox has no element %q", expression)
	}
	return map[string]string{"sharedId": value.SharedID}, err
}

func (f *firefox) SetFiles(element string, paths ...string) error {
	found, err := f.element(element)
	if err != nil {
		return err
	}
	return f.bidi.call("input.setFiles", map[string]any{"context": f.document, "element": found, "files": paths}, nil)
}

func (f *firefox) Click(element string) error {
	found, err := f.element(`((node) => (node?.scrollIntoView({ block: "center", behavior: "instant" }), node))(` + element + `)`)
	if err != nil {
		return err
	}
	middle := map[string]any{"type": "element", "element": found}
	return f.act(map[string]any{"type": "pointer", "id": "mouse", "actions": []any{
		map[string]any{"type": "pointerMove", "x": 0, "y": 0, "origin": middle},
		map[string]any{"type": "pointerDown", "button": 0},
		map[string]any{"type": "pointerUp", "button": 0},
	}})
}

func (f *firefox) Type(element, text string) error {
	if _, err := f.element(`((node) => (node?.focus(), node))(` + element + `)`); err != nil {
		return err
	}
	var actions []any
	for _, r := range text {
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(r)}, map[string]any{"type": "keyUp", "value": string(r)})
	}
	return f.act(map[string]any{"type": "key", "id": "keyboard", "actions": actions})
}

// act performs the actions of one input device.
func (f *firefox) act(device map[string]any) error {
	return f.bidi.call("input.performActions", map[string]any{"context": f.document, "actions": []any{device}}, nil)
}

func (f *firefox) EnterFrame(element string) error {
	value, err := f.evaluate(`(` + element + `).contentWindow`)
	if err != nil {
		return err
	}
	var frame struct{ Context string }
	if err := json.Unmarshal(value.Value, &frame); err != nil || frame.Context == "" {
		return fmt.Errorf("testbrowser: Firefox has no frame %q: %s", element, value.Value)
	}
	f.document = frame.Context
	return nil
}

func (f *firefox) LeaveFrames() error {
	f.document = f.window
	return nil
}

func (f *firefox) Screenshot() ([]byte, error) {
	var picture struct{ Data string }
	if err := f.bidi.call("browsingContext.captureScreenshot", map[string]any{"context": f.window}, &picture); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(picture.Data)
}

func (f *firefox) Close() error {
	f.bidi.close()
	f.process.end()
	return nil
}

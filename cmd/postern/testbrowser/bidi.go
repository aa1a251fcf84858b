package testbrowser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// bidi is a connection of WebDriver BiDi: https://w3c.github.io/webdriver-bidi/
type bidi struct {
	conn *websocket.Conn

	mu      sync.Mutex
	last    int64                  // number of the last command
	waiting map[int64]chan message // commands without an answer, by number
	err     error                  // why the connection ended
}

// message is an answer.
type message struct {
	ID      int64           `json:"id"`
	Type    string          `json:"type"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

// dialBidi connects to a browser.
func dialBidi(ctx context.Context, url string) (*bidi, error) {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, fmt.Errorf("testbrowser: %w", err)
	}
	conn.SetReadLimit(-1)
	b := &bidi{conn: conn, waiting: map[int64]chan message{}}
	go b.read()
	return b, nil
}

// read hands out answers until the connection ends.
func (b *bidi) read() {
	for {
		var m message
		if err := wsjson.Read(context.Background(), b.conn, &m); err != nil {
			b.fail(err)
			return
		}
		b.mu.Lock()
		answer := b.waiting[m.ID]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
}

// fail ends all commands that wait for an answer.
func (b *bidi) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	for _, answer := range b.waiting {
		close(answer)
	}
	clear(b.waiting)
}

// begin numbers a command and returns where its answer will arrive.
func (b *bidi) begin() (id int64, answer chan message, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, nil, b.err
	}
	b.last++
	answer = make(chan message, 1)
	b.waiting[b.last] = answer
	return b.last, answer, nil
}

// call sends a command, waits for its answer and decodes it into result; nil ignores it.
func (b *bidi) call(method string, params any, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	id, answer, err := b.begin()
	if err == nil {
		err = wsjson.Write(ctx, b.conn, map[string]any{"id": id, "method": method, "params": params})
	}
	if err != nil {
		return fmt.Errorf("testbrowser: %s: %w", method, err)
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return fmt.Errorf("testbrowser: %s: the connection to the browser ended: %w", method, b.err)
		case m.Type == "error":
			return fmt.Errorf("testbrowser: %s: %s: %s", method, m.Error, m.Message)
		case result != nil:
			return json.Unmarshal(m.Result, result)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("testbrowser: %s: no answer: %w", method, ctx.Err())
	}
}

// close ends the connection. A browser that has ended already is no error.
func (b *bidi) close() {
	if err := b.conn.CloseNow(); err != nil && !errors.Is(err, context.Canceled) {
		b.fail(err)
	}
}

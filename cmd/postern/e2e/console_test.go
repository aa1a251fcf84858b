package e2e

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// console records the exceptions of a page and of the frames that a test looks into, and the
// violations of a content security policy that the browser reports there.
type console struct {
	mu     sync.Mutex
	errors []string
	marks  int
}

// consoleMark is what consoleErrors lets the page print, so that everything printed before it has
// been recorded.
const consoleMark = "so far"

// listen records the messages of one document from now on.
func (c *console) listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for message, err := range messages {
		if err != nil {
			return
		}
		c.mu.Lock()
		switch {
		case message.IsException() || strings.Contains(message.Text, "Content Security Policy"):
			c.errors = append(c.errors, message.String())
		case message.Text == consoleMark:
			c.marks++
		}
		c.mu.Unlock()
	}
}

func (c *console) marked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.marks
}

// problems returns the errors recorded so far.
func (c *console) problems() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.errors)
}

// consoleErrors waits until everything that the page has printed is recorded, and returns the
// errors.
func (b *tab) consoleErrors() []string {
	b.t.Helper()
	if b.engine != nil {
		evaluate[any](b, reportNothing) // comes after what was reported before
		return b.Proxy.reportedProblems(b.t)
	}
	before := b.console.marked()
	evaluate[any](b, fmt.Sprintf(`console.debug(%q)`, consoleMark))
	waitFor(b.t, "the console has been read", func() bool { return b.console.marked() > before })
	return b.console.problems()
}

// requireCleanConsole requires that neither the page nor a frame that a test has looked into has
// thrown an exception or violated a content security policy.
func (b *tab) requireCleanConsole() {
	b.t.Helper()
	for _, message := range b.consoleErrors() {
		b.t.Errorf("the browser's console: %s", message)
	}
}

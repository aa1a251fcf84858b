package e2e

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// console keeps what a page and the frames that a test looks into throw, and what the browser
// reports against them.
type console struct {
	mu     sync.Mutex
	errors []string
	marks  int
}

// consoleMark is what calm has the page say, so that all that was said before it has been heard.
const consoleMark = "so far"

// recordAnnouncements listens to one document from now on.
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

// consoleErrors are what was heard by now.
func (c *console) problems() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.errors)
}

// consoleErrors waits until all that the page has said has been heard, and returns what is wrong.
func (b *tab) consoleErrors() []string {
	b.t.Helper()
	before := b.console.marked()
	evaluate[any](b, fmt.Sprintf(`console.debug(%q)`, consoleMark))
	waitFor(b.t, "the console has been heard", func() bool { return b.console.marked() > before })
	return b.console.problems()
}

// requireCleanConsole requires that neither the page nor a frame that was looked into has thrown anything or
// broken a content security policy.
func (b *tab) requireCleanConsole() {
	b.t.Helper()
	for _, message := range b.consoleErrors() {
		b.t.Errorf("the browser's console: %s", message)
	}
}

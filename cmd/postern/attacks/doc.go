// Package attacks contains only tests: what attackers try over HTTP against the handlers and a real
// store, and how each attempt is refused.
package attacks

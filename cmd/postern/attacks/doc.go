// Package attacks holds tests alone: what attackers try, over HTTP, against the handlers in front
// of a real store.
package attacks

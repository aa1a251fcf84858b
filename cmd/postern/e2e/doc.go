// Package e2e holds tests alone: the built binary, driven from outside as a visitor drives it, in a
// real Chromium.
package e2e

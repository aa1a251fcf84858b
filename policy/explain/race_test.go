//go:build race

package explain_test

// bombSize is the size of a parse bomb in bytes: small, since the race detector makes work ten
// times as long, and a larger bomb runs the same code.
const bombSize = 16 << 10

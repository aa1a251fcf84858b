//go:build !race

package explain_test

// bombSize is the size of a parse bomb in bytes.
const bombSize = mebibyte

//go:build !race

package explain_test

// raceDetector says that the code was built with the race detector, which allocates more.
const raceDetector = false

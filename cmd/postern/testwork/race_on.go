//go:build race

package testwork

// withRaceDetector says that times mean nothing: the detector makes some work ten times as long.
const withRaceDetector = true

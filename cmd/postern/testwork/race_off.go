//go:build !race

package testwork

const withRaceDetector = false

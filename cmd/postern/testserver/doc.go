// Package testserver runs Postern as a process of its own, for tests: with real ports, real signals
// and a real exit code.
//
// [Start] waits for the ready line and kills the process when the test ends. [Server.Restart]
// starts a server that was stopped or killed again, on the same ports and with the same data.
package testserver

// Package testserver runs the program as a process of its own, for tests: real ports, real signals,
// a real end.
//
// [Start] waits for the ready line and sees to it that nothing is left when the test is over.
// [Server.Again] starts a server that was stopped or killed once more, where it was and with what
// it had.
package testserver

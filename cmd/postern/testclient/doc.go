// Package testclient uploads through Postern as a browser's script does, for tests: it asks for an
// upload, sends the file to the store and completes the upload.
//
// Three calls make an upload: [Client.Issue] asks for a plan, [Upload.Send] sends the file whatever
// the plan's method is, and [Upload.Complete] has it verified. The steps between them are methods
// too, so that a test can do any of them wrong. An answer of Postern or the store, refusals
// included, is an [Answer]; an error means that there was no answer.
package testclient

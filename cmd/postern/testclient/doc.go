// Package testclient speaks to Postern and to the store as a browser's script does, for tests: it
// issues, sends, completes.
//
// Three calls make an upload: [Client.Issue] asks for a plan, [Upload.Send] carries it out whatever
// its method, and [Upload.Complete] has it verified. The steps between are methods of their own, so
// that a test can go astray at any of them. An answer of either side, refusals included, is an
// [Answer]; an error means that there was none.
package testclient

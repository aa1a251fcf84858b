// Package profile turns what an operator decided into what one visitor may upload.
//
// Three calls are enough for most programs:
//
//   - [Compile] checks a [Profile] once, when it is loaded, and reports every contradiction in it.
//   - [Compiled.Plan] answers a script that names a file, its type and its size: the plan allows
//     exactly those.
//   - [Compiled.FormPlan] answers a plain HTML form, which can't say anything about the file
//     beforehand.
//
// A [Plan] is a value: it holds the whole key, the limits and the part sizes, and
// [Compiled.Document] writes it as the policy document a store enforces. There is no other way from
// a request to a key, so a limit holds for every kind of upload.
//
// # Units
//
// Sizes are bytes, instants are UTC, part numbers begin at 1. Content types are compared in lower
// case and without parameters.
//
// # Keys
//
// Keys are made from the operator's template. Of a visitor's file name only a short lower-case
// extension and, where the template asks for it, a slug of ASCII letters and digits reach the key.
// Subjects and claims are encoded one-to-one into a single segment: two subjects never share a
// prefix.
//
// # What a plan can't enforce
//
// A store matches the declared content type, never the bytes: sniff the object after the upload.
// The hash that stands for a very long subject is as unique as SHA-256 is.
//
// The package has no clock and no source of randomness of its own and imports the standard library
// only.
package profile

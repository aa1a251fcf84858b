// Package stores holds strict doubles of object stores, and what is shown with them: each class of
// store (one like AWS, Aliyun OSS, Cloud Storage behind a front end that rewrites Accept-Encoding,
// and one without form posts) verifies signatures from scratch by its own names, and refuses what
// the real one refuses.
//
//	go test ./cmd/postern/stores
//	go test ./cmd/postern/stores -run Matrix -update   # after a change to a provider's record
//	go test ./cmd/postern/stores -fuzz Profiles
//	POSTERN_VERSITYGW=PATH go test ./cmd/postern/stores -run Standalone   # with the program itself
//
// A double shows that Postern speaks a store's language as its documentation has it. It can't show
// what the real store does.
package stores

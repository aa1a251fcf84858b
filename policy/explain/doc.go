// Package explain says what a POST policy, a form, a curl command, a presigned URL or a store's
// error means, and why an upload is refused.
//
// [Explain] recognises its input and reads it into plain data. Then rules look for causes, and a
// [Report] returns all of them as findings, the gravest first. [Report.Text] is the report for
// people, its JSON the one for programs.
//
// The package keeps no state, doesn't log, and writes nothing but its result. Findings repeat parts
// of the input, shortened, but no signature, no session token and no whole policy. [MaxInput]
// bounds the input.
//
// A finding says if its cause can't be known from the input alone, such as what the bucket's own
// policy says. The rules are those of "Browser-based uploads using POST" and "Authenticating
// requests: using query parameters" in the S3 documentation; where stores are known to differ, the
// finding says so.
package explain

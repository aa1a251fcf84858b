// Package explain says in plain words what a POST policy, a form, a curl command, a presigned URL
// or a store's error means, and why an upload is refused.
//
// [Explain] is the one call: it recognises what it is given and returns a [Report] with every
// finding, not the first. [Report.Text] prints it for people; marshalled as JSON it is what
// programs read.
//
// Nothing is kept: the package has no state, logs nothing and writes nothing but its result.
// Findings repeat parts of the input, shortened; signatures, tokens and whole policies are never
// among them. Input is bounded by [MaxInput].
//
// What can't be known from the input alone (who owns a key, what a bucket's own policy says) is
// named as such. The rules are those of "Browser-based uploads using POST" and "Authenticating
// requests: using query parameters" in the S3 documentation; where known stores differ, the finding
// says so.
package explain

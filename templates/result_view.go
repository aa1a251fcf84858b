package templates

// States of a [ResultView].
const (
	StateDone    = "done"    // the object is in the bucket and accepted
	StateRefused = "refused" // it was there and broke a rule
	StateWaiting = "waiting" // the store hasn't confirmed it yet
)

// ResultView is the page that a form sent without script ends on.
type ResultView struct {
	Page
	// State is StateDone, StateRefused or StateWaiting.
	State string
	// Heading says what happened, Message why, Hint what was done with the file and what to do now.
	// Hint may be empty.
	Heading, Message, Hint string
	// Filename is the file's name on the person's disk. May be empty.
	Filename string
	// Details are further lines, such as size and type.
	Details []Detail
	// Code is the code of the refusal, for support, and CodeLabel its label. Without a code the
	// line is not shown.
	Code, CodeLabel string
	// Download leads to the object; without a URL there is no link.
	Download Link
	// Again leads to a new form, or to this page while the object is waited for.
	Again Link
}

// ErrorView is the page of any other failure.
type ErrorView struct {
	Page
	// Heading and Message say what happened, Hint what to do now. Hint may be empty.
	Heading, Message, Hint string
	// Code and RequestID, with their labels, are for support. Each may be empty.
	Code, RequestID, CodeLabel, RequestLabel string
	// Again leads to a page where the person can try again.
	Again Link
}

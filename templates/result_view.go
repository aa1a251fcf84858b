package templates

// States of a [ResultView].
const (
	StateDone    = "done"    // the object is in the bucket and accepted
	StateRefused = "refused" // it was there and broke a rule
	StateWaiting = "waiting" // the store hasn't confirmed it yet
)

// ResultView is the page that a person without script lands on after sending.
type ResultView struct {
	Page
	// State is StateDone, StateRefused or StateWaiting.
	State string
	// Heading says what happened, Message why, Hint what became of the file and what to do now.
	// Hint may be empty.
	Heading, Message, Hint string
	// Filename is what the person's disk calls the file. May be empty.
	Filename string
	// Details are further lines, such as size and type.
	Details []Detail
	// Code is the contract's code for the support desk, CodeLabel its label. Without a code the
	// line is not shown.
	Code, CodeLabel string
	// Again leads to a fresh form, or back to this page while waiting.
	Again Link
}

// ErrorView is any other failure, as a page.
type ErrorView struct {
	Page
	// Heading says what happened, Message to what, Hint what to do now. Hint may be empty.
	Heading, Message, Hint string
	// Code and RequestID are for the support desk, small, with their labels.
	Code, RequestID, CodeLabel, RequestLabel string
	// Again leads to where the person may try again.
	Again Link
}

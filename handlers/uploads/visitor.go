package uploads

import "github.com/postern-dev/postern/policy/profile"

// Visitor is who sends one request. The zero value is nobody, who may use public profiles as
// profile.Guest.
type Visitor struct {
	profile.Identity
	// Known says that somebody vouched for the identity; false for nobody.
	Known bool
	// Language is the tag that the visitor chose on the page; "" leaves it to the browser.
	Language string
	// Return is where a form without script leads afterwards; zero leaves it to the profile. It has
	// passed Return.Check.
	Return Return
	// Way is how an upload is asked for, for counters; "" where nobody says.
	Way Way
}

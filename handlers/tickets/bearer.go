package tickets

import (
	"net/http"
	"strings"
)

// maxTicket is the most bytes a ticket may have; common servers cut a header off at 8 KiB.
const maxTicket = 8 << 10

// bearer returns the ticket of a request. No Authorization header, or one with another scheme (a
// proxy in front may use Basic), is no ticket; a header that tries to be one and fails is an error.
func bearer(h http.Header) (ticket string, ok bool, err error) {
	values := h.Values("Authorization")
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
	default:
		return "", false, refused(ErrMalformed, "more than one Authorization header")
	}
	scheme, rest, spaced := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false, otherScheme(scheme, spaced)
	}
	ticket = strings.Trim(rest, " ")
	if len(ticket) > maxTicket {
		return "", false, refused(ErrMalformed, "longer than 8 KiB")
	}
	if ticket == "" || strings.ContainsFunc(ticket, notInTicket) {
		return "", false, refused(ErrMalformed, "the header has to read: Bearer TICKET")
	}
	return ticket, true, nil
}

// otherScheme refuses a ticket that was sent without its scheme, which would otherwise quietly make
// its bearer nobody.
func otherScheme(scheme string, spaced bool) error {
	if !spaced && scheme != "" {
		return refused(ErrMalformed, "the header has to read: Bearer TICKET")
	}
	return nil
}

// notInTicket reports characters outside of base64url and the two dots.
func notInTicket(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return r != '-' && r != '_' && r != '.'
}

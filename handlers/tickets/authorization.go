package tickets

import (
	"net/http"
	"strings"
)

// ticketAlphabet is base64url and the dot between the parts of a JSON Web Token.
const ticketAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

// ticketOf returns the ticket of a request's header. No Authorization header, or one with another
// scheme (a proxy in front may use Basic), is no ticket. A ticket without its scheme is an error:
// its sender would otherwise count as nobody, without a word.
func ticketOf(h http.Header) (ticket string, ok bool, err error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", false, nil
	}
	if len(values) > 1 {
		return "", false, refused(ErrMalformed, "more than one Authorization header")
	}
	scheme, rest, spaced := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") && (spaced || scheme == "") {
		return "", false, nil
	}
	ticket = strings.Trim(rest, " ")
	if ticket == "" || strings.ContainsFunc(ticket, func(r rune) bool { return !strings.ContainsRune(ticketAlphabet, r) }) {
		return "", false, refused(ErrMalformed, "the header has to read: Bearer TICKET")
	}
	return ticket, true, nil
}

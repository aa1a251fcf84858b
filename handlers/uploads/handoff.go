package uploads

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Return is where a form without script leads after its upload was accepted, in place of the
// profile's own redirect. The zero value is nowhere.
type Return struct {
	// Path is a path of the public URL's origin, with its query ("/albums/new?draft=7").
	Path string
	// Field is the name of the field in the host's form that gets the receipt; "" names none.
	Field string
}

// HandoffLifetime is how long a visitor may take from the host's form to the upload form.
const HandoffLifetime = 15 * time.Minute

// maxReturnPath is the longest path that is taken, in bytes: it becomes part of the upload token,
// and that of the policy.
const maxReturnPath = 1000

var errReturnPath = problem.InField("path", "wanted a path of this server, such as /albums/new?draft=7")

// Check refuses a path that a browser could read as another host, or that isn't a path.
func (r Return) Check() error {
	if len(r.Path) > maxReturnPath || !strings.HasPrefix(r.Path, "/") || strings.ContainsFunc(r.Path, isUnsafeInPath) || strings.Contains(r.Path, "#") {
		return errReturnPath
	}
	u, err := url.Parse(r.Path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return errReturnPath
	}
	// Some software decodes a path before it reads it, and takes out dots: "/..//evil" is "//evil"
	// then.
	decoded := strings.ReplaceAll(u.Path, " ", "")
	if strings.HasPrefix(decoded, "//") || strings.Contains(decoded, ".//") || strings.ContainsFunc(decoded, isUnsafeInPath) {
		return errReturnPath
	}
	return nil
}

// isUnsafeInPath reports whether browsers read a character as something else: they take \ for / and
// skip tabs and line ends.
func isUnsafeInPath(r rune) bool { return r == '\\' || r <= ' ' || r == 0x7f || r > 0x7f && r < 0xa0 }

// Handoffs lead a visitor without script from a field in a host's form to the upload page and back:
// signed tokens that name subject, session, profile, field and path. They are safe for concurrent
// use.
type Handoffs struct{ tokens derivedTokens }

// NewHandoffs derives the keys of handoffs from the token keys.
func NewHandoffs(tokenKeys []sigv4.Secret, now func() time.Time) (Handoffs, error) {
	tokens, err := newDerivedTokens("postern-handoff+jwt", "postern handoff", tokenKeys, now)
	return Handoffs{tokens}, err
}

// handoffClaims are what a handoff carries.
type handoffClaims struct {
	jwt.RegisteredClaims
	Profile string `json:"prf"`
	Nonce   string `json:"non,omitempty"`
	Field   string `json:"fld"`
	Path    string `json:"pth"`
}

// Mint makes the handoff of a visitor to the form of a profile. It refuses an unsafe path.
func (h Handoffs) Mint(profileName string, v Visitor, to Return) (string, error) {
	if err := to.Check(); err != nil {
		return "", err
	}
	claims := handoffClaims{RegisteredClaims: h.tokens.in(HandoffLifetime), Profile: profileName, Nonce: v.Nonce, Field: to.Field, Path: to.Path}
	claims.Subject = cmp.Or(v.Subject, profile.Guest)
	return h.tokens.mint(claims)
}

var (
	errHandoff      = &problem.Error{Code: problem.Forbidden, Field: "handoff", Detail: "this address was made for another visitor or form, or was changed"}
	errEndedHandoff = &problem.Error{Code: problem.UploadExpired, Field: "handoff", Detail: "this address has expired"}
)

// Open returns where a handoff leads back to. One that isn't this visitor's, or of another profile,
// is Forbidden; one that has ended UploadExpired.
func (h Handoffs) Open(handoff, profileName string, v Visitor) (Return, error) {
	var c handoffClaims
	switch err := h.tokens.verify(handoff, &c); {
	case errors.Is(err, jwt.ErrTokenExpired):
		return Return{}, errEndedHandoff
	case err != nil || c.Profile != profileName || c.Subject != cmp.Or(v.Subject, profile.Guest) ||
		subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(v.Nonce)) != 1:
		return Return{}, errHandoff
	}
	to := Return{Path: c.Path, Field: c.Field}
	return to, to.Check()
}

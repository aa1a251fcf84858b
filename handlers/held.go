package handlers

import (
	"crypto/subtle"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
)

// maxToken is the longest upload token that is looked at, in bytes.
const maxToken = 8 << 10

// held is an upload that the caller holds the token of, with its profile.
type held struct {
	upload
	gate *gate
	plan profile.Plan
}

// hold finds the upload of a request: by the token in its header, for the ID in its path. Whoever
// sends a ticket as well has to be the one the upload was issued to. Every mismatch gets the same
// answer.
func (h *Handlers) hold(c echo.Context) (held, error) {
	who, err := h.identify(c)
	if err != nil {
		return held{}, err
	}
	u, err := h.openToken(c.Request().Header.Get(HeaderUploadToken))
	if err != nil {
		return held{}, err
	}
	if subtle.ConstantTimeCompare([]byte(u.id), []byte(c.Param("id"))) != 1 || u.method == profile.MethodForm {
		return held{}, errUnknownUpload
	}
	if who.known && who.Subject != u.subject {
		return held{}, errUnknownUpload
	}
	out, err := h.holding(u)
	if err != nil {
		return held{}, err
	}
	return out, h.checkOrigin(c.Request(), out.gate, who)
}

func (h *Handlers) openToken(token string) (upload, error) {
	if token == "" {
		return upload{}, &Error{Code: CodeUnauthorized, Field: HeaderUploadToken, Detail: "the upload token is missing"}
	}
	if len(token) > maxToken {
		return upload{}, errBadToken
	}
	return h.tokens.verify(token)
}

// holding joins an upload with its profile as it is configured now. A profile that is gone or was
// moved to another bucket knows none of its old uploads.
func (h *Handlers) holding(u upload) (held, error) {
	g, ok := h.gates[u.profile]
	if !ok || g.profile.Bucket != u.bucket {
		return held{}, errUnknownUpload
	}
	return held{upload: u, gate: g, plan: u.plan()}, nil
}

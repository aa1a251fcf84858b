package uploads

import (
	"cmp"
	"crypto/subtle"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// OpenUpload is an upload authenticated by its upload token, joined with its profile as it is
// configured now.
type OpenUpload struct {
	Upload
	Served *ServedProfile
}

var (
	errUnknownProfile = &problem.Error{Code: problem.UnknownProfile, Field: "profile"}
	// errUnknownUpload is the one answer to every upload that isn't the caller's.
	errUnknownUpload = &problem.Error{Code: problem.UnknownUpload}
)

// Open returns the upload with an ID, given its token. Whoever is known has to be the subject and
// the session that the upload was issued to; nobody may open it, since the token is proof enough. A
// token that isn't valid is Unauthorized, one that ended UploadExpired, every mismatch
// UnknownUpload.
func (s *Service) Open(token, id string, v Visitor) (OpenUpload, error) {
	u, err := s.tokens.verify(token)
	if err != nil {
		return OpenUpload{}, err
	}
	if subtle.ConstantTimeCompare([]byte(u.ID), []byte(id)) != 1 || u.Method == profile.MethodForm {
		return OpenUpload{}, errUnknownUpload
	}
	return s.join(u, v)
}

// OpenForm returns the upload of a plain form, given the token in the path of its landing page and
// the profile in that path. Errors are those of Open.
func (s *Service) OpenForm(token, profileName string, v Visitor) (OpenUpload, error) {
	u, err := s.tokens.verify(token)
	if err != nil {
		return OpenUpload{}, err
	}
	if u.Method != profile.MethodForm || u.Profile != profileName {
		return OpenUpload{}, errUnknownUpload
	}
	return s.join(u, v)
}

// isOf reports whether an upload was issued to the subject and the session of a visitor.
func (u Upload) isOf(v Visitor) bool {
	return cmp.Or(v.Subject, profile.Guest) == u.Subject && subtle.ConstantTimeCompare([]byte(v.Nonce), []byte(u.Nonce)) == 1
}

// join finds the profile of an upload. One that was removed or moved to another bucket knows none
// of its old uploads.
func (s *Service) join(u Upload, v Visitor) (OpenUpload, error) {
	s.process.observe(u)
	served, ok := s.profiles[u.Profile]
	if !ok || served.Settings.Bucket != u.Bucket || v.Known && !u.isOf(v) {
		return OpenUpload{}, errUnknownUpload
	}
	return OpenUpload{Upload: u, Served: served}, nil
}

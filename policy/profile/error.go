package profile

import "fmt"

// Code names a refusal for programs; the words are those of the JSON API.
type Code string

// The codes of a RequestError.
const (
	InvalidRequest  Code = "invalid_request"
	Unauthorized    Code = "unauthorized"
	Forbidden       Code = "forbidden"
	SizeTooLarge    Code = "size_too_large"
	SizeTooSmall    Code = "size_too_small"
	TypeNotAllowed  Code = "type_not_allowed"
	FilenameInvalid Code = "filename_invalid"
	PartOutOfPlan   Code = "part_out_of_plan"
)

// RequestError refuses one request. Its code decides what the visitor is answered.
type RequestError struct {
	Code   Code
	Field  string // of the request or identity: "size", "type", "filename", "metadata.album", "claim:team"
	Wanted string // in words or figures
	Got    string // shortened
}

// Error names the member, what was wanted and what was got.
func (e *RequestError) Error() string {
	return fmt.Sprintf("profile: %s: %s: wants %s, got %q", e.Code, e.Field, e.Wanted, e.Got)
}

// Is reports whether target is a *RequestError with the same code, and the same field where target
// names one, so that errors.Is(err, &RequestError{Code: SizeTooLarge}) reads as a question.
func (e *RequestError) Is(target error) bool {
	t, ok := target.(*RequestError)
	return ok && t.Code == e.Code && (t.Field == "" || t.Field == e.Field)
}

// SettingError is one contradiction in a profile: a mistake of the operator, found before anything
// is served. Its field says which line of the config file to change.
type SettingError struct {
	Profile string
	Field   string // as the config file names it: "size", "multipart.part_size", "types[2]"
	Wanted  string
	Got     string // shortened
}

// Error names the profile, the setting, what was wanted and what was got.
func (e *SettingError) Error() string {
	return fmt.Sprintf("profile: %q: %s: wants %s, got %q", e.Profile, e.Field, e.Wanted, e.Got)
}

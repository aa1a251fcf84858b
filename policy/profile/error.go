package profile

import (
	"fmt"
	"strconv"
)

// Code names a refusal for programs; the words are those of the JSON API.
type Code string

// The codes a plan can be refused with.
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

// Error is a refusal of one request. Field is the member of the request or identity at fault
// ("size", "type", "filename", "metadata.album", "claim:team"); Wanted says in words or figures
// what would do; Got is what came.
type Error struct {
	Code   Code
	Field  string
	Wanted string
	Got    string
}

func (e *Error) Error() string {
	return fmt.Sprintf("profile: %s: %s: wants %s, got %q", e.Code, e.Field, e.Wanted, e.Got)
}

// Is reports whether target is an *Error with the same code, and the same field where target names
// one, so that errors.Is(err, &Error{Code: SizeTooLarge}) reads as a question.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && (t.Field == "" || t.Field == e.Field)
}

// FieldError is one contradiction in a profile. Field is the name the config file gives it
// ("size.max", "multipart.part_size", "types[2]").
type FieldError struct {
	Profile string
	Field   string
	Wanted  string
	Got     string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("profile: %q: %s: wants %s, got %s", e.Profile, e.Field, e.Wanted, strconv.Quote(e.Got))
}

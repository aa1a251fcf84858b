package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
)

// Code says for programs why a request was refused. Each has one HTTP status.
type Code string

// The codes of the API.
const (
	CodeInvalidRequest   Code = "invalid_request"
	CodeUnauthorized     Code = "unauthorized"
	CodeForbidden        Code = "forbidden"
	CodeOriginNotAllowed Code = "origin_not_allowed"
	CodeNotFound         Code = "not_found"
	CodeUnknownProfile   Code = "unknown_profile"
	CodeUnknownUpload    Code = "unknown_upload"
	CodeMethodNotAllowed Code = "method_not_allowed"
	CodeSizeMismatch     Code = "size_mismatch"
	CodeIncomplete       Code = "incomplete"
	CodeAlreadyExists    Code = "already_exists"
	CodeUploadExpired    Code = "upload_expired"
	CodeSizeTooLarge     Code = "size_too_large"
	CodeTypeNotAllowed   Code = "type_not_allowed"
	CodeSizeTooSmall     Code = "size_too_small"
	CodeFilenameInvalid  Code = "filename_invalid"
	CodePartOutOfPlan    Code = "part_out_of_plan"
	CodeQuotaExceeded    Code = "quota_exceeded"
	CodeRateLimited      Code = "rate_limited"
	CodeInternal         Code = "internal"
	CodeStoreUnavailable Code = "store_unavailable"
)

// meaning is what a code comes to over HTTP and the sentence that goes with it where an error
// brings none of its own.
type meaning struct {
	status int
	title  string
}

var meanings = map[Code]meaning{
	CodeInvalidRequest:   {http.StatusBadRequest, "The request is not well-formed."},
	CodeUnauthorized:     {http.StatusUnauthorized, "A valid ticket or upload token is needed."},
	CodeForbidden:        {http.StatusForbidden, "This identity may not do that."},
	CodeOriginNotAllowed: {http.StatusForbidden, "Pages of this origin may not upload here."},
	CodeNotFound:         {http.StatusNotFound, "There is nothing at this address."},
	CodeUnknownProfile:   {http.StatusNotFound, "There is no such profile."},
	CodeUnknownUpload:    {http.StatusNotFound, "There is no such upload."},
	CodeMethodNotAllowed: {http.StatusMethodNotAllowed, "This address doesn't take that method."},
	CodeSizeMismatch:     {http.StatusConflict, "What is stored differs from what was planned."},
	CodeIncomplete:       {http.StatusConflict, "The upload is not all there yet."},
	CodeAlreadyExists:    {http.StatusConflict, "An object with this key is there already."},
	CodeUploadExpired:    {http.StatusGone, "The time for this upload is over."},
	CodeSizeTooLarge:     {http.StatusRequestEntityTooLarge, "The file is too large."},
	CodeTypeNotAllowed:   {http.StatusUnsupportedMediaType, "Files of this content type are not taken."},
	CodeSizeTooSmall:     {http.StatusUnprocessableEntity, "The file is too small."},
	CodeFilenameInvalid:  {http.StatusUnprocessableEntity, "The file name can't be used."},
	CodePartOutOfPlan:    {http.StatusUnprocessableEntity, "The plan has no such part."},
	CodeQuotaExceeded:    {http.StatusTooManyRequests, "The quota is used up for now."},
	CodeRateLimited:      {http.StatusTooManyRequests, "Too many requests at once."},
	CodeInternal:         {http.StatusInternalServerError, "Something went wrong here."},
	CodeStoreUnavailable: {http.StatusServiceUnavailable, "The store can't be reached."},
}

// Status is the HTTP status of the code, 500 for one that isn't listed.
func (c Code) Status() int {
	if m, ok := meanings[c]; ok {
		return m.status
	}
	return http.StatusInternalServerError
}

// Error is a refusal with a code for programs. Detail is an English sentence that may be shown to
// the caller; it never holds a secret. Err is the cause, for the log only.
type Error struct {
	Code       Code
	Detail     string
	Field      string        // member of the request at fault, may be empty
	Missing    []int         // part numbers, with CodeIncomplete
	RetryAfter time.Duration // sent as Retry-After where positive
	Err        error

	limits *limits // what would have been accepted, for the page
	found  string  // the type that was detected instead
}

// limits are the figures that an error page names.
type limits struct {
	minSize, maxSize int64
	types            []string
}

func (e *Error) Error() string {
	text := "handlers: " + string(e.Code)
	if e.Field != "" {
		text += ": " + e.Field
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an *Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func refuse(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

func refuseField(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalidRequest, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// errUnknownUpload is the one answer to every upload that isn't the caller's.
var errUnknownUpload = &Error{Code: CodeUnknownUpload}

// asError finds the code for any error. What nobody foresaw is internal.
func asError(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var planned *profile.Error
	if errors.As(err, &planned) {
		return fromProfile(planned)
	}
	var limited *LimitError
	if errors.As(err, &limited) {
		return &Error{Code: limited.Code, RetryAfter: limited.RetryAfter, Err: err}
	}
	var routed *echo.HTTPError
	if errors.As(err, &routed) {
		return &Error{Code: codeOfStatus(routed.Code), Err: err}
	}
	return &Error{Code: CodeInternal, Err: err}
}

func fromProfile(err *profile.Error) *Error {
	detail := ""
	if err.Wanted != "" {
		detail = fmt.Sprintf("wanted %s, got %q", err.Wanted, err.Got)
	}
	return &Error{Code: Code(err.Code), Field: err.Field, Detail: detail, Err: err}
}

// codeOfStatus is for errors made by Echo itself.
func codeOfStatus(status int) Code {
	switch {
	case status == http.StatusNotFound:
		return CodeNotFound
	case status == http.StatusMethodNotAllowed:
		return CodeMethodNotAllowed
	case status == http.StatusTooManyRequests:
		return CodeRateLimited
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return CodeInvalidRequest
	}
	return CodeInternal
}

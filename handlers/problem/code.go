package problem

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// Code says for programs why a request was refused. Each code has one HTTP status.
type Code string

// The codes of the API.
const (
	InvalidRequest   Code = "invalid_request"
	Unauthorized     Code = "unauthorized"
	Forbidden        Code = "forbidden"
	OriginNotAllowed Code = "origin_not_allowed"
	NotFound         Code = "not_found"
	UnknownProfile   Code = "unknown_profile"
	UnknownUpload    Code = "unknown_upload"
	MethodNotAllowed Code = "method_not_allowed"
	SizeMismatch     Code = "size_mismatch"
	Incomplete       Code = "incomplete"
	AlreadyExists    Code = "already_exists"
	AlreadyCompleted Code = "already_completed"
	UploadExpired    Code = "upload_expired"
	SizeTooLarge     Code = "size_too_large"
	TypeNotAllowed   Code = "type_not_allowed"
	Misdirected      Code = "misdirected_request"
	SizeTooSmall     Code = "size_too_small"
	FilenameInvalid  Code = "filename_invalid"
	PartOutOfPlan    Code = "part_out_of_plan"
	QuotaExceeded    Code = "quota_exceeded"
	RateLimited      Code = "rate_limited"
	Internal         Code = "internal"
	StoreUnavailable Code = "store_unavailable"
)

// codes is the one table of statuses and titles. A title goes with an error that has no sentence of
// its own.
var codes = map[Code]struct {
	status int
	title  string
}{
	InvalidRequest:   {http.StatusBadRequest, "The request is not well-formed."},
	Unauthorized:     {http.StatusUnauthorized, "A valid ticket or upload token is needed."},
	Forbidden:        {http.StatusForbidden, "This identity may not do that."},
	OriginNotAllowed: {http.StatusForbidden, "Pages of this origin may not upload here."},
	NotFound:         {http.StatusNotFound, "There is nothing at this address."},
	UnknownProfile:   {http.StatusNotFound, "There is no such profile."},
	UnknownUpload:    {http.StatusNotFound, "There is no such upload."},
	MethodNotAllowed: {http.StatusMethodNotAllowed, "This address doesn't take that method."},
	SizeMismatch:     {http.StatusConflict, "What is stored differs from what was planned."},
	Incomplete:       {http.StatusConflict, "The upload is not complete yet."},
	AlreadyExists:    {http.StatusConflict, "An object with this key exists already."},
	AlreadyCompleted: {http.StatusConflict, "The upload was accepted and can't be removed any more."},
	UploadExpired:    {http.StatusGone, "The time for this upload has ended."},
	SizeTooLarge:     {http.StatusRequestEntityTooLarge, "The file is too large."},
	TypeNotAllowed:   {http.StatusUnsupportedMediaType, "Files of this content type are not accepted."},
	Misdirected:      {http.StatusMisdirectedRequest, "This server doesn't answer to that host name."},
	SizeTooSmall:     {http.StatusUnprocessableEntity, "The file is too small."},
	FilenameInvalid:  {http.StatusUnprocessableEntity, "The file name can't be used."},
	PartOutOfPlan:    {http.StatusUnprocessableEntity, "The plan has no such part."},
	QuotaExceeded:    {http.StatusTooManyRequests, "The quota is used up for now."},
	RateLimited:      {http.StatusTooManyRequests, "Too many requests at once."},
	Internal:         {http.StatusInternalServerError, "The server failed."},
	StoreUnavailable: {http.StatusServiceUnavailable, "The store can't be reached."},
}

// Codes lists every code in alphabetical order.
func Codes() []Code { return slices.Sorted(maps.Keys(codes)) }

// Known reports whether the code is one of the list above.
func (c Code) Known() bool {
	_, ok := codes[c]
	return ok
}

// Status is the HTTP status of the code, 500 for one that isn't listed.
func (c Code) Status() int {
	if entry, ok := codes[c]; ok {
		return entry.status
	}
	return http.StatusInternalServerError
}

// Title is the sentence that goes with the code, "" for one that isn't listed.
func (c Code) Title() string { return codes[c].title }

// Wait is how long a caller should wait before it asks again, given what the error says: at least a
// second for quotas, rates and a store that is away, which always name a time.
func (c Code) Wait(said time.Duration) time.Duration {
	switch c {
	case QuotaExceeded, RateLimited, StoreUnavailable:
		return max(said, time.Second)
	}
	return said
}

package problem

import "math"

// MediaType is the content type of a Document, RFC 9457.
const MediaType = "application/problem+json"

// Document is an error as RFC 9457 writes it in JSON.
type Document struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail,omitempty"`
	Code       Code   `json:"code"`
	Field      string `json:"field,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Missing    []int  `json:"missing,omitempty"`
	RequestID  string `json:"requestId"`
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
}

// Document returns the error as it is sent. The type is about:blank: no page describes the codes
// yet.
func (e *Error) Document(requestID string) Document {
	return Document{
		Type: "about:blank", Title: e.Code.Title(), Status: e.Code.Status(), Detail: e.Detail, Code: e.Code,
		Field: e.Field, Reason: e.Reason, Missing: e.Missing, RequestID: requestID, RetryAfter: e.RetrySeconds(),
	}
}

// RetrySeconds is the value of Retry-After in whole seconds, 0 where the header is left out.
func (e *Error) RetrySeconds() int {
	return int(math.Ceil(e.Code.Wait(e.RetryAfter).Seconds()))
}

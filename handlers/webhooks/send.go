package webhooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Timeout is for one attempt in all: looking up, connecting, sending and waiting for the answer.
const Timeout = 15 * time.Second

// Bounds of what is read of an answer. It is thrown away: reading it only lets the connection be
// used again.
const (
	maxAnswer   = 4 << 10 // bytes
	readTimeout = time.Second
)

// Failure says why an attempt failed.
type Failure string

// The kinds of failures.
const (
	BadStatus     Failure = "status"   // an answer other than 200 to 299
	Redirect      Failure = "redirect" // an answer of 300 to 399, which is never followed
	Gone          Failure = "gone"     // an answer of 410: the endpoint wants no more
	TimedOut      Failure = "timeout"  // no answer within Timeout
	BadAddress    Failure = "address"  // resolves to what may not be dialled; see AddressError
	LookupFailed  Failure = "lookup"   // the name can't be resolved
	ConnectFailed Failure = "connect"  // no connection
	TLSFailed     Failure = "tls"      // no TLS 1.2 or later, or a certificate that can't be trusted
	NoAnswer      Failure = "answer"   // the connection was closed, or carried no HTTP answer
	Unsendable    Failure = "message"  // the message itself can't be sent
)

// Attempt is what became of one attempt to deliver a message.
type Attempt struct {
	Time       time.Time     // when it began, UTC
	Took       time.Duration // from then to the end
	Status     int           // of the answer. 0: there was none
	Failure    Failure       // "": delivered
	Detail     string        // for the operator: why it failed; never the answer itself. "": nothing to add
	RetryAfter time.Duration // how long the receiver asked to be left alone, at most a day. 0: it didn't
}

// Send posts a message once, with a timestamp and signatures of now, and tells what became of it.
// It never tries again by itself. It ends after Timeout, or when ctx does.
func (e *Endpoint) Send(ctx context.Context, m Message) Attempt {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	attempt := Attempt{Time: began.UTC()}
	answer, err := e.post(ctx, m, began)
	if err != nil {
		attempt.Failure = classify(err)
		attempt.Detail = detail(attempt.Failure, err)
	} else {
		attempt.Status, attempt.Failure = answer.StatusCode, failureOf(answer.StatusCode)
		attempt.RetryAfter = parseRetryAfter(answer.Header.Get("Retry-After"), began)
		discard(answer, cancel)
	}
	attempt.Took = time.Since(began)
	return attempt
}

// errMessage is for a message that NewMessage hasn't made.
var errMessage = errors.New("webhooks: no message")

// post sends the request. It uses the transport by itself, which follows no redirect, keeps no
// cookie, and sends a POST again only when nothing of it was sent.
func (e *Endpoint) post(ctx context.Context, m Message, at time.Time) (*http.Response, error) {
	if !messageID.MatchString(m.ID) || len(m.Body) == 0 {
		return nil, errMessage
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(m.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Postern-Webhooks/1")
	if err := setHeaders(request.Header, e.signers, m, at); err != nil {
		return nil, err
	}
	return e.transport.RoundTrip(request)
}

// discard reads what little of an answer may be read and closes it. An answer of 101 is only
// closed: its body is the connection itself, and reading it doesn't end with the request.
func discard(answer *http.Response, cancel context.CancelFunc) {
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return
	}
	defer time.AfterFunc(readTimeout, cancel).Stop()
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // the status has decided, whatever comes
}

// failureOf judges the status of an answer.
func failureOf(status int) Failure {
	switch {
	case status >= 200 && status <= 299:
		return ""
	case status >= 300 && status <= 399:
		return Redirect
	case status == http.StatusGone:
		return Gone
	}
	return BadStatus
}

// classify tells what kind of failure an error is.
func classify(err error) Failure {
	var timeout net.Error
	switch {
	case errors.Is(err, errMessage):
		return Unsendable
	case isA[*AddressError](err):
		return BadAddress
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut
	case errors.Is(err, errLookup):
		return LookupFailed
	case errors.Is(err, errDial):
		return ConnectFailed
	case errors.Is(err, errTLS):
		return TLSFailed
	}
	return NoAnswer
}

// detail is the text of an error. Errors about what isn't HTTP quote what came instead, which is
// nobody's business.
func detail(f Failure, err error) string {
	switch {
	case f != NoAnswer:
		return err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isA[*net.OpError](err):
		return "webhooks: the connection ended before an answer"
	}
	return "webhooks: no HTTP answer, or one with too long a header"
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// maxRetryAfter bounds what is read, so that no sum overflows; Next bounds what is heeded.
const maxRetryAfter = 24 * time.Hour

// parseRetryAfter reads the header Retry-After: seconds, or an HTTP date. Anything else is 0.
func parseRetryAfter(text string, now time.Time) time.Duration {
	pause := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		pause = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		pause = at.Sub(now)
	}
	return min(max(pause, 0), maxRetryAfter)
}

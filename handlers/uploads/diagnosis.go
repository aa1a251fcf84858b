package uploads

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Cause is the stable name of why requests of a browser to the store fail. The script finds further
// ones by itself; static/docs/diagnosis.md has a paragraph for each.
type Cause string

// The causes that Diagnose finds. CauseUnknown is the answer wherever another isn't sure.
const (
	CauseUnknown          Cause = "unknown_cause"
	CauseCORSOrigin       Cause = "cors_origin"       // no CORS rule of the bucket allows the page's origin
	CauseCORSMethod       Cause = "cors_method"       // one does, but not the method
	CauseCORSHeader       Cause = "cors_header"       // one does, but not a header
	CauseCORSETag         Cause = "cors_etag"         // the page can't read the ETag of what it sent
	CauseStoreUnreachable Cause = "store_unreachable" // this server doesn't reach the store's public address either
	CauseBlockedHere      Cause = "blocked_here"      // this server reaches it, the browser doesn't
	CauseClockWrong       Cause = "clock_wrong"       // the clocks of this server and the store differ too much
	CauseFormExpired      Cause = "form_expired"      // the form or URL ended before the request arrived
	CauseCredentials      Cause = "store_credentials" // the store doesn't know the credentials that signed
	CauseBodyCut          Cause = "body_cut"          // connections break while large bodies are being sent, and small ones arrive
)

// Seen is what a script saw of a request to the store that failed. It is believed as far as it
// concerns the script's own upload: whoever lies gets a wrong answer about nothing else.
type Seen struct {
	Status      int    `json:"status"`      // of the answer; 0 where the script got none
	Code        string `json:"code"`        // of the store's error; "" for none
	Preflight   bool   `json:"preflight"`   // the browser asked for permission first (CORS)
	Reached     bool   `json:"reached"`     // a request that needs no permission got an answer
	Sent        int64  `json:"sent"`        // bytes of the body that had been sent
	Failures    int    `json:"failures"`    // how many requests failed in a row
	Failing     int64  `json:"failing"`     // milliseconds since the first of them failed
	WithoutETag bool   `json:"withoutETag"` // the answer was good, but its ETag couldn't be read
	// Smaller is after how many failures in a row the store answered a request with a body of a
	// few bytes, with a status below 500 that the script could read. A store that answers before
	// it has read a large body is seen as a broken connection by some browsers.
	Smaller int `json:"smaller"`
}

const (
	maxSeenCode  = 64
	failuresSure = 3 // so many in a row are no coincidence
	// maxClockAhead is how far ahead of its own clock S3 takes a signature's time
	// ("RequestTimeTooSkewed").
	maxClockAhead = 15 * time.Minute
)

// check refuses what no script sees.
func (s Seen) check() error {
	switch {
	case s.Status < 0 || s.Status > 599:
		return problem.InField("seen.status", "wanted an HTTP status, or 0 for none")
	case len(s.Code) > maxSeenCode || strings.ContainsFunc(s.Code, func(r rune) bool { return r <= ' ' || r > '~' }):
		return problem.InField("seen.code", "wanted at most %d letters", maxSeenCode)
	case min(s.Sent, s.Failing, int64(s.Failures), int64(s.Smaller)) < 0:
		return problem.InField("seen", "wanted no negative number")
	}
	return nil
}

// Diagnosis is why requests of a browser to the store fail.
type Diagnosis struct {
	Cause Cause
	Fix   string // the CORS rule that the bucket needs; "" for none. It is no secret: it has the page's origin alone
}

// Diagnose finds out why requests to the store fail that a page of the given origin sends for an
// upload; origin has to be one that the profile allows, "" where nobody knows it. It asks the store
// what a browser asks, without writing anything and once a minute for each bucket and origin, and
// takes at most 5 seconds. What it finds out about credentials, rights and addresses is logged. The
// error is RateLimited or InvalidRequest.
func Diagnose(ctx context.Context, s *Service, up OpenUpload, origin string, seen Seen) (Diagnosis, error) {
	if err := seen.check(); err != nil {
		return Diagnosis{}, err
	}
	if err := s.followUps.allowDiagnosis(up.ID); err != nil {
		return Diagnosis{}, err
	}
	now := s.config.Now() // before the look, which may take its time
	look := s.diagnoses.look(ctx, storeQuestion{up: up, origin: origin, method: methodOf(up), headers: headersOf(s.config.Store.Provider, up)})
	found := Diagnosis{Cause: look.cause(up, seen, now)}
	if strings.HasPrefix(string(found.Cause), "cors_") {
		found.Fix = corsRule(origin)
	}
	s.config.Logger.LogAttrs(ctx, slog.LevelWarn, "a browser's requests to the store fail", slices.Concat([]slog.Attr{
		slog.String("cause", string(found.Cause)), slog.String("id", up.ID), slog.String("profile", up.Profile),
		slog.Int("status", seen.Status), slog.String("storeCode", seen.Code), slog.Int("failures", seen.Failures),
	}, look.evidence())...)
	return found, nil
}

// methodOf is the method that a script sends an upload with.
func methodOf(up OpenUpload) string {
	if up.byForm() {
		return http.MethodPost
	}
	return http.MethodPut
}

// headersOf are the headers of a script's request for which a browser asks permission, sorted and
// in lower case, as Access-Control-Request-Headers has them.
func headersOf(provider Provider, up OpenUpload) string {
	var names []string
	switch {
	case up.Method == profile.MethodPut:
		for _, h := range putHeaders(provider, up.Served, up.Plan) {
			names = append(names, h.Name)
		}
	case up.Method == profile.MethodMultipart && up.Checksum != "":
		names = append(names, up.Checksum.Header())
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// corsRule is a rule for the bucket's CORS configuration, as the AWS CLI reads it.
func corsRule(origin string) string {
	return fmt.Sprintf(`{"AllowedOrigins":[%q],"AllowedMethods":["POST","PUT"],"AllowedHeaders":["*"],"ExposeHeaders":["ETag"]}`, origin)
}

// credentialCodes are the codes by which stores say that they don't know what signed a request.
var credentialCodes = []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired",
	"InvalidSecurity", "NotSignedUp", "InvalidAccessKey", "AccountProblem", "InvalidSecurityToken", "SecurityTokenExpired"}

// cause decides why the requests that a script saw fail. It says CauseUnknown unless what the
// script saw and what the store answered lead to one cause.
func (l storeLook) cause(up OpenUpload, seen Seen, now time.Time) Cause {
	refused := slices.Contains([]int{0, http.StatusBadRequest, http.StatusForbidden}, seen.Status)
	switch {
	case seen.WithoutETag:
		return pick(l.answered() && l.cors == "" && !l.exposesETag, CauseCORSETag)
	case l.err != nil:
		// What was found out before this failure began says nothing about it.
		return pick(!seen.Reached && l.isSince(now, seen) && !l.distrusts(), CauseStoreUnreachable)
	case refused && l.clockIsWrong(up):
		return CauseClockWrong
	case slices.Contains(credentialCodes, seen.Code) && seen.Status >= 400 || refused && slices.Contains(credentialCodes, l.headCode):
		return CauseCredentials
	case refused && up.Method != profile.MethodMultipart && now.After(up.Issued.Add(up.Served.Settings.Lifetime)):
		return CauseFormExpired
	case seen.Status == 0:
		return l.causeOfNoAnswer(seen, now)
	}
	return CauseUnknown
}

// causeOfNoAnswer is the cause where the script got no answer that it could read, and neither
// clocks nor credentials are at fault.
func (l storeLook) causeOfNoAnswer(seen Seen, now time.Time) Cause {
	switch {
	case !seen.Reached:
		return pick(l.answered() && seen.Failures >= failuresSure && l.isSince(now, seen), CauseBlockedHere)
	case seen.Preflight && l.cors != "":
		return l.cors
	case seen.Sent > 0 && min(seen.Failures, seen.Smaller) >= failuresSure && l.answered():
		return CauseBodyCut
	}
	return CauseUnknown
}

// pick returns the cause where it is sure, else CauseUnknown.
func pick(sure bool, cause Cause) Cause {
	if sure {
		return cause
	}
	return CauseUnknown
}

// distrusts reports whether the store was reached, and has a certificate that this server doesn't
// trust: browsers may.
func (l storeLook) distrusts() bool {
	var untrusted *tls.CertificateVerificationError
	return errors.As(l.err, &untrusted)
}

// isSince reports whether the store was asked after the script's requests had begun to fail.
func (l storeLook) isSince(now time.Time, seen Seen) bool {
	return !l.at.Before(now.Add(-time.Duration(min(seen.Failing, 600_000)) * time.Millisecond))
}

// clockIsWrong reports whether what this server signs has ended by the store's clock when it
// arrives, or lies too far in its future.
func (l storeLook) clockIsWrong(up OpenUpload) bool {
	return l.dated && (l.ahead > up.Served.Settings.Lifetime || -l.ahead > maxClockAhead)
}

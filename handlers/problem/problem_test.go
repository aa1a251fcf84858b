package problem_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
)

func TestMessagesAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	signature := strings.Repeat("0a", 32)
	for message, secret := range map[string]string{
		`Get "https://media.s3.amazonaws.com/key?X-Amz-Signature=` + signature + `": dial tcp`: signature,
		"signature " + signature + " is wrong":                                                 signature,
		"token eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0":                                       "eyJhIjoxfQ",
		"policy " + strings.Repeat("QUJD", 30):                                                 "QUJDQUJD",
	} {
		if got := problem.LogText(message); strings.Contains(got, secret) || !strings.Contains(got, "[redacted]") {
			t.Errorf("%s: got %s", message, got)
		}
	}
	const plain = "NoSuchBucket: the bucket media does not exist in eu-central-1"
	if got := problem.LogText(plain); got != plain {
		t.Errorf("got %s", got)
	}
}

func TestObjectKeysAreLoggedHoweverLong(t *testing.T) {
	t.Parallel()
	key := "users/alice/2026/11/019ac0de" + strings.Repeat("0a", 18) + ".mp4"
	deep := strings.Repeat("projects/", 12) + "readme"
	for _, message := range []string{
		"abort failed: key " + key,
		"abort failed: key " + deep,
		`Head "https://media.s3.eu-central-1.amazonaws.com/` + key + `": dial tcp: connection refused`,
	} {
		if got := problem.LogText(message); got != message {
			t.Errorf("wanted %s, got %s", message, got)
		}
	}
}

func TestSessionTokensAreNotTakenForKeys(t *testing.T) {
	t.Parallel()
	// Like a token of a token service: base64 with slashes.
	token := strings.Repeat("IQoJb3JpZ2luX2VjEJr//wEaCWV1LWNlbnRyYWwtMSJHMEUCIQD+", 6)
	if got := problem.LogText("token " + token + " is wrong"); got != "token [redacted] is wrong" {
		t.Errorf("got %s", got)
	}
}

func TestACauseKeepsItsCode(t *testing.T) {
	t.Parallel()
	cause := &problem.Error{Code: problem.Incomplete, Field: "parts"}
	for name, err := range map[string]error{"itself": cause, "wrapped": fmt.Errorf("complete: %w", cause)} {
		if got := problem.From(err); got != cause || !errors.Is(err, &problem.Error{Code: problem.Incomplete}) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	other := errors.New("connection refused")
	if got := problem.From(other); got.Code != problem.Internal || !errors.Is(got, other) {
		t.Errorf("got %+v", got)
	}
}

func TestADocumentHasTheMembersOfTheContract(t *testing.T) {
	t.Parallel()
	refused := &problem.Error{Code: problem.QuotaExceeded, Detail: "used up", Field: "size", RetryAfter: 1500 * time.Millisecond}
	wanted := problem.Document{Type: "about:blank", Title: problem.QuotaExceeded.Title(), Status: 429, Detail: "used up",
		Code: "quota_exceeded", Field: "size", RequestID: "0123", RetryAfter: 2}
	if got := refused.Document("0123"); fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("wanted %+v, got %+v", wanted, got)
	}
	for code, seconds := range map[problem.Code]int{problem.RateLimited: 1, problem.StoreUnavailable: 1, problem.Incomplete: 0} {
		if got := (&problem.Error{Code: code}).RetrySeconds(); got != seconds {
			t.Errorf("%s: wanted %d seconds, got %d", code, seconds, got)
		}
	}
}

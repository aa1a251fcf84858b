package webhooks

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/postern-dev/postern/policy/sigv4"
)

// Bytes of a signing key, as Standard Webhooks asks. Its library takes any, none included.
const (
	minKey = 24
	maxKey = 64
)

// secretPrefix marks a secret that is written in base64.
const secretPrefix = "whsec_"

// signer signs a message for one attempt. It is a function so that nothing that prints an Endpoint
// gets at the key.
type signer func(id string, at time.Time, body []byte) (string, error)

// newSigners returns a signer for each secret.
func newSigners(secrets []sigv4.Secret) ([]signer, error) {
	keys, err := parseKeys(secrets)
	if err != nil {
		return nil, err
	}
	signers := make([]signer, len(keys))
	for i, key := range keys {
		hook, err := standard.NewWebhookRaw(key)
		if err != nil {
			return nil, fmt.Errorf("webhooks: secret %d: %w", i+1, err)
		}
		signers[i] = hook.Sign
	}
	return signers, nil
}

// parseKeys returns the keys of secrets, each of them once.
func parseKeys(secrets []sigv4.Secret) ([][]byte, error) {
	if len(secrets) == 0 {
		return nil, errors.New("webhooks: wanted one secret at least")
	}
	var keys [][]byte
	for i, secret := range secrets {
		key, err := parseKey(string(secret))
		if err != nil {
			return nil, fmt.Errorf("webhooks: secret %d: %w", i+1, err)
		}
		if slices.ContainsFunc(keys, func(k []byte) bool { return string(k) == string(key) }) {
			return nil, fmt.Errorf("webhooks: secret %d is there twice", i+1)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(secret string) ([]byte, error) {
	encoded, isEncoded := strings.CutPrefix(secret, secretPrefix)
	key := []byte(secret)
	if isEncoded {
		var err error
		if key, err = base64.StdEncoding.Strict().DecodeString(encoded); err != nil || strings.ContainsAny(encoded, "\r\n") {
			return nil, fmt.Errorf("wanted base64 after %q", secretPrefix)
		}
	}
	if len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("wanted %d to %d bytes, got %d", minKey, maxKey, len(key))
	}
	return key, nil
}

// setHeaders sets the headers of Standard Webhooks, with one signature of each signer.
func setHeaders(h http.Header, signers []signer, m Message, at time.Time) error {
	signatures := make([]string, len(signers))
	for i, sign := range signers {
		var err error
		if signatures[i], err = sign(m.ID, at, m.Body); err != nil {
			return fmt.Errorf("webhooks: sign: %w", err)
		}
	}
	h.Set(standard.HeaderWebhookID, m.ID)
	h.Set(standard.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standard.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

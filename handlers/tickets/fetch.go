package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/postern-dev/postern/policy"
)

const (
	fetchTimeout = 5 * time.Second
	maxKeySet    = 256 << 10 // bytes
)

// noRedirect accepts the key set from the address that the operator wrote down alone.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// checkKeySetURL demands https: whoever can change the set on its way can sign tickets.
func checkKeySetURL(address string) error {
	u, err := url.Parse(address)
	if err == nil && u.Host != "" && u.User == nil &&
		(u.Scheme == "https" || u.Scheme == "http" && policy.IsLoopback(u.Hostname())) {
		return nil
	}
	return fmt.Errorf("tickets: key set URL %q, wanted https://HOST/PATH, or http on loopback", address)
}

// fetch gets the key set. It has a context of its own, because several requests may wait for the
// same keys: when one of them ends, the others must not fail.
func fetch(client *http.Client, url string) ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d, wanted 200", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet+1))
	if err != nil {
		return nil, err
	}
	return parseKeySet(body)
}

// parseKeySet returns the keys it understands and leaves out the others, as RFC 7517 section 5
// says. Private and symmetric keys don't belong in a published set and are left out too.
func parseKeySet(body []byte) ([]jose.JSONWebKey, error) {
	if len(body) > maxKeySet {
		return nil, fmt.Errorf("more than %d bytes", maxKeySet)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil || set.Keys == nil {
		return nil, errors.New("not a JSON Web Key Set")
	}
	keys := []jose.JSONWebKey{}
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

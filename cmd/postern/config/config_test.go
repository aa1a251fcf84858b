package config_test

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	tokenKey   = "token-key-0123456789-0123456789-0123456789"
	oldKey     = "older-key-0123456789-0123456789-0123456789"
	receiptKey = "receipt-key-0123456789-0123456789-01234567"
	ticketKey  = "ticket-key-0123456789-0123456789-012345678"
	hookKey    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	oldHookKey = "older-hook-key-0123456789-0123456789"

	backendKey    = "backend-key-0123456789-0123456789-01234567"
	oldBackendKey = "older-backend-key-0123456789-0123456789-01"
)

// receiptPair is a key that signs nothing but the tests' receipts.
const receiptPair = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
`

func environment(name string) string {
	return map[string]string{"TOKEN_KEY": tokenKey, "TICKET_KEY": ticketKey, "RECEIPT_KEY": receiptKey, "SHORT_KEY": "short",
		"HOOK_KEY": hookKey, "BACKEND_KEY": backendKey, "ENCODED_RECEIPT_KEY": "whsec_" + base64.StdEncoding.EncodeToString([]byte(receiptKey))}[name]
}

func good(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func load(t *testing.T, text string) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"postern.yaml": text, "old.key": oldKey + "\n", "old-hook.key": oldHookKey + "\n", "old-backend.key": oldBackendKey + "\n", "receipt.pem": receiptPair} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config.Load(filepath.Join(dir, "postern.yaml"), environment)
}

func TestEveryKeyIsRead(t *testing.T) {
	t.Parallel()
	got, err := load(t, good(t))
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Listen: "127.0.0.1:8080", PublicURL: "https://uploads.example.com",
		TokenKeys: []sigv4.Secret{tokenKey, oldKey},
		Tickets:   config.Tickets{Secret: ticketKey, Issuer: "shop", Audience: "postern"},
		Receipts:  config.Receipts{Secrets: []sigv4.Secret{receiptKey}, Lifetime: 2 * time.Hour},
		Store:     config.Store{Provider: "aws", Region: "eu-central-1"},
		IPHeader:  "X-Forwarded-For",
		TrustedProxies: []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"),
		},
		Hosts:   []string{"uploads.internal", "xn--bcher-kva.example"},
		Metrics: "127.0.0.1:9100", Explain: true,
		Log: config.Log{Format: "text", Level: "debug"}, Drain: 5 * time.Second,
		Limits:  config.Limits{Issues: profile.Rate{Limit: 600, Window: time.Minute}, Burst: 1500, AddressFactor: 5},
		Sweep:   config.Sweep{Every: 24 * time.Hour, Older: 8 * 24 * time.Hour},
		Ledger:  config.Ledger{URL: "postgres://postern@db/postern", Keep: 30 * 24 * time.Hour, Required: true},
		Backend: config.Backend{Secrets: []sigv4.Secret{backendKey, oldBackendKey}},
		ScopedCredentials: config.ScopedCredentials{
			RoleARN: "arn:aws:iam::123456789012:role/uploads", ExternalID: "shop",
			Lifetime: 30 * time.Minute, Endpoint: "https://sts.example.com",
		},
		Webhooks: []webhooks.EndpointConfig{{
			Profile: "photos", URL: "http://10.0.0.5/hooks?team=1", Secrets: []sigv4.Secret{hookKey, oldHookKey},
			Types: []webhooks.Type{webhooks.Accepted, webhooks.Removed}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		}},
		InsecureProxySubject: config.ProxySubject{Header: "X-Forwarded-User", Profiles: []string{"photos"}},
		Profiles: map[string]profile.Profile{"photos": {
			Name: "photos", Bucket: "media", Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
			Types: []string{"image/png", "image/jpeg"}, MinSize: 1, MaxSize: 10 << 20,
			Lifetime: 15 * time.Minute, UploadLifetime: 48 * time.Hour,
			Access:    profile.AccessTicket,
			Origins:   []string{"https://app.example.com"},
			Multipart: profile.Multipart{Threshold: 16 << 20, PartSize: 8 << 20},
			Checksum:  "crc32", Metadata: map[string]string{"source": "web"}, AcceptMetadata: []string{"album"},
			Tags:         map[string]string{"stage": "inbox"},
			Encryption:   profile.Encryption{Mode: "aws:kms", KeyID: "1234abcd"},
			CacheControl: "max-age=60", Quarantine: "refused/", MaxOpen: 5,
			Download:  profile.Download{Lifetime: 5 * time.Minute, Disposition: profile.DispositionInline},
			Removable: time.Hour, Unclaimed: 24 * time.Hour, MaxFiles: 20,
			Title: map[string]string{"en": "Your photos", "de": "Ihre Fotos"},
			Intro: map[string]string{"en": "Of the last year."},
			Quota: profile.Quota{
				Uploads: profile.Rate{Limit: 100, Window: time.Hour},
				Bytes:   profile.Rate{Limit: 10 << 30, Window: 24 * time.Hour},
			},
		}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("config:\n got %+v\nwant %+v", got, want)
	}
}

func TestReceiptsAreSignedByAKeyPair(t *testing.T) {
	t.Parallel()
	c, err := load(t, strings.Replace(good(t), `secrets: ["env:RECEIPT_KEY"]`, `keys: ["file:receipt.pem"]`, 1))
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := c.Receipts.Issuer(c.PublicURL)
	if err != nil || len(issuer.KeySet().Keys) != 1 {
		t.Errorf("got %v %v, wanted one public key", issuer, err)
	}
}

func TestAProfileMayHaveSeveralWebhooksAndProfilesOneSecret(t *testing.T) {
	t.Parallel()
	c, err := load(t, strings.Replace(good(t), "    max_open: 5\n    webhook: {", `    max_open: 5
    webhook:
    - url: https://app.example.com/hooks
      secret: env:HOOK_KEY
    - {`, 1))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Webhooks; len(got) != 2 || got[0].URL != "https://app.example.com/hooks" || got[0].Secrets[0] != hookKey || len(got[1].Secrets) != 2 {
		t.Errorf("got %+v, wanted two webhooks in the order of the file", got)
	}
}

func TestDefaultsAreFilledIn(t *testing.T) {
	t.Parallel()
	c, err := load(t, `
public_url: http://127.0.0.1:8080/uploads/
keys: {tokens: ["env:TOKEN_KEY"]}
store: {provider: minio, region: us-east-1, endpoint: "http://127.0.0.1:9000/"}
profiles:
  files: {bucket: media, key: "in/{id}", types: ["*/*"], size: 1048576}
`)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Listen, c.PublicURL, c.Store.Endpoint, c.Log, c.Drain, c.Metrics, c.IPHeader, c.Explain, c.Profiles["files"].MaxSize}
	want := []any{"127.0.0.1:8080", "http://127.0.0.1:8080/uploads", "http://127.0.0.1:9000", config.Log{Format: "json", Level: "info"},
		20 * time.Second, "", "", false, int64(1 << 20)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("defaults:\n got %v\nwant %v", got, want)
	}
}

func TestProxiesMappedToIPv6AreThoseOfIPv4(t *testing.T) {
	t.Parallel()
	c, err := load(t, strings.Replace(good(t), `["10.0.0.0/8", "192.0.2.1"]`, `["::ffff:10.0.0.0/104", "::ffff:192.0.2.1", "::/0"]`, 1))
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("::/0")}
	if err != nil || !reflect.DeepEqual(c.TrustedProxies, want) {
		t.Errorf("want %v, got %v, %v", want, c, err)
	}
}

func TestProfilesMayShareAnAnchor(t *testing.T) {
	t.Parallel()
	text := strings.Replace(good(t), "  photos:\n", "  photos: &base\n", 1)
	c, err := load(t, strings.Replace(text, "limits:", "  large:\n    <<: *base\n    size: 1..5GiB\nlimits:", 1))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Profiles["large"]; got.Bucket != "media" || got.MaxSize != 5<<30 {
		t.Errorf("profile with an anchor: want bucket media and 5 GiB, got %q and %d", got.Bucket, got.MaxSize)
	}
}

func TestEveryMistakeIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	text := good(t)
	for old, new := range map[string]string{
		"size: 1..10MiB": "size: 10MiB..1", "lifetime: 15m": "lifetime: soon", "access: ticket": "access: publik",
		"listen: 127.0.0.1:8080": "listen: nowhere", "drain: 5s": "drain: -5s",
	} {
		text = strings.Replace(text, old, new, 1)
	}
	_, err := load(t, text)
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 5 {
		t.Errorf("want 5 lines, got %d:\n%v", len(lines), err)
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	t.Parallel()
	_, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"), environment)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("missing file: want an error that names it, got %v", err)
	}
}

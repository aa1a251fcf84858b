package sigv4_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

func TestNewSignerRefuses(t *testing.T) {
	t.Parallel()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		dialect *sigv4.Dialect
		region  string
		change  func(*sigv4.Credentials)
		wanted  string
	}{
		"no dialect":                    {nil, "us-east-1", nil, "dialect is missing"},
		"no region where one is needed": {sigv4.AWS, "", nil, `region ""`},
		"a slash in the region":         {sigv4.AWS, "us/east", nil, `region "us/east"`},
		"only oss- as region":           {sigv4.OSS, "oss-", nil, `region ""`},
		"no access key":                 {sigv4.AWS, "r", func(c *sigv4.Credentials) { c.AccessKeyID = "" }, "access key ID"},
		"a slash in the access key":     {sigv4.AWS, "r", func(c *sigv4.Credentials) { c.AccessKeyID = "a/b" }, "access key ID"},
		"no secret":                     {sigv4.AWS, "r", func(c *sigv4.Credentials) { c.SecretAccessKey = "" }, "secret access key is empty"},
		"a line end in the token":       {sigv4.AWS, "r", func(c *sigv4.Credentials) { c.SessionToken = "a\nb" }, "session token"},
		"no private key":                {sigv4.GCSRSA, "", nil, "private key is missing"},
		"a private key that isn't RSA":  {sigv4.GCSRSA, "", func(c *sigv4.Credentials) { c.PrivateKey = curve }, "wanted RSA"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := permanent()
			if test.change != nil {
				test.change(&c)
			}
			_, err := sigv4.NewSigner(test.dialect, test.region, c)
			if err == nil || !strings.Contains(err.Error(), test.wanted) || strings.Contains(err.Error(), secretText) {
				t.Errorf("got %v, wanted something about %q", err, test.wanted)
			}
		})
	}
}

func TestRegionInTheScope(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect       *sigv4.Dialect
		given, wanted string
	}{
		{sigv4.AWS, "eu-central-1", "eu-central-1"},
		{sigv4.OSS, "oss-cn-hangzhou", "cn-hangzhou"},
		{sigv4.OSS, "cn-hangzhou", "cn-hangzhou"},
		{sigv4.GCS, "", "auto"},
		{sigv4.GCS, "europe-west1", "europe-west1"},
	} {
		s, err := sigv4.NewSigner(test.dialect, test.given, permanent())
		if err != nil || s.Region() != test.wanted {
			t.Errorf("%s, %q: got %q, %v, wanted %q", test.dialect, test.given, s.Region(), err, test.wanted)
		}
	}
}

func TestExpiration(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 999, time.FixedZone("east", 3600))
	start := now.UTC().Truncate(time.Second)
	tests := map[string]struct {
		credentials time.Time
		lifetime    time.Duration
		wanted      time.Time
	}{
		"the lifetime":                              {time.Time{}, 15 * time.Minute, start.Add(15 * time.Minute)},
		"parts of a second are cut off":             {time.Time{}, 1500 * time.Millisecond, start.Add(time.Second)},
		"seven days at most":                        {time.Time{}, 30 * 24 * time.Hour, start.Add(sigv4.MaxLifetime)},
		"a minute before the credentials end":       {start.Add(10 * time.Minute), 15 * time.Minute, start.Add(9 * time.Minute)},
		"credentials that end later don't matter":   {start.Add(time.Hour), 15 * time.Minute, start.Add(15 * time.Minute)},
		"seven days though the credentials stay on": {start.Add(30 * 24 * time.Hour), 8 * 24 * time.Hour, start.Add(sigv4.MaxLifetime)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := permanent()
			c.Expires = test.credentials
			got, err := newSigner(t, sigv4.AWS, c).Expiration(now, test.lifetime)
			if err != nil || !got.Equal(test.wanted) || got.Location() != time.UTC {
				t.Errorf("got %v, %v, wanted %v", got, err, test.wanted)
			}
		})
	}
}

func TestExpirationRefuses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := permanent()
	if _, err := newSigner(t, sigv4.AWS, c).Expiration(now, 0); err == nil {
		t.Error("a lifetime of nothing was accepted")
	}
	for _, left := range []time.Duration{-time.Hour, 0, sigv4.ExpiryMargin} {
		c.Expires = now.Add(left)
		_, err := newSigner(t, sigv4.AWS, c).Expiration(now, time.Minute)
		if !errors.Is(err, sigv4.ErrCredentialsExpired) {
			t.Errorf("%s before the end: got %v, wanted ErrCredentialsExpired", left, err)
		}
	}
}

// Around midnight UTC one signer serves both days, in any order and from any time zone.
func TestKeysRotateAtMidnightUTC(t *testing.T) {
	t.Parallel()
	shared := newSigner(t, sigv4.AWS, permanent())
	midnight := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			for step := range 50 {
				at := midnight.Add(time.Duration(step-25) * time.Second).In(time.FixedZone("somewhere", i*600))
				got := signature(t, shared, at)
				if wanted := signature(t, newSigner(t, sigv4.AWS, permanent()), at); got != wanted {
					t.Errorf("at %s: got %s, wanted %s", at, got, wanted)
				}
				if date := shared.SigningKey(at).Scope().Date; date != at.UTC().Format("20060102") {
					t.Errorf("at %s: got the scope of %s", at, date)
				}
			}
		})
	}
	wait.Wait()
}

func signature(t *testing.T, s *sigv4.Signer, at time.Time) string {
	t.Helper()
	key := s.SigningKey(at)
	text := sigv4.AppendTimestamp([]byte(key.Credential()), at)
	got, err := key.AppendSignature(nil, text)
	if err != nil || key.Verify(text, string(got)) != nil {
		t.Errorf("signing %q: %v", text, err)
	}
	return string(got)
}

func TestVerifyRefusesOtherSignatures(t *testing.T) {
	t.Parallel()
	key := newSigner(t, sigv4.AWS, permanent()).SigningKey(time.Unix(0, 0))
	good, err := key.AppendSignature(nil, []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	for name, signature := range map[string]string{
		"none": "", "in upper case": strings.ToUpper(string(good)), "shorter": string(good[:63]), "longer": string(good) + "0", "another": strings.Repeat("0", 64),
	} {
		if err := key.Verify([]byte("text"), signature); !errors.Is(err, sigv4.ErrSignature) {
			t.Errorf("%s: got %v, wanted ErrSignature", name, err)
		}
	}
}

func TestTimestamps(t *testing.T) {
	t.Parallel()
	for _, unix := range []int64{0, -1, 1, 86399, 86400, -86400, -86401, 1e9, 4e9, 253402300799, -62135596800} {
		at := time.Unix(unix, 999).In(time.FixedZone("west", -7200))
		wanted := at.UTC().Format("20060102T150405Z")
		if got := string(sigv4.AppendTimestamp(nil, at)); got != wanted {
			t.Errorf("%d: got %s, wanted %s", unix, got, wanted)
		}
	}
}

package sigv4

import (
	"encoding/hex"
	"testing"
	"time"
)

// The signing key of AWS's published example.
func TestSigningKeyOfThePublishedExample(t *testing.T) {
	t.Parallel()
	s, err := NewSigner(AWS, "us-east-1", Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})
	if err != nil {
		t.Fatal(err)
	}
	got := hex.EncodeToString(s.SigningKey(time.Date(2015, 12, 29, 12, 0, 0, 0, time.UTC)).secret)
	if wanted := "cbcef1ebeaefc82cce6530b9f0a9ae598846065f5c5bae0674bd5ebc4ba52d28"; got != wanted {
		t.Errorf("got %s, wanted %s", got, wanted)
	}
}

// A key is derived once a day; a VerificationKey for another day doesn't replace it.
func TestKeyIsCachedForTheDay(t *testing.T) {
	t.Parallel()
	s, err := NewSigner(AWS, "us-east-1", Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	today := s.SigningKey(noon)
	if s.SigningKey(noon.Add(11*time.Hour)) != today || s.VerificationKey(noon) != today {
		t.Error("the key was derived twice on one day")
	}
	old := s.VerificationKey(noon.AddDate(0, 0, -2))
	if old == today || old.Scope().Date != "20260227" {
		t.Errorf("got the scope %v, wanted the one of 20260227", old.Scope())
	}
	tomorrow := s.SigningKey(noon.AddDate(0, 0, 1))
	if s.SigningKey(noon) != today || s.SigningKey(noon.AddDate(0, 0, 1)) != tomorrow {
		t.Error("the keys of two neighbouring days replace each other")
	}
}

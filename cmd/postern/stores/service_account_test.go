package stores

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// TestAServiceAccountsKeySignsForCloudStorage: forms, URLs and our own calls, by RSA.
func TestAServiceAccountsKeySignsForCloudStorage(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	for _, way := range ways {
		provider, err := uploads.ProviderNamed("gcs")
		if err != nil {
			t.Fatal(err)
		}
		provider.Dialect = sigv4.GCSRSA
		p := basicProfile()
		switch way {
		case byPut:
			provider.PostPolicy = false
		case byParts:
			p.Multipart.Threshold = 1
		}
		language := gcs
		language.algorithm, language.public = "GOOG4-RSA-SHA256", &key.PublicKey
		s, err := newSiteWith(t, provider, p, newDouble(language, true), text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.upload(way, content, nil); err != nil {
			t.Errorf("%s: %v\nthe store: %v", way, err, s.store.refused)
			continue
		}
		checkObject(t, s, p, way)
	}
}

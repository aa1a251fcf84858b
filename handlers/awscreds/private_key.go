package awscreds

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// IsPrivateKey reports whether the secret is a private key in PEM: a service account's of Google
// Cloud, whose e-mail address is the access key ID. Such credentials sign with sigv4.GCSRSA alone.
func IsPrivateKey(c aws.Credentials) bool { return strings.HasPrefix(c.SecretAccessKey, "-----BEGIN ") }

// privateKeys holds keys that were read, by their PEM: credentials compare by the key's address.
var privateKeys sync.Map

// privateKey reads an RSA key; nil for anything else.
func privateKey(text string) crypto.Signer {
	if known, ok := privateKeys.Load(text); ok {
		return known.(*rsa.PrivateKey)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	var key *rsa.PrivateKey
	if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		key, _ = parsed.(*rsa.PrivateKey)
	} else if parsed, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		key = parsed
	}
	if key == nil {
		return nil
	}
	known, _ := privateKeys.LoadOrStore(text, key)
	return known.(*rsa.PrivateKey)
}

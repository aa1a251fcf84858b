package sigv4

import (
	"fmt"
	"strings"
)

// Scope is what a signing key is valid for: one day, region and service.
type Scope struct {
	Date       string // yyyymmdd, UTC
	Region     string
	Service    string
	Terminator string
}

// String returns the parts joined by slashes, as in a credential.
func (s Scope) String() string {
	return s.Date + "/" + s.Region + "/" + s.Service + "/" + s.Terminator
}

// ParseCredential splits a credential, such as
// "AKIAIOSFODNN7EXAMPLE/20260301/us-east-1/s3/aws4_request", into the access key ID and the scope.
func ParseCredential(credential string) (accessKeyID string, scope Scope, err error) {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || !isScopeToken(parts[0]) {
		return "", Scope{}, fmt.Errorf("sigv4: credential %q: wanted key/date/region/service/terminator", credential)
	}
	return parts[0], Scope{parts[1], parts[2], parts[3], parts[4]}, nil
}

package handlers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// CredentialsMaker hands out store credentials that end soon and can do nothing but what a Scope
// says. It must be safe for concurrent use.
//
// Such credentials are for native clients that bring an S3 library. They are held to the subject's
// own prefix, and to nothing else: no store can hold them to sizes or content types, and nothing
// that is stored with them is completed or sniffed here. Profiles allow them one by one.
type CredentialsMaker interface {
	Make(context.Context, UploadGrant) (sigv4.Credentials, error)
}

// Make is what scoped credentials may do: upload objects below Prefix, list and abort their own
// multipart uploads by upload ID.
type UploadGrant struct {
	Subject string // for the store's audit log
	Bucket  string
	Prefix  string // not empty, ends in "/", belongs to the subject alone
	// Encryption and StorageClass are the profile's: other ones are refused.
	Encryption   profile.Encryption
	StorageClass string // "" is STANDARD
}

// methodCredentials names such a request to the Limiter, which counts it as one upload of no size.
const methodCredentials profile.Method = "credentials"

type credentialsRequest struct {
	Profile *string `json:"profile"`
}

type credentialsResponse struct {
	Credentials credentialsMembers `json:"credentials"`
	Bucket      string             `json:"bucket"`
	Prefix      string             `json:"prefix"`
	Region      string             `json:"region"`
	Endpoint    string             `json:"endpoint"`
}

type credentialsMembers struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	Expires         string `json:"expires"`
}

// createCredentials answers POST /uploads/credentials. Asking again refreshes.
func (h *Handlers) createCredentials(c echo.Context) error {
	var body credentialsRequest
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Profile == nil {
		return refuseField("profile", "wanted the name of a profile")
	}
	who, err := h.identify(c)
	if err != nil {
		return err
	}
	g, err := h.gateFor(c.Request(), *body.Profile, who)
	if err != nil {
		return err
	}
	answer, err := h.scope(c.Request().Context(), g, who)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, answer)
}

// scope is the one step from a visitor to scoped credentials. Guests get none: they share a prefix,
// and could overwrite each other's objects.
func (h *Handlers) scope(ctx context.Context, g *gate, who visitor) (credentialsResponse, error) {
	var none credentialsResponse
	if !g.profile.ScopedCredentials || h.config.CredentialsMaker == nil {
		return none, refuse(CodeForbidden, "this profile hands out no credentials")
	}
	if !who.known || who.Subject == "" || who.Subject == profile.Guest {
		return none, refuse(CodeUnauthorized, "credentials are for somebody with a ticket")
	}
	prefix, err := g.compiled.Prefix(who.Identity)
	if err != nil {
		return none, err
	}
	now := h.config.Now().UTC()
	plan := profile.Plan{ID: h.config.NewID(), Profile: g.profile.Name, Subject: who.Subject, Bucket: g.profile.Bucket,
		Prefix: prefix, Method: methodCredentials, Expiration: now, UploadExpiration: now}
	if err := h.reserve(ctx, who, plan); err != nil {
		return none, err
	}
	credentials, err := h.config.CredentialsMaker.Make(ctx, UploadGrant{Subject: who.Subject, Bucket: g.profile.Bucket, Prefix: prefix,
		Encryption: g.profile.Encryption, StorageClass: g.profile.StorageClass})
	if err != nil {
		return none, &Error{Code: CodeStoreUnavailable, RetryAfter: storeRetryAfter, Err: err}
	}
	return h.credentials(g, prefix, credentials)
}

func (h *Handlers) credentials(g *gate, prefix string, k sigv4.Credentials) (credentialsResponse, error) {
	endpoint, err := h.config.serviceURL()
	if err != nil {
		return credentialsResponse{}, &Error{Code: CodeInternal, Err: err}
	}
	return credentialsResponse{
		Bucket: g.profile.Bucket, Prefix: prefix, Region: h.config.Region, Endpoint: endpoint,
		Credentials: credentialsMembers{AccessKeyID: k.AccessKeyID, SecretAccessKey: string([]byte(k.SecretAccessKey)),
			SessionToken: string([]byte(k.SessionToken)), Expires: k.Expires.UTC().Format(time.RFC3339)},
	}, nil
}

// serviceURL is the store's address as an S3 library wants it, without a bucket.
func (c Config) serviceURL() (string, error) {
	for _, endpoint := range []string{c.PublicEndpoint, c.Endpoint} {
		if endpoint != "" {
			return strings.TrimRight(endpoint, "/"), nil
		}
	}
	params := s3.EndpointParameters{Region: &c.Region}.WithDefaults()
	resolved, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), params)
	if err != nil {
		return "", err
	}
	return resolved.URI.String(), nil
}

// checkScoped refuses a profile that promises credentials nobody can make.
func (c Config) checkScoped(p profile.Profile) error {
	if p.ScopedCredentials && c.CredentialsMaker == nil {
		return fmt.Errorf("handlers: profile %q: scoped credentials: wanted a Scoper", p.Name)
	}
	return nil
}

package scoped

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" // the signature of Aliyun's RPC calls is HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// AliyunConfig is what NewAliyun needs. Credentials and RoleARN have no default.
type AliyunConfig struct {
	// Credentials are the server's own, of a RAM user or role that may assume the role.
	Credentials aws.CredentialsProvider
	// RoleARN is the role to assume: acs:ram::ACCOUNT:role/NAME.
	RoleARN string
	// ExternalID is passed on where the role's trust policy demands one. Empty: none.
	ExternalID string
	// Endpoint is the token service's address. Empty: https://sts.aliyuncs.com.
	Endpoint string
	// Lifetime of the credentials: 15 min, the default, to 1 h.
	Lifetime time.Duration
	// Client sends the calls. nil: one that waits 10 seconds at most and follows no redirects.
	Client *http.Client
	// Now is the clock. nil: time.Now.
	Now func() time.Time
	// NewNonce makes a text that no call had before, so that a copied call is refused. nil: a
	// random one.
	NewNonce func() string
}

// Aliyun is a uploads.CredentialsMaker that assumes a RAM role at the Security Token Service of
// Aliyun. The role needs oss:PutObject, oss:AbortMultipartUpload and oss:ListParts on the buckets
// of the profiles, and nothing more. It is safe for concurrent use.
type Aliyun struct{ config AliyunConfig }

var _ uploads.CredentialsMaker = (*Aliyun)(nil)

// NewAliyun checks c and returns its CredentialsMaker; every contradiction is in the error.
func NewAliyun(c AliyunConfig) (*Aliyun, error) {
	var errs []error
	if c.Credentials == nil {
		errs = append(errs, errors.New("scoped: wanted credentials"))
	}
	if !IsAliyunRole(c.RoleARN) {
		errs = append(errs, fmt.Errorf("scoped: role %q, wanted acs:ram::ACCOUNT:role/NAME", c.RoleARN))
	}
	lifetime, err := CheckLifetime(c.Lifetime)
	errs = append(errs, err)
	c.Lifetime, c.Endpoint = lifetime, cmp.Or(c.Endpoint, "https://sts.aliyuncs.com")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.NewNonce == nil {
		c.NewNonce = rand.Text
	}
	if c.Client == nil {
		c.Client = &http.Client{Timeout: aliyunTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Aliyun{config: c}, errors.Join(errs...)
}

const (
	aliyunTimeout   = 10 * time.Second
	maxAliyunAnswer = 64 << 10 // bytes; an answer has about 2,000
)

// IsAliyunRole reports whether an ARN is that of a RAM role of Aliyun.
func IsAliyunRole(arn string) bool { return strings.HasPrefix(arn, "acs:ram::") }

// Make returns credentials for the grant. It fails as CheckGrant does, with the token service's
// error, or when the answer isn't what was asked for.
func (s *Aliyun) Make(ctx context.Context, grant uploads.UploadGrant) (sigv4.Credentials, error) {
	sessionPolicy, err := aliyunPolicy(grant)
	if err != nil {
		return sigv4.Credentials{}, err
	}
	own, err := s.config.Credentials.Retrieve(ctx)
	if err != nil {
		return sigv4.Credentials{}, fmt.Errorf("scoped: the server's own credentials: %w", err)
	}
	asked := s.parameters(grant, sessionPolicy, own)
	asked.Set("Signature", signRPC(asked, own.SecretAccessKey))
	text, err := s.call(ctx, asked)
	if err != nil {
		return sigv4.Credentials{}, fmt.Errorf("scoped: assuming the role: %w", err)
	}
	return s.read(text)
}

// parameters are those of AssumeRole and those that all RPC calls have ("Request syntax" in the STS
// documentation).
func (s *Aliyun) parameters(grant uploads.UploadGrant, sessionPolicy string, own aws.Credentials) url.Values {
	asked := url.Values{}
	for name, value := range map[string]string{
		"Action": "AssumeRole", "Version": "2015-04-01", "Format": "JSON", "AccessKeyId": own.AccessKeyID,
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": s.config.NewNonce(),
		"Timestamp": s.config.Now().UTC().Format(time.RFC3339), "SecurityToken": own.SessionToken,
		"RoleArn": s.config.RoleARN, "RoleSessionName": SessionName(grant.Subject), "Policy": sessionPolicy,
		"DurationSeconds": strconv.Itoa(int(s.config.Lifetime / time.Second)), "ExternalId": s.config.ExternalID,
	} {
		if value != "" {
			asked.Set(name, value)
		}
	}
	return asked
}

// signRPC is the signature of a POST with these parameters ("Request signatures" of RPC calls in
// Aliyun's documentation): HMAC-SHA1 over the method, the path and the sorted parameters.
func signRPC(asked url.Values, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	_, _ = mac.Write([]byte("POST&%2F&" + escapeRPC(strings.ReplaceAll(asked.Encode(), "+", "%20")))) // a hash never fails
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// escapeRPC percent-encodes as RFC 3986 has it.
func escapeRPC(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// call sends a call. Its error names the service's code and request ID, and nothing that was sent.
func (s *Aliyun) call(ctx context.Context, asked url.Values) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.config.Endpoint, strings.NewReader(asked.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := s.config.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAliyunAnswer))
	if err != nil || answer.StatusCode == http.StatusOK {
		return text, err
	}
	var refused struct{ Code, RequestID string }
	_ = json.Unmarshal(text, &refused) // where it can't be read, the status has to do
	return nil, fmt.Errorf("the token service answered %d %q, request %q", answer.StatusCode, refused.Code, refused.RequestID)
}

// read refuses an answer that lacks something, or that lasts longer than what was asked for.
func (s *Aliyun) read(text []byte) (sigv4.Credentials, error) {
	var answer struct {
		Credentials struct {
			AccessKeyID, AccessKeySecret, SecurityToken string
			Expiration                                  time.Time
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return sigv4.Credentials{}, errors.New("scoped: the token service's answer can't be read")
	}
	got := answer.Credentials
	c := sigv4.Credentials{AccessKeyID: got.AccessKeyID, SecretAccessKey: sigv4.Secret(got.AccessKeySecret),
		SessionToken: sigv4.Secret(got.SecurityToken), Expires: got.Expiration.UTC()}
	return checkEnd(c, s.config.Now(), s.config.Lifetime)
}

// aliyunPolicy returns the session policy for a grant in RAM's policy language. It fails as
// CheckGrant does, and for a policy of more than 2,048 characters. RAM has no condition for the
// class or encryption of an upload: those are the bucket's.
func aliyunPolicy(g uploads.UploadGrant) (string, error) {
	if err := CheckGrant(g); err != nil {
		return "", err
	}
	type statement struct {
		Effect   string
		Action   []string
		Resource string
	}
	encoded, err := EncodePolicy(struct {
		Version   string
		Statement []statement
	}{"1", []statement{{"Allow", []string{"oss:PutObject", "oss:AbortMultipartUpload", "oss:ListParts"}, "acs:oss:*:*:" + g.Bucket + "/" + g.Prefix + "*"}}})
	if err == nil && len(encoded) > maxPolicy {
		return "", fmt.Errorf("scoped: session policy has %d characters, wanted at most %d", len(encoded), maxPolicy)
	}
	return encoded, err
}

package uploads

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Object names one stored object, as a receipt or a row of the application has it. Version or ETag
// is required: a link never opens what takes the object's place.
type Object struct {
	Key      string
	Version  string // "" where the bucket has no versions
	ETag     string
	Filename string // what a browser saves it as; "" leaves that to the key
}

// linkOpening is for how long the store's URL is valid that a link leads to.
const linkOpening = 60 * time.Second

// linkClaims are what a link's token carries: neither subject nor metadata.
type linkClaims struct {
	jwt.RegisteredClaims
	Profile  string `json:"prf"`
	Key      string `json:"key"`
	Version  string `json:"ver,omitempty"`
	ETag     string `json:"etg,omitempty"`
	Filename string `json:"fnm,omitempty"`
}

// links makes links to objects and opens them.
type links struct {
	publicURL string
	profiles  map[string]*ServedProfile
	store     objectStore
	signers   *awscreds.Source // of the server's own credentials: visitors' can't read
	tokens    derivedTokens
}

func newLinks(c Config, profiles map[string]*ServedProfile, store objectStore) (links, error) {
	tokens, err := newDerivedTokens("postern-link+jwt", "postern link", c.TokenKeys, c.Now)
	return links{publicURL: c.PublicURL, profiles: profiles, store: store, tokens: tokens,
		signers: awscreds.NewSource(c.Store.Credentials, c.Store.Provider.Dialect, c.Store.Region, c.Now)}, err
}

func (l links) mint(profileName string, o Object, lifetime time.Duration) (string, error) {
	return l.tokens.mint(linkClaims{RegisteredClaims: l.tokens.in(lifetime),
		Profile: profileName, Key: o.Key, Version: o.Version, ETag: o.ETag, Filename: o.Filename})
}

// errLink is the one answer to every link that opens nothing: forged, ended, or of an object that
// is gone or was replaced.
var errLink = &problem.Error{Code: problem.NotFound}

// verify returns what a link's token carries; errLink where it isn't one of ours, or has ended.
func (l links) verify(token string) (linkClaims, error) {
	var c linkClaims
	if l.tokens.verify(token, &c) != nil {
		return linkClaims{}, errLink
	}
	return c, nil
}

// Link returns the address at which a browser gets an object of a profile, to be shown now: it ends
// after the profile's Download.Lifetime. The error is UnknownProfile, or says that the profile has
// no links or that the object isn't named.
func (s *Service) Link(profileName string, o Object) (string, error) {
	p, err := s.Profile(profileName)
	if err != nil {
		return "", err
	}
	return s.links.to(p, o)
}

// OpenLink returns where the store gives out the object of a link: an address that is valid for a
// minute, signed with the server's own credentials. The object has to be the one that the link was
// made for. What its stored type allows decides whether a browser shows or saves it: what can run
// script is always saved.
func (s *Service) OpenLink(ctx context.Context, token string) (string, error) {
	return s.links.open(ctx, token)
}

// to is the link to an object of a profile.
func (l links) to(p *ServedProfile, o Object) (string, error) {
	switch lifetime := p.Settings.Download.Lifetime; {
	case lifetime == 0:
		return "", fmt.Errorf("uploads: profile %q has no links: its Download.Lifetime is 0", p.Settings.Name)
	case o.Key == "" || o.Version == "" && o.ETag == "":
		return "", errors.New("uploads: Object: wanted Key, and Version or ETag")
	default:
		token, err := l.mint(p.Settings.Name, o, lifetime)
		return l.publicURL + "/objects/" + token, err
	}
}

// toCompleted is the link to a completed upload, "" where its profile has none.
func (l links) toCompleted(done Completed) (string, error) {
	p, ok := l.profiles[done.Profile]
	if !ok || p.Settings.Download.Lifetime == 0 {
		return "", nil
	}
	return l.to(p, done.Object())
}

// open finds the object of a link and signs its address.
func (l links) open(ctx context.Context, token string) (string, error) {
	c, err := l.verify(token)
	if err != nil {
		return "", err
	}
	p, ok := l.profiles[c.Profile]
	if !ok || p.Settings.Download.Lifetime == 0 {
		return "", errLink
	}
	found, err := within(ctx, l.store.timeout, l.store.client.HeadObject,
		&s3.HeadObjectInput{Bucket: &p.Settings.Bucket, Key: &c.Key, VersionId: optional(c.Version)})
	switch {
	case isNoSuchObject(err):
		return "", errLink
	case err != nil:
		return "", problem.Unavailable(err)
	case c.Version == "" && aws.ToString(found.ETag) != c.ETag:
		return "", errLink
	}
	return l.presign(ctx, p, c, disposition(p.Settings.Download.Disposition, aws.ToString(found.ContentType), c.Filename))
}

// presign signs the address of an object.
func (l links) presign(ctx context.Context, p *ServedProfile, c linkClaims, disposition string) (string, error) {
	signer, err := l.signers.Signer(ctx)
	if err != nil {
		return "", problem.Unavailable(err)
	}
	now := l.tokens.now().UTC()
	until, err := signer.LatestExpiration(now)
	if err != nil {
		return "", problem.Unavailable(err)
	}
	expires := now.Add(linkOpening)
	if until.Before(expires) {
		expires = until
	}
	query := []sigv4.Param{{Name: "response-content-disposition", Value: disposition}}
	if c.Version != "" {
		query = append(query, sigv4.Param{Name: versionParameter(signer.Dialect()), Value: c.Version})
	}
	url, err := signer.PresignURL(sigv4.PresignRequest{Method: "GET", URL: sigv4.ObjectURL(p.BucketURL, c.Key),
		Bucket: p.Settings.Bucket, Query: query, Expires: expires}, now)
	if err != nil {
		return "", &problem.Error{Code: problem.Internal, Err: err}
	}
	return url, nil
}

// versionParameter is the name of the query parameter that chooses a version ("GetObject" in the S3
// and OSS references, "Object versioning" in that of Cloud Storage).
func versionParameter(d *sigv4.Dialect) string {
	if d == sigv4.GCS || d == sigv4.GCSRSA {
		return "generation"
	}
	return "versionId"
}

// disposition is the Content-Disposition of an object (RFC 6266): attachment, or inline where the
// profile says so and the stored type can't run script in the bucket's origin.
func disposition(wanted profile.Disposition, contentType, filename string) string {
	kind := profile.DispositionAttachment
	// Browsers look into what has no type, and may find a page.
	if wanted == profile.DispositionInline && contentType != "" && !profile.Active(contentType) {
		kind = profile.DispositionInline
	}
	if filename == "" {
		return string(kind)
	}
	return string(kind) + `; filename="` + asciiFilename(filename) + `"; filename*=UTF-8''` + encodeExtended(filename)
}

// asciiFilename is for software that knows no filename* (RFC 6266, appendix D): what it might
// misread becomes an underscore.
func asciiFilename(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%/`, r) {
			return '_'
		}
		return r
	}, name)
}

// encodeExtended writes a value as RFC 8187 does: all but attr-char is percent-encoded.
func encodeExtended(value string) string {
	const hexDigits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

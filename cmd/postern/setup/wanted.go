// Package setup decides what CORS and lifecycle rules a bucket needs for the uploads of a config
// file, compares them with those that are there, and puts them there without losing any other.
//
//	wanted, err := setup.WantedOf(file, store, remedy)  // one for each bucket
//	wanted[0].CheckCORS(rules)                          // findings; none where uploads work
//	wanted[0].CheckLifecycle(rules)
//
// Rules are those of S3: "CORSRule" and "LifecycleRule" in the Amazon S3 API reference. Whether a
// request is allowed follows "Enabling cross-origin resource sharing" in the S3 User Guide: the
// first rule that matches answers.
package setup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

const (
	// maxAge is how long a browser may remember the answer to a preflight, in seconds. Chromium
	// remembers none for longer than two hours.
	maxAge = 2 * 60 * 60
	// quarantineDays is how long refused objects are kept for whoever wants to look at them.
	quarantineDays = 30
)

// Wanted is what one bucket should have for the profiles that upload to it.
type Wanted struct {
	Bucket string
	// CORS lets the pages of the public URL and of the profiles' origins upload to the bucket.
	CORS types.CORSRule
	// Lifecycle ends abandoned multipart uploads, a day after the longest upload_lifetime of the
	// bucket's profiles, and removes quarantined objects after 30 days. There is one rule for each
	// key prefix.
	Lifecycle []types.LifecycleRule
	// UnboundedProfiles have a key template that begins with a placeholder: a rule for their keys
	// would hold for the whole bucket, so there is none.
	UnboundedProfiles []string

	provider       uploads.Provider
	endpoint       string // "" at AWS
	publicURL      string
	uploadLifetime time.Duration // the longest of the bucket's profiles
	swept          bool          // the server aborts abandoned uploads on a timer
	serverExpiry   bool          // the store's server ends abandoned uploads, not a rule
	remedy         string        // the command that puts the rules there
}

// WantedOf returns what each bucket of a config file should have, sorted by bucket. Findings name
// remedy as what to do: the command that mends them.
func WantedOf(file *config.Config, store uploads.Store, remedy string) ([]Wanted, error) {
	list := make([]Wanted, 0, len(file.Profiles))
	for _, bucket := range slices.Sorted(slices.Values(file.Buckets())) {
		w := Wanted{Bucket: bucket, provider: store.Provider, endpoint: store.Endpoint, swept: file.Sweep.Every > 0, publicURL: file.PublicURL, remedy: remedy}
		var profiles []profile.Profile
		for _, name := range slices.Sorted(maps.Keys(file.Profiles)) {
			if file.Profiles[name].Bucket != bucket {
				continue
			}
			compiled, err := profile.Compile(file.Profiles[name])
			if err != nil {
				return nil, fmt.Errorf("setup: %w", err)
			}
			profiles = append(profiles, compiled.Profile())
		}
		var err error
		if w.CORS, err = w.corsRule(profiles); err != nil {
			return nil, err
		}
		w.addLifecycle(profiles)
		list = append(list, w)
	}
	return list, nil
}

// corsRule is the one rule that the uploads of all profiles of a bucket need.
func (w Wanted) corsRule(profiles []profile.Profile) (types.CORSRule, error) {
	origins, methods := []string{originOf(w.publicURL)}, []string{"PUT"}
	var headers []string
	exposed := []string{"ETag"}
	if w.provider.PostPolicy {
		methods = append(methods, "POST")
	}
	for _, p := range profiles {
		sent, err := w.provider.BrowserHeaders(p)
		if err != nil {
			return types.CORSRule{}, fmt.Errorf("setup: %w", err)
		}
		headers, origins = append(headers, sent...), append(origins, p.Origins...)
		if p.Download.Lifetime > 0 {
			methods = append(methods, "GET")
		}
		if p.Checksum != "" && p.Checksum != profile.ChecksumMD5 {
			exposed = append(exposed, p.Checksum.Header())
		}
	}
	return types.CORSRule{ID: aws.String(w.ruleID("cors", "")), AllowedOrigins: sorted(origins), AllowedMethods: sorted(methods),
		AllowedHeaders: sorted(headers), ExposeHeaders: sorted(exposed), MaxAgeSeconds: aws.Int32(maxAge)}, nil
}

// sorted returns each text once; nil for none.
func sorted(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

// originOf is the origin of an address as browsers write it: in lower case, without the port that
// its scheme has anyway.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	return u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), port)
}

// ruleID names a rule of this server: it tells our rules from those of another Postern that shares
// the bucket, and from any other. S3 takes up to 255 characters.
func (w Wanted) ruleID(kind, prefix string) string {
	server := originOf(w.publicURL)
	if u, err := url.Parse(w.publicURL); err == nil {
		server += strings.TrimRight(u.EscapedPath(), "/")
	}
	sum := sha256.Sum256([]byte(server + "\n" + kind + "\n" + prefix))
	return "postern-" + kind + "-" + hex.EncodeToString(sum[:6])
}

// isRuleID reports whether an ID is that of ruleID, or of freeID where that one was taken.
func (w Wanted) isRuleID(id *string, kind, prefix string) bool {
	rest, ok := strings.CutPrefix(aws.ToString(id), w.ruleID(kind, prefix))
	return ok && (rest == "" || len(rest) == 2 && rest[0] == '-' && '2' <= rest[1] && rest[1] <= '9')
}

// freeID is an ID that no other rule has: the wanted one, or with a number behind it where a rule
// of another purpose has that.
func freeID(wanted string, taken func(string) bool) string {
	id := wanted
	for n := 2; taken(id) && n <= 9; n++ {
		id = fmt.Sprintf("%s-%d", wanted, n)
	}
	return id
}

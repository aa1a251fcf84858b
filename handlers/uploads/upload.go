package uploads

import (
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// Upload is all facts of one upload, from the issuing step to its completion. The upload token
// carries it; of the plan it leaves out what only the issuing step needs: Prefix, Metadata (of
// which MetadataDigest remains), PartCount (which follows from the sizes) and Expiration.
type Upload struct {
	profile.Plan
	// StoreUploadID is the store's handle of a multipart upload; "" for other methods.
	StoreUploadID string
	// MetadataDigest is a short digest of the planned user metadata; "" for none.
	MetadataDigest string
	// Language is what the visitor of a form chose: the store's redirect keeps no query.
	Language string
	// Return is where a form leads once its upload was accepted; zero leaves it to the profile.
	Return Return
	// Issued is when the upload was issued, in whole seconds.
	Issued time.Time
	// Process names the process that issued it.
	Process string
	// Way is how it was asked for; "" where nobody said.
	Way Way
}

// newUpload returns the upload of a plan that was issued at now.
func newUpload(p profile.Plan, now time.Time) Upload {
	if p.Method == profile.MethodForm { // a large file takes its time to arrive, but no longer than this
		p.UploadExpiration = p.Expiration.Add(lateLanding)
	}
	p.UploadExpiration = p.UploadExpiration.UTC().Truncate(time.Second)
	return Upload{Plan: p, MetadataDigest: digestMetadata(p.Metadata), Issued: now.UTC().Truncate(time.Second)}
}

// lateLanding is for how long after its expiration a form may still land.
const lateLanding = 24 * time.Hour

// clockSkew is how far the store's clock may lag behind ours.
const clockSkew = 5 * time.Minute

// notBefore is the earliest time at which the store can have got the object.
func (u Upload) notBefore() time.Time { return u.Issued.Add(-clockSkew) }

// ownsKey reports whether no other upload has the same key. Keys without the upload's ID are shared
// (Profile.InsecureKey).
func (u Upload) ownsKey() bool { return strings.Contains(u.Key, u.ID) }

// byForm reports whether the bytes are sent as a form, by script or without.
func (u Upload) byForm() bool {
	return u.Method == profile.MethodForm || u.Method == profile.MethodPost
}

// digestMetadata is a short digest of user metadata, so that a later step can tell whether the
// object carries what was planned. Encoded words are decoded first: S3 writes them in its own way.
// No metadata has no digest.
func digestMetadata(fields []policy.Field) string {
	if len(fields) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, f := range fields {
		for _, text := range []string{f.Name, decodeWord(strings.TrimSpace(f.Value))} {
			sum.Write(strconv.AppendInt(nil, int64(len(text)), 10))
			sum.Write([]byte{' '})
			sum.Write([]byte(text))
		}
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:16])
}

// decodeWord reads a metadata value as people wrote it: stores carry what isn't ASCII in encoded
// words (RFC 2047).
func decodeWord(value string) string {
	if !strings.Contains(value, "=?") {
		return value
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}

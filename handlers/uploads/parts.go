package uploads

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const (
	maxPartsPerRequest = 100 // part URLs that one call signs
	partsWithPlan      = 4   // part URLs that the answer with the plan has
)

// PartRequest asks for the URL of one part.
type PartRequest struct {
	Number   int    `json:"number"`   // from 1
	Checksum string `json:"checksum"` // base64, by the algorithm of the plan; "" where it has none
}

// SignedParts are part URLs and when they expire.
type SignedParts struct {
	Expires time.Time
	Parts   []SignedPart
}

// SignedPart is the URL of one part, good for exactly Size bytes and the headers named.
type SignedPart struct {
	Number  int
	URL     string
	Size    int64
	Headers []sigv4.Param // to be sent with the part
}

// StoredPart is one part as the store has it.
type StoredPart struct {
	Number int    `json:"number"`
	Size   int64  `json:"size"` // bytes
	ETag   string `json:"etag"` // with its quotes
}

// SignParts signs URLs for 1 to 100 planned parts. Each is good for exactly the planned length and,
// where the plan has an algorithm, the checksum that is named. The error names the part at fault:
// "parts[0].number".
func (s *Service) SignParts(ctx context.Context, up OpenUpload, parts []PartRequest) (SignedParts, error) {
	if err := up.checkParts(parts); err != nil {
		return SignedParts{}, err
	}
	if err := s.followUps.allowPartCall(up.ID); err != nil {
		return SignedParts{}, err
	}
	signer, err := s.signers.Signer(ctx)
	if err != nil {
		return SignedParts{}, problem.Unavailable(err)
	}
	return up.signParts(parts, signer, s.config.Now().UTC())
}

// firstParts signs the parts that a browser sends before it can have asked for any; nil where they
// need checksums. What can't be signed yet is refused when it is asked for.
func firstParts(up OpenUpload, signer *sigv4.Signer, now time.Time) *SignedParts {
	if up.Checksum != "" {
		return nil
	}
	first := make([]PartRequest, min(partsWithPlan, up.PartCount))
	for i := range first {
		first[i].Number = i + 1
	}
	signed, err := up.signParts(first, signer, now)
	if err != nil {
		return nil
	}
	return &signed
}

// signParts signs parts that were checked.
func (up OpenUpload) signParts(parts []PartRequest, signer *sigv4.Signer, now time.Time) (SignedParts, error) {
	expires, err := signer.Expiration(now, up.Served.Settings.Lifetime)
	if err != nil {
		return SignedParts{}, problem.Unavailable(err)
	}
	if up.UploadExpiration.Before(expires) {
		expires = up.UploadExpiration
	}
	if expires.Sub(now) < time.Second {
		return SignedParts{}, errExpiredToken
	}
	presigner, err := signer.PresignParts(sigv4.PartsRequest{Bucket: up.Bucket, UploadID: up.StoreUploadID,
		URL: sigv4.ObjectURL(up.Served.BucketURL, up.Key), Expires: expires}, now)
	if err != nil {
		return SignedParts{}, &problem.Error{Code: problem.Internal, Err: err}
	}
	out := SignedParts{Expires: expires, Parts: make([]SignedPart, len(parts))}
	for i, part := range parts {
		if out.Parts[i], err = up.signPart(presigner, part); err != nil {
			return SignedParts{}, &problem.Error{Code: problem.Internal, Err: err}
		}
	}
	return out, nil
}

// checkParts refuses a request unless each part is in the plan, is asked for once, and has a
// checksum exactly where the plan has an algorithm.
func (up OpenUpload) checkParts(parts []PartRequest) error {
	if len(parts) == 0 || len(parts) > maxPartsPerRequest {
		return problem.InField("parts", "wanted 1 to %d parts, got %d", maxPartsPerRequest, len(parts))
	}
	seen := make(map[int]bool, len(parts))
	for i, part := range parts {
		field := fmt.Sprintf("parts[%d].", i)
		if _, err := up.PartLength(part.Number); err != nil {
			return &problem.Error{Code: problem.PartOutOfPlan, Field: field + "number",
				Detail: fmt.Sprintf("wanted 1 to %d, got %d", up.PartCount, part.Number)}
		}
		if seen[part.Number] {
			return problem.InField(field+"number", "wanted each part once, got %d again", part.Number)
		}
		seen[part.Number] = true
		if err := checkChecksum(field+"checksum", up.Checksum, part.Checksum); err != nil {
			return err
		}
	}
	return nil
}

// checkChecksum wants a checksum exactly where the plan has an algorithm.
func checkChecksum(field string, algorithm profile.Checksum, value string) error {
	if algorithm == "" {
		if value != "" {
			return problem.InField(field, "the plan has no checksum")
		}
		return nil
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil || len(sum) != algorithm.Size() {
		return problem.InField(field, "wanted the %s, base64 of its %d bytes", algorithm, algorithm.Size())
	}
	return nil
}

func (up OpenUpload) signPart(presigner *sigv4.PartPresigner, part PartRequest) (SignedPart, error) {
	size, err := up.PartLength(part.Number)
	if err != nil {
		return SignedPart{}, err
	}
	out := SignedPart{Number: part.Number, Size: size}
	if up.Checksum != "" {
		out.Headers = []sigv4.Param{{Name: up.Checksum.Header(), Value: part.Checksum}}
	}
	out.URL, err = presigner.URL(part.Number, size, out.Headers...)
	return out, err
}

// ListParts lists the parts that the store has; an empty list for other methods. Once the upload is
// complete these are all of them: a script that lost the answer to its completion then asks for
// that again instead of sending the file twice.
func (s *Service) ListParts(ctx context.Context, up OpenUpload) ([]StoredPart, error) {
	if up.Method != profile.MethodMultipart {
		return []StoredPart{}, nil
	}
	if err := s.followUps.allowPartCall(up.ID); err != nil {
		return nil, err
	}
	parts, err := s.store.storedParts(ctx, up)
	if isNoSuchUpload(err) {
		return s.store.partsOfObject(ctx, up)
	}
	if err != nil {
		return nil, problem.Unavailable(err)
	}
	out := make([]StoredPart, len(parts))
	for i, p := range parts {
		out[i] = StoredPart{int(aws.ToInt32(p.PartNumber)), aws.ToInt64(p.Size), aws.ToString(p.ETag)}
	}
	return out, nil
}

// partsOfObject are the planned parts of an upload that was completed.
func (s objectStore) partsOfObject(ctx context.Context, up OpenUpload) ([]StoredPart, error) {
	found, err := s.headObject(ctx, up)
	if err != nil {
		return nil, err
	}
	if found == nil || aws.ToInt64(found.ContentLength) != up.MaxSize {
		return nil, errUnknownUpload
	}
	out := make([]StoredPart, up.PartCount)
	for i := range out {
		size, err := up.PartLength(i + 1)
		if err != nil {
			return nil, err
		}
		out[i] = StoredPart{Number: i + 1, Size: size, ETag: aws.ToString(found.ETag)}
	}
	return out, nil
}

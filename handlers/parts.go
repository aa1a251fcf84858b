package handlers

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// maxPartsAsked is how many part URLs one request may ask for.
const maxPartsAsked = 100

type partsRequest struct {
	Parts []partRequest `json:"parts"`
}

type partRequest struct {
	Number   int    `json:"number"`
	Checksum string `json:"checksum"`
}

type partsResponse struct {
	Expires string         `json:"expires"`
	Parts   []partResponse `json:"parts"`
}

type partResponse struct {
	Number  int               `json:"number"`
	URL     string            `json:"url"`
	Size    int64             `json:"size"`
	Headers map[string]string `json:"headers"`
}

// signParts signs URLs for planned parts. Each is good for exactly the planned length and, where
// the plan asks for one, the checksum named.
func (h *Handlers) signParts(c echo.Context) error {
	up, err := h.hold(c)
	if err != nil {
		return err
	}
	var body partsRequest
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if err := up.checkParts(body.Parts); err != nil {
		return err
	}
	out, err := h.presignParts(c.Request().Context(), up, body.Parts)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}

func (up held) checkParts(parts []partRequest) error {
	if len(parts) == 0 || len(parts) > maxPartsAsked {
		return refuseField("parts", "wanted 1 to %d parts, got %d", maxPartsAsked, len(parts))
	}
	seen := make(map[int]bool, len(parts))
	for i, part := range parts {
		if _, err := up.plan.PartLength(part.Number); err != nil {
			return &Error{Code: CodePartOutOfPlan, Field: fmt.Sprintf("parts[%d].number", i),
				Detail: fmt.Sprintf("wanted 1 to %d, got %d", up.plan.PartCount, part.Number)}
		}
		if seen[part.Number] {
			return refuseField(fmt.Sprintf("parts[%d].number", i), "wanted each part once, got %d again", part.Number)
		}
		seen[part.Number] = true
		if err := checkChecksum(fmt.Sprintf("parts[%d].checksum", i), up.checksum, part.Checksum); err != nil {
			return err
		}
	}
	return nil
}

// checksumBytes is the length of a checksum by algorithm.
var checksumBytes = map[string]int{"crc32": 4, "crc32c": 4, "crc64nvme": 8}

// checkChecksum wants a checksum exactly where the plan has an algorithm.
func checkChecksum(field, algorithm, value string) error {
	if algorithm == "" {
		if value != "" {
			return refuseField(field, "the plan has no checksum")
		}
		return nil
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(value)
	if err != nil || len(raw) != checksumBytes[algorithm] {
		return refuseField(field, "wanted the part's %s, base64 of its %d bytes", algorithm, checksumBytes[algorithm])
	}
	return nil
}

func (h *Handlers) presignParts(ctx context.Context, up held, parts []partRequest) (partsResponse, error) {
	signer, err := h.source.Signer(ctx)
	if err != nil {
		return partsResponse{}, signerError(err)
	}
	now := h.config.Now().UTC()
	expires, err := signer.Expiration(now, up.gate.profile.Lifetime)
	if err != nil {
		return partsResponse{}, signerError(err)
	}
	if up.expires.Before(expires) {
		expires = up.expires
	}
	if expires.Sub(now) < time.Second {
		return partsResponse{}, errExpiredToken
	}
	presigner, err := signer.Parts(sigv4.PartsRequest{Bucket: up.bucket, URL: sigv4.ObjectURL(up.gate.bucketURL, up.key),
		UploadID: up.uploadID, Expires: expires}, now)
	if err != nil {
		return partsResponse{}, &Error{Code: CodeInternal, Err: err}
	}
	out := partsResponse{Expires: instant(expires), Parts: make([]partResponse, len(parts))}
	for i, part := range parts {
		if out.Parts[i], err = up.presignPart(presigner, part); err != nil {
			return partsResponse{}, &Error{Code: CodeInternal, Err: err}
		}
	}
	return out, nil
}

func (up held) presignPart(presigner *sigv4.PartPresigner, part partRequest) (partResponse, error) {
	size, err := up.plan.PartLength(part.Number)
	if err != nil {
		return partResponse{}, err
	}
	out := partResponse{Number: part.Number, Size: size, Headers: map[string]string{}}
	var extra []sigv4.Param
	if up.checksum != "" {
		extra = []sigv4.Param{{Name: "x-amz-checksum-" + up.checksum, Value: part.Checksum}}
		out.Headers = headerMap(extra)
	}
	out.URL, err = presigner.URL(part.Number, size, extra...)
	return out, err
}

type storedParts struct {
	Parts []storedPart `json:"parts"`
}

type storedPart struct {
	Number int    `json:"number"`
	Size   int64  `json:"size"`
	ETag   string `json:"etag"`
}

// listParts tells which parts the store has. Once the upload is complete these are all of them: a
// script that lost the answer to its completion then asks for that again instead of sending the
// file twice.
func (h *Handlers) listParts(c echo.Context) error {
	up, err := h.hold(c)
	if err != nil {
		return err
	}
	out := storedParts{Parts: []storedPart{}}
	if up.method != profile.MethodMultipart {
		return c.JSON(http.StatusOK, out)
	}
	parts, err := h.partsAt(c.Request().Context(), up)
	if noSuchUpload(err) {
		out.Parts, err = h.partsOfObject(c.Request().Context(), up)
	}
	if err != nil {
		return storeError(err)
	}
	for _, p := range parts {
		out.Parts = append(out.Parts, storedPart{int(aws.ToInt32(p.PartNumber)), aws.ToInt64(p.Size), aws.ToString(p.ETag)})
	}
	return c.JSON(http.StatusOK, out)
}

// partsOfObject are the planned parts of an upload that was completed.
func (h *Handlers) partsOfObject(ctx context.Context, up held) ([]storedPart, error) {
	found, err := h.head(ctx, up)
	if err != nil {
		return nil, err
	}
	if found == nil || aws.ToInt64(found.ContentLength) != up.maxSize {
		return nil, errUnknownUpload
	}
	out := make([]storedPart, up.plan.PartCount)
	for i := range out {
		size, err := up.plan.PartLength(i + 1)
		if err != nil {
			return nil, err
		}
		out[i] = storedPart{Number: i + 1, Size: size, ETag: aws.ToString(found.ETag)}
	}
	return out, nil
}

// partsAt lists every part at the store, page by page. It fails with NoSuchUpload once the upload
// was completed or aborted.
func (h *Handlers) partsAt(ctx context.Context, up held) ([]types.Part, error) {
	var out []types.Part
	in := &s3.ListPartsInput{Bucket: &up.bucket, Key: &up.key, UploadId: &up.uploadID}
	for {
		page, err := h.config.Store.ListParts(ctx, in)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Parts...)
		next := aws.ToString(page.NextPartNumberMarker)
		if !aws.ToBool(page.IsTruncated) || next == "" || next == aws.ToString(in.PartNumberMarker) || len(out) > profile.MaxParts {
			return out, nil
		}
		in.PartNumberMarker = &next
	}
}

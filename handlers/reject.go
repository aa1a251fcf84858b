package handlers

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/policy/profile"
)

// reject removes an object that broke the plan and returns why. When the store couldn't be asked
// nothing is removed: err is returned as it is.
func (h *Handlers) reject(ctx context.Context, up held, found *s3.HeadObjectOutput, err error) error {
	refused := asError(err)
	if refused.limits == nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // a visitor who leaves must not leave the object behind
	if up.gate.profile.Quarantine != "" && aws.ToInt64(found.ContentLength) <= profile.MaxPostSize {
		if err := h.quarantine(ctx, up, found); err != nil {
			return storeError(err)
		}
	}
	_, err = h.config.Store.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &up.bucket, Key: &up.key})
	if err != nil && !noSuchObject(err) {
		return storeError(err)
	}
	h.settle(ctx, up.plan, 0, false)
	h.verdicts.keep(up.id, refused)
	return refused
}

// quarantine copies a refused object aside, as bytes that nothing renders.
func (h *Handlers) quarantine(ctx context.Context, up held, found *s3.HeadObjectOutput) error {
	in := h.copyInput(up, found, profile.OctetStream)
	in.Key = aws.String(up.gate.profile.Quarantine + up.key)
	in.ACL = "" // never public
	_, err := h.config.Store.CopyObject(ctx, in, bareChecksums)
	return err
}

// retype gives an object from a plain form the content type that was found, copying it in place
// with all else it has.
func (h *Handlers) retype(ctx context.Context, up held, found *s3.HeadObjectOutput, contentType string) error {
	if up.method != profile.MethodForm || aws.ToString(found.ContentType) == contentType {
		return nil
	}
	out, err := h.config.Store.CopyObject(ctx, h.copyInput(up, found, contentType), bareChecksums)
	if err != nil {
		return storeError(err)
	}
	if out.CopyObjectResult != nil && out.CopyObjectResult.ETag != nil {
		found.ETag = out.CopyObjectResult.ETag
	}
	return nil
}

// copyInput names all that a copy would otherwise lose. Tags are copied by default.
func (h *Handlers) copyInput(up held, found *s3.HeadObjectOutput, contentType string) *s3.CopyObjectInput {
	a := h.attributes(up.gate, up.plan)
	return &s3.CopyObjectInput{
		Bucket: &up.bucket, Key: &up.key, CopySource: aws.String(copySource(up.bucket, up.key)),
		CopySourceIfMatch: found.ETag, MetadataDirective: types.MetadataDirectiveReplace,
		ContentType: &contentType, Metadata: found.Metadata, CacheControl: found.CacheControl,
		ACL: types.ObjectCannedACL(a.acl), StorageClass: types.StorageClass(a.storageClass),
		ServerSideEncryption: types.ServerSideEncryption(a.encryption), SSEKMSKeyId: text(a.kmsKey),
	}
}

// copySource is bucket and key, percent-encoded once.
func copySource(bucket, key string) string {
	escaped := strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(key))
	return bucket + "/" + escaped
}

// verdicts remember why uploads were refused after their objects are gone, so that asking again
// gets the same answer. They are a courtesy: bounded, and lost with the process.
type verdicts struct {
	mu    sync.Mutex
	byID  map[string]*Error
	order []string // oldest first
}

const maxVerdicts = 4096

func (v *verdicts) keep(id string, refused *Error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.byID == nil {
		v.byID = map[string]*Error{}
	}
	if _, there := v.byID[id]; !there {
		v.order = append(v.order, id)
	}
	v.byID[id] = refused
	if len(v.order) > maxVerdicts {
		delete(v.byID, v.order[0])
		v.order = v.order[1:]
	}
}

func (v *verdicts) of(id string) *Error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.byID[id]
}

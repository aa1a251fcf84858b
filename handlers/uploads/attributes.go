package uploads

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// attributes are what profile and plan set on an object, as the SDK's calls name them. A policy
// document says the same in conditions, a presigned PUT in headers.
type attributes struct {
	acl                           types.ObjectCannedACL
	storageClass                  types.StorageClass
	encryption                    types.ServerSideEncryption
	kmsKey, cacheControl, tagging string
	disposition, language         string
	codings                       string // the content encoding
	expires                       *time.Time
	metadata                      map[string]string
}

// attributesOf joins what the profile sets with what the plan does.
func attributesOf(p *ServedProfile, plan profile.Plan) attributes {
	of := p.Settings
	a := attributes{
		acl: types.ObjectCannedACL(of.ACL), storageClass: types.StorageClass(of.StorageClass),
		encryption: types.ServerSideEncryption(of.Encryption.Mode), kmsKey: of.Encryption.KeyID,
		cacheControl: of.CacheControl, tagging: taggingHeader(of.Tags),
		disposition: p.Settings.DispositionOf(plan), codings: of.ContentEncoding, language: of.ContentLanguage,
	}
	if !of.Expires.IsZero() {
		a.expires = &of.Expires
	}
	if len(plan.Metadata) > 0 {
		a.metadata = make(map[string]string, len(plan.Metadata))
		for _, f := range plan.Metadata {
			a.metadata[f.Name] = f.Value
		}
	}
	return a
}

// taggingHeader writes tags as the header x-amz-tagging does: as a URL query.
func taggingHeader(tags map[string]string) string {
	values := make(url.Values, len(tags))
	for name, value := range tags {
		values.Set(name, value)
	}
	return strings.ReplaceAll(values.Encode(), "+", "%20")
}

// signPut presigns one PUT with the same limits a policy would set: length and type are signed, as
// is every header that says something about the object, and nothing is overwritten where the store
// can tell.
func signPut(provider Provider, p *ServedProfile, plan profile.Plan, signer *sigv4.Signer, now time.Time) (*SignedPut, error) {
	sent := putHeaders(provider, p, plan)
	length := sigv4.Param{Name: "content-length", Value: strconv.FormatInt(plan.MaxSize, 10)}
	signed, err := signer.PresignURL(sigv4.PresignRequest{Method: "PUT", Bucket: plan.Bucket,
		URL:     sigv4.ObjectURL(p.BucketURL, plan.Key),
		Headers: append([]sigv4.Param{length}, sent...), Expires: plan.Expiration}, now)
	if err != nil {
		return nil, err
	}
	return &SignedPut{URL: signed, Headers: sent}, nil
}

// putHeaders are the headers that a script sends with a PUT. It can't set content-length; the
// browser does. A part has no such headers: S3's UploadPart takes none that says something about
// the object.
func putHeaders(provider Provider, p *ServedProfile, plan profile.Plan) []sigv4.Param {
	names := provider.Attributes()
	list := []sigv4.Param{{Name: "content-type", Value: plan.Type}}
	add := func(name, value string) {
		if name != "" && value != "" {
			list = append(list, sigv4.Param{Name: name, Value: value})
		}
	}
	if provider.ConditionalPut {
		add(names.OverwriteHeader, names.OverwriteValue)
	}
	of := p.Settings
	add("cache-control", of.CacheControl)
	add("content-disposition", p.Settings.DispositionOf(plan))
	add("content-encoding", of.ContentEncoding)
	add("content-language", of.ContentLanguage)
	if !of.Expires.IsZero() {
		add("expires", of.Expires.UTC().Format(http.TimeFormat))
	}
	add(names.ACLHeader, string(provider.signedACL(of.ACL)))
	add(names.StorageClass, names.ClassName(of.StorageClass))
	add(names.TagsHeader, taggingHeader(of.Tags))
	add(names.Encryption, of.Encryption.ModeValue(names))
	add(names.KMSKey, of.Encryption.KeyID)
	for _, m := range plan.Metadata {
		add(names.MetadataPrefix+m.Name, m.Value)
	}
	return list
}

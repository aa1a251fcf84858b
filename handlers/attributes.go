package handlers

import (
	"mime"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// attributes are what profile and plan set on an object, as API calls name them. A policy document
// says the same in conditions.
type attributes struct {
	acl, cacheControl, storageClass, tagging, encryption, kmsKey string
	metadata                                                     map[string]string
}

func (h *Handlers) attributes(g *gate, p profile.Plan) attributes {
	of := g.profile
	return attributes{acl: of.ACL, cacheControl: of.CacheControl, storageClass: of.StorageClass,
		tagging: tagHeader(of.Tags), encryption: of.Encryption.Mode, kmsKey: of.Encryption.KeyID,
		metadata: metadataMap(p.Metadata)}
}

// tagHeader writes tags as the header x-amz-tagging does: as a query.
func tagHeader(tags map[string]string) string {
	values := make(url.Values, len(tags))
	for name, value := range tags {
		values.Set(name, value)
	}
	return strings.ReplaceAll(values.Encode(), "+", "%20")
}

func metadataMap(fields []policy.Field) map[string]string {
	if len(fields) == 0 {
		return nil
	}
	out := make(map[string]string, len(fields))
	for _, f := range fields {
		out[f.Name] = f.Value
	}
	return out
}

// signPut presigns one PUT with the same limits a policy would set: length and type are signed, as
// is every header that says something about the object, and nothing is overwritten where the store
// can tell.
func (h *Handlers) signPut(g *gate, p profile.Plan, s *sigv4.Signer, now time.Time) (*signedPut, error) {
	sent := h.putHeaders(g, p)
	length := sigv4.Param{Name: "content-length", Value: strconv.FormatInt(p.MaxSize, 10)}
	to, err := s.Presign(sigv4.PresignRequest{Method: "PUT", Bucket: p.Bucket, URL: sigv4.ObjectURL(g.bucketURL, p.Key),
		Headers: append([]sigv4.Param{length}, sent...), Expires: p.Expiration}, now)
	if err != nil {
		return nil, err
	}
	return &signedPut{url: to, headers: sent}, nil
}

// putHeaders are the headers a script sends; content-length it can't set, the browser does.
func (h *Handlers) putHeaders(g *gate, p profile.Plan) []sigv4.Param {
	a := h.attributes(g, p)
	names := policy.AttributeNamesOf(h.config.Dialect)
	list := []sigv4.Param{{Name: "content-type", Value: p.Type}}
	add := func(name, value string) {
		if name != "" && value != "" {
			list = append(list, sigv4.Param{Name: name, Value: value})
		}
	}
	if h.config.Provider.ConditionalPut {
		add("if-none-match", "*")
	}
	add("cache-control", a.cacheControl)
	add(names.ACLHeader, a.acl)
	add(names.StorageClass, a.storageClass)
	add(names.TagsHeader, a.tagging)
	add(names.Encryption, g.profile.Encryption.ModeValue(names))
	add(names.KMSKey, a.kmsKey)
	for _, m := range p.Metadata {
		add(names.MetadataPrefix+m.Name, m.Value)
	}
	return list
}

func checksumAlgorithm(name string) types.ChecksumAlgorithm {
	return types.ChecksumAlgorithm(strings.ToUpper(name))
}

// decodeWord reads a metadata value as people wrote it: stores carry what isn't ASCII in encoded
// words.
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

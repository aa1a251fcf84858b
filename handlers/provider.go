package handlers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Provider says what one kind of store can do. The zero value is the safest subset: presigned PUT
// and multipart uploads, verified after the fact.
type Provider struct {
	Name string
	// PostPolicy: the store takes form posts under a signed policy. Without it there is no upload
	// without script.
	PostPolicy bool
	// ConditionalPut and ConditionalComplete: If-None-Match: * is honoured on PutObject and on
	// CompleteMultipartUpload.
	ConditionalPut, ConditionalComplete bool
	// CompleteSize: x-amz-mp-object-size is compared on completion.
	CompleteSize bool
	// Checksums of parts that the store verifies, with a checksum of the whole object on
	// completion: "crc32", "crc32c", "crc64nvme".
	Checksums []string
}

var everyChecksum = []string{"crc32", "crc32c", "crc64nvme"}

// providers follow the stores' own documentation of the S3 calls they take.
var providers = map[string]Provider{
	"aws": {PostPolicy: true, ConditionalPut: true, ConditionalComplete: true, CompleteSize: true,
		Checksums: everyChecksum},
	"minio": {PostPolicy: true, ConditionalPut: true, ConditionalComplete: true, Checksums: everyChecksum},
	"ceph":  {PostPolicy: true, ConditionalPut: true},
	"versity": {PostPolicy: true, ConditionalPut: true, ConditionalComplete: true, CompleteSize: true,
		Checksums: everyChecksum},
	"r2":    {ConditionalPut: true},
	"b2":    {},
	"oss":   {PostPolicy: true},
	"gcs":   {PostPolicy: true},
	"other": {},
}

// ProviderNamed returns the record of a store: aws, minio, ceph, versity, r2, b2, oss, gcs, or
// other for one that isn't known.
func ProviderNamed(name string) (Provider, error) {
	p, ok := providers[name]
	if !ok {
		known := slices.Sorted(maps.Keys(providers))
		return Provider{}, fmt.Errorf("handlers: provider %q: wanted one of %s", name, strings.Join(known, ", "))
	}
	p.Name, p.Checksums = name, slices.Clone(p.Checksums)
	return p, nil
}

// isZero reports whether nothing was said about the store.
func (p Provider) isZero() bool {
	return p.Name == "" && !p.PostPolicy && !p.ConditionalPut && !p.ConditionalComplete && !p.CompleteSize &&
		len(p.Checksums) == 0
}

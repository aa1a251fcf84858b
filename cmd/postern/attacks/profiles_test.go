package attacks

import (
	"github.com/postern-dev/postern/policy/profile"
)

// The limits of the profiles, in bytes.
const (
	minSize     = 10
	maxSize     = 1000
	partSize    = 5 << 20
	maxFilmSize = 64 << 20
)

// profiles returns the profiles of these tests.
func profiles() []profile.Profile {
	pictures := profile.Profile{
		Name: "pictures", Bucket: bucket, Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
		Types: []string{"image/png", "image/jpeg"}, MinSize: minSize, MaxSize: maxSize,
		ACL: "private", CacheControl: "no-cache",
		Metadata: map[string]string{"source": "web"}, AcceptMetadata: []string{"album"},
		Tags: map[string]string{"stage": "inbox"},
	}
	films := profile.Profile{
		Name: "films", Bucket: bucket, Key: "users/{subject}/films/{id}{ext}",
		Types: []string{"*/*"}, MinSize: 1, MaxSize: maxFilmSize,
		Multipart: profile.Multipart{Threshold: partSize, PartSize: partSize},
	}
	checked := films
	checked.Name, checked.Key, checked.Checksum = "checked", "users/{subject}/checked/{id}{ext}", "crc32"
	open := pictures
	open.Name, open.Key, open.Access = "open", "users/{subject}/open/{id}{ext}", profile.AccessPublic
	return []profile.Profile{pictures, films, checked, open}
}

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// bucket is the name of the bucket that `postern dev` creates.
const bucket = "postern-dev"

// devStore is the embedded store of a `postern dev`, used with its own credentials.
type devStore struct {
	t      *testing.T
	client *s3.Client
}

// storedObject describes an object in the store; Sum is its SHA-256 in hex.
type storedObject struct {
	Key, Type, Sum string
	Size           int64
	Metadata       map[string]string
}

func (p *devServer) store(t *testing.T) *devStore {
	t.Helper()
	return &devStore{t: t, client: s3.New(s3.Options{
		BaseEndpoint: aws.String(p.Store), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("postern-dev", p.key("store.key"), ""),
	})}
}

// keys returns the keys of all objects in the bucket.
func (s *devStore) keys() []string {
	s.t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		must(s.t, err)
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	return keys
}

// onlyObject requires that the bucket contains exactly one object and returns it.
func (s *devStore) onlyObject() storedObject {
	s.t.Helper()
	keys := s.keys()
	if len(keys) != 1 {
		s.t.Fatalf("objects in the store: wanted one, got the keys %q", keys)
	}
	return s.object(keys[0])
}

func (s *devStore) object(key string) storedObject {
	s.t.Helper()
	got, err := s.client.GetObject(s.t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	must(s.t, err)
	defer func() { _ = got.Body.Close() }()
	hash := sha256.New()
	size, err := io.Copy(hash, got.Body)
	must(s.t, err)
	return storedObject{
		Key: key, Size: size, Sum: hex.EncodeToString(hash.Sum(nil)),
		Type: aws.ToString(got.ContentType), Metadata: got.Metadata,
	}
}

// openUploads returns the keys of multipart uploads that are neither completed nor aborted.
func (s *devStore) openUploads() []string {
	s.t.Helper()
	list, err := s.client.ListMultipartUploads(context.Background(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	var none *types.NoSuchUpload
	if errors.As(err, &none) {
		return nil
	}
	must(s.t, err)
	var keys []string
	for _, u := range list.Uploads {
		keys = append(keys, *u.Key)
	}
	return keys
}

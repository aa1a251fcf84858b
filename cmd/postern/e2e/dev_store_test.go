package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// bucket is the one that `postern dev` makes.
const bucket = "postern-dev"

// devStore is the embedded store behind a server, seen with its own credentials.
type devStore struct {
	t      *testing.T
	client *s3.Client
}

// storedObject is what a test wants to know of a stored object.
type storedObject struct {
	Key, Type, Sum string
	Size           int64
	Metadata       map[string]string
}

func (p *devServer) store(t *testing.T) *devStore {
	t.Helper()
	secret := strings.TrimSpace(string(readFile(t, filepath.Join(p.Data, "store.key"))))
	return &devStore{t: t, client: s3.New(s3.Options{
		BaseEndpoint: aws.String(p.Store), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("postern-dev", secret, ""),
	})}
}

// keys lists everything in the bucket.
func (s *devStore) keys() []string {
	s.t.Helper()
	list, err := s.client.ListObjectsV2(s.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket)})
	must(s.t, err)
	var keys []string
	for _, o := range list.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

// onlyObject requires that the bucket holds exactly one object and returns it.
func (s *devStore) onlyObject() storedObject {
	s.t.Helper()
	keys := s.keys()
	if len(keys) != 1 {
		s.t.Fatalf("objects in the store: wanted one, got %q", keys)
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

// openUploads lists the keys of multipart uploads that are neither complete nor aborted.
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

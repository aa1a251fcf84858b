package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// comparingStoreHost is the host at which browsers find a comparing store.
const comparingStoreHost = "store.localhost"

// comparingStore replaces a store where a real one would need more disk space than a test machine
// has. It keeps nothing; it compares every byte that arrives with the file it comes from. Handlers,
// plan, page and proxy are real.
type comparingStore struct {
	uploads.StoreClient // nil: these tests call no other methods
	file                *os.File
	size, partSize      int64 // bytes
	buffers             sync.Pool

	mu         sync.Mutex
	created    s3.CreateMultipartUploadInput
	parts      map[int]int64 // length by number
	mismatches []string
	completed  bool
}

// sparseFile makes a file that takes little disk space: holes, with some random bytes in each piece
// of the given length, so that no two pieces are equal.
func sparseFile(t *testing.T, name string, size, piece int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	file, err := os.Create(path)
	must(t, err)
	defer func() { must(t, file.Close()) }()
	must(t, file.Truncate(size))
	random := fixedRandom()
	for at := int64(0); at < size; at += piece {
		speck := make([]byte, 64)
		random.Read(speck)
		_, err := file.WriteAt(speck[:min(64, size-at)], at+min(piece/3, max(0, size-at-64)))
		must(t, err)
	}
	return path
}

// startComparingStore serves Postern at uploadsOrigin with one profile for any file, and a
// comparing store for the file behind it.
func startComparingStore(t *testing.T, p *proxy, path string, partSize int64) *comparingStore {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	info, err := file.Stat()
	must(t, err)
	m := &comparingStore{file: file, size: info.Size(), partSize: partSize, parts: map[int]int64{}}
	m.buffers.New = func() any { return new([2][mebibyte]byte) }
	anyFile := profile.Profile{
		Name: "files", Bucket: "media", Key: "users/{subject}/{id}{ext}", Types: []string{"*/*"}, MaxSize: profile.MaxObjectSize,
		Access: profile.AccessPublic,
	}
	h := newHandlers(t, []profile.Profile{anyFile}, func(c *handlers.Config) { c.Store.Client, c.Store.Endpoint = m, "http://"+comparingStoreHost })
	p.serveHost("uploads.localhost", echoServer(h))
	p.serveHost(comparingStoreHost, m)
	return m
}

// ServeHTTP receives parts.
func (m *comparingStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowOrigin(w, r)
	w.Header().Set("Access-Control-Allow-Methods", http.MethodPut)
	number, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	if r.Method == http.MethodOptions || err != nil {
		return
	}
	length, err := m.compare(r.Body, int64(number-1)*m.partSize)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil || length != r.ContentLength {
		m.mismatches = append(m.mismatches, fmt.Sprintf("part %d, %d of %d bytes: %v", number, length, r.ContentLength, err))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.parts[number] = length
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, number))
	w.WriteHeader(http.StatusOK)
}

// compare reads the body to its end. It fails at the first piece that differs from the file at that
// offset.
func (m *comparingStore) compare(body io.Reader, at int64) (int64, error) {
	pair := m.buffers.Get().(*[2][mebibyte]byte)
	defer m.buffers.Put(pair)
	var length int64
	for {
		n, err := io.ReadFull(body, pair[0][:])
		if _, there := m.file.ReadAt(pair[1][:n], at+length); there != nil || !bytes.Equal(pair[0][:n], pair[1][:n]) {
			return length, fmt.Errorf("differs from the file after byte %d (%v)", at+length, there)
		}
		length += int64(n)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return length, nil
		}
		if err != nil {
			return length, err
		}
	}
}

func (m *comparingStore) CreateMultipartUpload(_ context.Context, in *s3.CreateMultipartUploadInput, _ ...func(*s3.Options)) (*s3.CreateMultipartUploadOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.created = *in
	return &s3.CreateMultipartUploadOutput{UploadId: aws.String("one")}, nil
}

func (m *comparingStore) ListMultipartUploads(context.Context, *s3.ListMultipartUploadsInput, ...func(*s3.Options)) (*s3.ListMultipartUploadsOutput, error) {
	return &s3.ListMultipartUploadsOutput{}, nil
}

func (m *comparingStore) ListParts(context.Context, *s3.ListPartsInput, ...func(*s3.Options)) (*s3.ListPartsOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := &s3.ListPartsOutput{}
	for number, length := range m.parts {
		out.Parts = append(out.Parts, types.Part{PartNumber: aws.Int32(int32(number)), Size: aws.Int64(length), ETag: aws.String(strconv.Itoa(number))})
	}
	return out, nil
}

func (m *comparingStore) CompleteMultipartUpload(context.Context, *s3.CompleteMultipartUploadInput, ...func(*s3.Options)) (*s3.CompleteMultipartUploadOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.completed = true
	return &s3.CompleteMultipartUploadOutput{}, nil
}

func (m *comparingStore) HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.completed {
		return nil, &types.NotFound{}
	}
	return &s3.HeadObjectOutput{ContentLength: &m.size, ContentType: m.created.ContentType, Metadata: m.created.Metadata, ETag: aws.String(`"whole"`)}, nil
}

func (m *comparingStore) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(io.NewSectionReader(m.file, 0, 4096))}, nil
}

// requireComplete requires that every byte of the file arrived in its place, and that the upload
// was completed.
func (m *comparingStore) requireComplete(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var length int64
	for _, part := range m.parts {
		length += part
	}
	if !m.completed || length != m.size || len(m.mismatches) != 0 {
		t.Errorf("at the store: wanted %d bytes and completed true, got %d and %v, with the mismatches %q", m.size, length, m.completed, m.mismatches)
	}
}

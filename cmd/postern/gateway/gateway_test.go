package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/gateway"
)

// There is one gateway per process, so these tests don't run in parallel.

const page = "http://page.test"

// patience bounds every wait: far more than a busy machine needs.
const patience = time.Minute

func start(t *testing.T, options gateway.Options) *gateway.Gateway {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	options.Buckets = append(options.Buckets, "media")
	g, err := gateway.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func put(t *testing.T, g *gateway.Gateway, key string, body []byte) {
	t.Helper()
	_, err := g.Client().PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("media"), Key: &key, Body: bytes.NewReader(body),
		ContentType: aws.String("image/png"), Metadata: map[string]string{"album": "summer"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, g *gateway.Gateway, key string) []byte {
	t.Helper()
	out, err := g.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("media"), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestStoreKeepsObjectsAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	first := start(t, gateway.Options{Dir: dir, Region: "eu-central-1"})
	put(t, first, "a/b.png", []byte("png"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, gateway.Options{Dir: dir, Region: "eu-central-1"})
	if got := get(t, second, "a/b.png"); string(got) != "png" {
		t.Errorf("after a restart: want %q, got %q", "png", got)
	}
}

func TestObjectsCanBeCopiedInPlace(t *testing.T) {
	g := start(t, gateway.Options{})
	put(t, g, "a.png", []byte("png"))
	_, err := g.Client().CopyObject(t.Context(), &s3.CopyObjectInput{
		Bucket: aws.String("media"), Key: aws.String("a.png"), CopySource: aws.String("media/a.png"),
		ContentType: aws.String("text/plain"), MetadataDirective: "REPLACE",
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := g.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("a.png")})
	if err != nil {
		t.Fatal(err)
	}
	if *head.ContentType != "text/plain" {
		t.Errorf("content type: want text/plain, got %q", *head.ContentType)
	}
}

func TestMetadataLivesBesideObjectsWhereThereAreNoAttributes(t *testing.T) {
	dir := t.TempDir()
	// The folder decides: a store that began without attributes goes on so.
	if err := os.MkdirAll(filepath.Join(dir, "metadata"), 0o700); err != nil {
		t.Fatal(err)
	}
	g := start(t, gateway.Options{Dir: dir})
	put(t, g, "a.png", []byte("png"))
	head, err := g.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("media"), Key: aws.String("a.png")})
	if err != nil {
		t.Fatal(err)
	}
	if head.Metadata["album"] != "summer" || *head.ContentType != "image/png" {
		t.Errorf("metadata: want album=summer and image/png, got %v and %q", head.Metadata, *head.ContentType)
	}
	if _, err := os.Stat(filepath.Join(dir, "metadata", "media")); err != nil {
		t.Errorf("sidecar metadata: %v", err)
	}
}

func TestSecondGatewayIsRefused(t *testing.T) {
	g := start(t, gateway.Options{})
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir()}); !errors.Is(err, gateway.ErrRunning) {
		t.Errorf("second start: want ErrRunning, got %v", err)
	}
	if after, _ := os.Getwd(); after != before {
		t.Errorf("working directory: want %q, got %q", before, after)
	}
	put(t, g, "still-works", []byte("x"))
}

func TestTakenPortIsRefusedAndNothingIsLeftBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	_, err = gateway.Start(t.Context(), gateway.Options{Dir: t.TempDir(), Listen: address})
	if err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("start on a taken port: want an error naming %s, got %v", address, err)
	}
	start(t, gateway.Options{})
}

func TestCloseFreesThePortAndTheWorkingDirectory(t *testing.T) {
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	g := start(t, gateway.Options{})
	address := g.Addr().String()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Getwd(); after != before {
		t.Errorf("working directory after Close: want %q, got %q", before, after)
	}
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("port after Close: %v", err)
	}
	again.Close()
}

func TestCloseDoesNotWaitForAClientThatNeverFinishes(t *testing.T) {
	g := start(t, gateway.Options{})
	c, err := net.Dial("tcp", g.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "PUT /media/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	closing := make(chan error, 1)
	go func() { closing <- g.Close() }()
	select {
	case err := <-closing:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("Close waits for the client")
	}
}

func TestEndOfTheContextStopsTheStore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g, err := gateway.Start(ctx, gateway.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	cancel()
	select {
	case <-g.Done():
	case <-time.After(patience):
		t.Error("the store still runs after its context ended")
	}
}

// Every step that touches metadata has to work beside the objects as it does in attributes.
func TestMultipartUploadsWithMetadataBesideObjects(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "metadata"), 0o700); err != nil {
		t.Fatal(err)
	}
	g := start(t, gateway.Options{Dir: dir})
	client, bucket, key := g.Client(), aws.String("media"), aws.String("large/a.bin")
	created, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: bucket, Key: key, ContentType: aws.String("video/mp4"), Metadata: map[string]string{"album": "summer"},
	})
	if err != nil {
		t.Fatal(err)
	}
	pieces := [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("end")}
	var done types.CompletedMultipartUpload
	for i, piece := range pieces {
		part, err := client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: bucket, Key: key, UploadId: created.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: bytes.NewReader(piece),
		})
		if err != nil {
			t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{ETag: part.ETag, PartNumber: aws.Int32(int32(i + 1))})
	}
	_, err = client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: key, UploadId: created.UploadId, MultipartUpload: &done, IfNoneMatch: aws.String("*"),
	})
	if err != nil {
		t.Fatal(err)
	}
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if *head.ContentType != "video/mp4" || head.Metadata["album"] != "summer" {
		t.Errorf("metadata: want video/mp4 and album=summer, got %q and %v", *head.ContentType, head.Metadata)
	}
	if got := get(t, g, *key); !bytes.Equal(got, bytes.Join(pieces, nil)) {
		t.Errorf("object: want %d bytes as sent, got %d others", 5<<20+3, len(got))
	}
}

package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// albumStore stands for the application's database.
type albumStore struct {
	mu    sync.Mutex
	files map[string]string // keys by the IDs of uploads
}

// Arrived saves an upload, once.
func (a *albumStore) Arrived(_ context.Context, id, key string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files[id] = key
	return nil
}

// A program whose uploads are recorded. It is told of each one that was accepted, whatever happens
// to the browser.
func Example() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	keys := []sigv4.Secret{"at-least-32-bytes-from-the-environment"}
	bucket := uploads.Store{Client: s3.New(s3.Options{Region: "eu-central-1"}), Credentials: credentials.NewStaticCredentialsProvider("access", "secret", ""), Region: "eu-central-1"}
	albums := &albumStore{files: map[string]string{}}
	fmt.Println(serveAlbums(ctx, filepath.Join(folder, "postern.db"), keys, bucket, albums))
	// Output: <nil>
}

// serveAlbums is the program, as static/docs/your-own-page.md shows it.
func serveAlbums(ctx context.Context, file string, keys []sigv4.Secret, bucket uploads.Store, albums *albumStore) error {
	records, err := ledger.Open(ledger.Config{URL: "sqlite:" + file}) // or postgres://…, for several processes
	if err != nil {
		return err
	}
	defer records.Close()
	h, err := handlers.New(handlers.Config{
		PublicURL: "https://app.example.com/uploads", TokenKeys: keys, Store: bucket,
		Profiles: []profile.Profile{{Name: "photos", Bucket: "media", Key: "users/{subject}/{id}{ext}",
			Types: []string{"image/*"}, MaxSize: 10 << 20, Unclaimed: 24 * time.Hour}},
		Ledger: records,
		OnAccepted: func(ctx context.Context, u uploads.Completed) error {
			return albums.Arrived(ctx, u.ID, u.Key) // does nothing for an ID that it knows
		},
	})
	if err != nil {
		return err
	}
	go h.Run(ctx) // until ctx ends; once in each process

	_, err = h.Erase(ctx, "alice")
	return err
}

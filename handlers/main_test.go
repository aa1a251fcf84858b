package handlers_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/gateway"
)

const bucket = "media"

// store is the one gateway of this process.
var store *gateway.Gateway

func TestMain(m *testing.M) { os.Exit(withStore(m)) }

func withStore(m *testing.M) int {
	dir, err := os.MkdirTemp("", "postern-handlers-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err = gateway.Start(context.Background(), gateway.Options{Dir: dir, Buckets: []string{bucket},
		AccessKey: "server-access", SecretKey: storeSecret})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = store.Close() }()
	return m.Run()
}

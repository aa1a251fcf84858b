package nodes

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/gateway"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

const (
	bucket      = "media"
	storeSecret = "store-secret-0123456789"
)

var (
	long    = os.Getenv("POSTERN_LONG") != ""
	store   *gateway.Gateway // the one of this process
	program string           // the path of postern
)

func TestMain(m *testing.M) {
	if address := os.Getenv(sendTo); address != "" {
		if runClient(address) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if value := os.Getenv(runAs); value != "" {
		if err := runApplication(value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(withStore(m))
}

func withStore(m *testing.M) int {
	dir, err := os.MkdirTemp("", "postern-nodes-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		program, err = testserver.Build(dir, "postern") // before the store changes the working directory
	}
	if err == nil {
		store, err = gateway.Start(context.Background(), gateway.Options{Dir: dir, AccessKey: "operator", SecretKey: storeSecret, Buckets: []string{bucket}})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = store.Close() }()
	return m.Run()
}

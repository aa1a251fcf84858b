package nodes

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// runAs in the environment makes the test binary an application that takes uploads, so that it can
// be killed. Its value is an application as JSON.
const runAs = "POSTERN_TEST_RUN_AS"

// application is a program that has the handlers in it.
type application struct {
	Store  string        // the endpoint of the store
	Folder string        // where its database is, and the file with the IDs of which it was told
	Hangs  bool          // whether it never ends its work on an upload
	Late   time.Duration // by how much its clock is ahead
}

// told is the file with a line for each call of OnAccepted.
func (a application) told() string { return filepath.Join(a.Folder, "told") }

// onAccepted notes the upload's ID and, where the application hangs, does nothing more.
func (a application) onAccepted(_ context.Context, u uploads.Completed) error {
	file, err := os.OpenFile(a.told(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(file, u.ID); err != nil {
		return err
	}
	if a.Hangs {
		select {} // whatever its context says, until it is killed
	}
	return file.Close()
}

// run serves until a signal comes, and prints the address first.
func (a application) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	now := func() time.Time { return time.Now().Add(a.Late) }
	records, err := ledger.Open(ledger.Config{URL: "sqlite:" + filepath.Join(a.Folder, "ledger.db"), Now: now})
	if err != nil {
		return err
	}
	defer records.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	provider, err := uploads.ProviderNamed("versity")
	if err != nil {
		return err
	}
	keys := credentials.NewStaticCredentialsProvider("operator", storeSecret, "")
	h, err := handlers.New(handlers.Config{
		PublicURL: "http://" + listener.Addr().String(), TokenKeys: []sigv4.Secret{tokenKey}, Now: now, Ledger: records, OnAccepted: a.onAccepted,
		Profiles: []profile.Profile{{Name: "files", Bucket: bucket, Key: filepath.Base(a.Folder) + "/{id}{ext}", Types: []string{"*/*"}, MaxSize: 1 << 20, Access: profile.AccessPublic}},
		Store: uploads.Store{Client: s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(a.Store), Credentials: keys, UsePathStyle: true}),
			Credentials: keys, Region: "us-east-1", Endpoint: a.Store, PathStyle: true, Provider: provider},
	})
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { defer close(ended); h.Run(ctx) }()
	server := &http.Server{Handler: h.Handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // until it is closed
	fmt.Println("http://" + listener.Addr().String())
	<-ctx.Done()
	<-ended
	return server.Close()
}

// runApplication runs the application that a value of runAs describes.
func runApplication(value string) error {
	var a application
	if err := json.Unmarshal([]byte(value), &a); err != nil {
		return err
	}
	return a.run()
}

// start starts the application in a process of its own and returns its address.
func (a application) start(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	value, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), runAs+"="+string(value))
	process.Stderr = t.Output()
	out, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill() // unless it has ended
		_ = process.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("address of the application: %v", err)
	}
	return process, strings.TrimSpace(address)
}

// waitForCalls waits until OnAccepted was called so often, and returns the IDs.
func (a application) waitForCalls(t *testing.T, calls int) []string {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		text, _ := os.ReadFile(a.told()) // not there before the first call
		if ids := strings.Fields(string(text)); len(ids) >= calls {
			return ids
		}
		if time.Now().After(end) {
			t.Fatalf("calls of OnAccepted: wanted %d, got %q", calls, text)
		}
	}
}

// The clock of the next process is ahead by the lease of the call that was killed.
func TestAnApplicationKilledWhileItIsToldIsToldAgain(t *testing.T) {
	t.Parallel()
	a := application{Store: store.URL(), Folder: t.TempDir(), Hangs: true}
	process, address := a.start(t)
	upload, answer, err := testclient.Client{Base: address}.Issue(t.Context(), testclient.Request{Profile: "files", Filename: "a.txt", Type: "text/plain", Size: 5})
	if err != nil || upload == nil {
		t.Fatalf("issue: %v, %v", answer, err)
	}
	if answer, err := upload.Send(t.Context(), "a.txt", []byte("hello")); err != nil || !answer.OK() {
		t.Fatalf("send: %v, %v", answer, err)
	}
	if answer, err := upload.Complete(t.Context()); err != nil || !answer.OK() {
		t.Fatalf("complete: %v, %v", answer, err)
	}
	a.waitForCalls(t, 1)
	if err := process.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // it was killed

	a.Hangs, a.Late = false, ledger.LeaseTime+time.Second
	process, _ = a.start(t)
	a.waitForCalls(t, 2)
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the application after SIGTERM: %v", err)
	}
	if ids := a.waitForCalls(t, 2); len(ids) != 2 || ids[0] != upload.ID || ids[1] != upload.ID {
		t.Errorf("uploads of which the application was told: wanted %s twice, got %q", upload.ID, ids)
	}
}

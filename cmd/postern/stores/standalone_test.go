//go:build versitygw

package stores

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestAStandaloneVersitygwKeepsVersionsInEachWay runs the program that POSTERN_VERSITYGW names. It
// has a build tag since the program's modules are not ours: .ci/long installs it and runs this.
func TestAStandaloneVersitygwKeepsVersionsInEachWay(t *testing.T) {
	program := os.Getenv("POSTERN_VERSITYGW")
	if program == "" {
		t.Fatal("POSTERN_VERSITYGW names no versitygw")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	_ = free.Close()
	gw := exec.CommandContext(t.Context(), program, "--port", address, "--access", accessKey, "--secret", secretKey, "--region", region,
		"posix", "--versioning-dir", t.TempDir(), t.TempDir())
	gw.Stderr = os.Stderr
	if err := gw.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gw.Process.Kill(); _ = gw.Wait() })
	own := credentials.NewStaticCredentialsProvider(accessKey, secretKey, "")
	client := s3.New(s3.Options{Region: region, Credentials: own, BaseEndpoint: aws.String("http://" + address), UsePathStyle: true})
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)})
		if err == nil {
			break
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatal(err)
		}
	}
	t.Run("doctor", func(t *testing.T) { checkDoctor(t, client, own, "http://"+address) })
	checkVersions(t, client, own, "http://"+address)
}

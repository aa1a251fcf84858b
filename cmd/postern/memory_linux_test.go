package main

import (
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

// For a form of one gibibyte:
//
//	go test ./cmd/postern -run Memory -form-size 1073741824 -v
var formSize = flag.Int64("form-size", 256<<20, "bytes that the memory test posts as one form")

// maxRise is how many bytes a form of any size may add to the server's memory.
const maxRise = 128 << 20

func TestALargeFormNeedsLittleMemory(t *testing.T) {
	p := startDev(t)
	// Not by JSON: for this size that would plan a multipart upload.
	_, page := fetch(t, p.URL+"/forms/files")
	form, err := testclient.ParseForm([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	before := peakMemory(t, p.PID())
	status := postZeros(t, form, *formSize)
	if status != http.StatusSeeOther {
		t.Fatalf("form post: want status 303, got %d", status)
	}
	rise := peakMemory(t, p.PID()) - before
	t.Logf("a form of %d MiB raised the peak by %d MiB", *formSize>>20, rise>>20)
	if rise > maxRise {
		t.Errorf("a form of %d MiB raised the peak by %d MiB, want at most %d", *formSize>>20, rise>>20, maxRise>>20)
	}
}

// postZeros posts the form with a file of zeros, which are generated while they are sent.
func postZeros(t *testing.T, p testclient.Post, size int64) int {
	t.Helper()
	before := &strings.Builder{}
	form := multipart.NewWriter(before)
	for _, f := range p.Fields {
		if err := form.WriteField(f.Name, f.Value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := form.CreateFormFile("file", "zeros.bin"); err != nil {
		t.Fatal(err)
	}
	start := before.String()
	end := fmt.Sprintf("\r\n--%s--\r\n", form.Boundary())
	body := io.MultiReader(strings.NewReader(start), io.LimitReader(zeros{}, size), strings.NewReader(end))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = int64(len(start)) + size + int64(len(end))
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var peak = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// peakMemory returns the most memory that a process has had so far, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := peak.FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM in\n%s", status)
	}
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

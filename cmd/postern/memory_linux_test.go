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

// A gibibyte takes a while; the way is the same for less:
//
//	go test ./cmd/postern -run Memory -form-size 1073741824 -v
var formSize = flag.Int64("form-size", 256<<20, "bytes that the memory test posts as one form")

// mostMemory is what one form may add to the server's memory, however large.
const mostMemory = 128 << 20

func TestALargeFormTakesLittleMemory(t *testing.T) {
	p := startDev(t)
	// A multipart plan would be issued for this size; a form of the page takes it in one.
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
	if rise > mostMemory {
		t.Errorf("a form of %d MiB raised the peak by %d MiB, want at most %d", *formSize>>20, rise>>20, mostMemory>>20)
	}
}

// postZeros posts the fields with a file of zeros, made while it is sent.
func postZeros(t *testing.T, p testclient.Post, size int64) int {
	t.Helper()
	head := &strings.Builder{}
	form := multipart.NewWriter(head)
	for _, f := range p.Fields {
		if err := form.WriteField(f.Name, f.Value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := form.CreateFormFile("file", "zeros.bin"); err != nil {
		t.Fatal(err)
	}
	start := head.String()
	tail := fmt.Sprintf("\r\n--%s--\r\n", form.Boundary())
	body := io.MultiReader(strings.NewReader(start), io.LimitReader(zeros{}, size), strings.NewReader(tail))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	request.ContentLength = int64(len(start)) + size + int64(len(tail))
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

// peakMemory is the most memory a process has held so far, in bytes.
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

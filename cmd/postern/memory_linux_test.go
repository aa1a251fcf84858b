package main

import (
	"flag"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/process"
	"github.com/postern-dev/postern/cmd/postern/visitor"
)

// A gibibyte takes a while; the way is the same for less:
//
//	go test ./cmd/postern -run Memory -form-size 1073741824 -v
var formSize = flag.Int64("form-size", 256<<20, "bytes that the memory test posts as one form")

// mostMemory is what one form may add to the server's memory, however large.
const mostMemory = 128 << 20

func TestALargeFormTakesLittleMemory(t *testing.T) {
	p := launch(t, nil, process.Dev(t.TempDir())...)
	v := visitor.Visitor{Base: p.URL}
	// A multipart plan would be issued for this size; a form of the page takes
	// it in one.
	fields, action := formOf(t, v.Base+"/forms/files")
	before := peakMemory(t, p.PID())
	status := postZeros(t, action, fields, *formSize)
	if status != http.StatusSeeOther {
		t.Fatalf("form post: want status 303, got %d", status)
	}
	rise := peakMemory(t, p.PID()) - before
	t.Logf("a form of %d MiB raised the peak by %d MiB", *formSize>>20, rise>>20)
	if rise > mostMemory {
		t.Errorf("a form of %d MiB raised the peak by %d MiB, want at most %d", *formSize>>20, rise>>20, mostMemory>>20)
	}
}

var (
	formAction  = regexp.MustCompile(`<form [^>]*action="([^"]+)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// formOf reads the fields of an upload form from its page.
func formOf(t *testing.T, url string) (fields [][2]string, action string) {
	t.Helper()
	_, body := fetch(t, url)
	found := formAction.FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no form in\n%s", body)
	}
	for _, f := range hiddenField.FindAllStringSubmatch(body, -1) {
		fields = append(fields, [2]string{f[1], html.UnescapeString(f[2])})
	}
	return fields, found[1]
}

// postZeros posts the fields with a file of zeros, made while it is sent.
func postZeros(t *testing.T, action string, fields [][2]string, size int64) int {
	t.Helper()
	head := &strings.Builder{}
	form := multipart.NewWriter(head)
	for _, f := range fields {
		if err := form.WriteField(f[0], f[1]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := form.CreateFormFile("file", "zeros.bin"); err != nil {
		t.Fatal(err)
	}
	start := head.String()
	tail := fmt.Sprintf("\r\n--%s--\r\n", form.Boundary())
	body := io.MultiReader(strings.NewReader(start), io.LimitReader(zeros{}, size), strings.NewReader(tail))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, action, body)
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

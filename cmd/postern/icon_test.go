package main

import (
	"bytes"
	"image/png"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestTheIconIsAnICOFileOfThreePictures(t *testing.T) {
	t.Parallel()
	e := echo.New()
	e.Match(readMethods, "/favicon.ico", showIcon)
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	get, err := http.Get(server.URL + "/favicon.ico")
	if err != nil {
		t.Fatal(err)
	}
	get.Body.Close()
	head, err := http.Head(server.URL + "/favicon.ico")
	if err != nil {
		t.Fatal(err)
	}
	head.Body.Close()
	for name, answer := range map[string]*http.Response{"GET": get, "HEAD": head} {
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/x-icon" || answer.ContentLength != int64(len(icon)) {
			t.Errorf("%s: wanted 200 with %d bytes of image/x-icon, got %d with %d of %q", name, len(icon), answer.StatusCode, answer.ContentLength, answer.Header.Get("Content-Type"))
		}
	}
	// The header of the file, then 16 bytes for each picture: its width first, its place last.
	if !bytes.HasPrefix(icon, []byte{0, 0, 1, 0, 3, 0}) {
		t.Fatalf("icon: wanted an ICO file of three pictures, got %x", icon[:6])
	}
	for i, width := range []int{16, 32, 48} {
		entry := icon[6+16*i:]
		at := int(entry[12]) | int(entry[13])<<8
		picture, err := png.DecodeConfig(bytes.NewReader(icon[at:]))
		if err != nil || picture.Width != width || int(entry[0]) != width {
			t.Errorf("picture %d: wanted a PNG of %d pixels, got %+v, %v", i, width, picture, err)
		}
	}
}

package main

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestTheIconIsServedAsSVG(t *testing.T) {
	t.Parallel()
	e := echo.New()
	e.GET("/favicon.ico", showIcon)
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, httptest.NewRequest("GET", "/favicon.ico", nil))
	if got := answer.Header().Get("Content-Type"); got != "image/svg+xml" || !bytes.HasPrefix(answer.Body.Bytes(), []byte("<svg ")) {
		t.Errorf("got %d, %q", answer.Code, got)
	}
}

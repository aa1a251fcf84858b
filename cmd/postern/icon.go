package main

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// icon is served by the binary alone: programs that import the handlers have icons of their own.
//
//go:embed icon.svg
var icon []byte

func showIcon(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	return c.Blob(http.StatusOK, "image/svg+xml", icon)
}

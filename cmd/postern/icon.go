package main

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// icon is a picture of a gate in 16, 32 and 48 pixels, in a colour that is seen on light and on dark
// tabs. It is served by the binary alone: programs that import the handlers have icons of their own.
//
//go:embed icon.ico
var icon []byte

func showIcon(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	return c.Blob(http.StatusOK, "image/x-icon", icon)
}

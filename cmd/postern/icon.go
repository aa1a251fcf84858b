package main

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// icon is a gate in a wall. A host that mounts the handlers has an icon of its
// own; the binary's pages would otherwise make every browser log a 404.
//
//go:embed icon.svg
var icon []byte

func showIcon(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	c.Response().Header().Set("X-Content-Type-Options", "nosniff")
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	return c.Blob(http.StatusOK, "image/svg+xml", icon)
}

package handlers

import (
	"log/slog"
	"strings"

	"github.com/labstack/echo/v4"
)

// aboutKey is where a request's context has the IDs of the uploads that the request is about.
const aboutKey = "postern.uploads"

// AboutUpload notes that a request is about an upload, for the log lines of AccessLog and UploadAttr.
// The routes of Register do so themselves.
func AboutUpload(c echo.Context, id string) {
	if ids, _ := c.Get(aboutKey).([]string); id != "" {
		c.Set(aboutKey, append(ids, id))
	}
}

// UploadAttr is what a log line of a request says of the uploads that it is about: "id" of one, or
// "ids" of a batch's. It is empty, so that it isn't logged, where the request is about none, or
// where that isn't known yet.
func UploadAttr(c echo.Context) slog.Attr {
	ids, _ := c.Get(aboutKey).([]string)
	switch {
	case len(ids) > 1:
		return slog.Any("ids", ids)
	case len(ids) == 1:
		return slog.String("id", ids[0])
	}
	return idAttr(idInPath(c))
}

// idInPath is the ID that the path of a request names, whether there is such an upload or not; ""
// for none, and for a text that is logged in the path alone, as it is no ID.
func idInPath(c echo.Context) string {
	if id := c.Param("id"); strings.Contains(c.Path(), "/uploads/:id") && len(id) <= longestSegment {
		return id
	}
	return ""
}

// idAttr is the attribute of one upload; empty without an ID.
func idAttr(id string) slog.Attr {
	if id == "" {
		return slog.Attr{}
	}
	return slog.String("id", id)
}

package handlers

import (
	"log/slog"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
)

// longestSegment is the longest path segment that is logged as it is. IDs and names are shorter,
// tickets and upload tokens longer.
const longestSegment = 64

// LogPath is a request's path as it may be logged: without the query, and without the upload tokens
// and tickets that some paths hold.
func LogPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if len(path) <= longestSegment && !strings.Contains(path, "eyJ") {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if len(s) > longestSegment || strings.HasPrefix(s, "eyJ") {
			segments[i] = problem.Redacted
		}
	}
	return strings.Join(segments, "/")
}

// AccessLog returns a middleware that writes one line per request: method, redacted path, status,
// duration, request ID, and the ID of the upload that it is about. Headers, queries and bodies are not logged. A nil logger is
// slog.Default().
func AccessLog(logger *slog.Logger) echo.MiddlewareFunc {
	if logger == nil {
		logger = slog.Default()
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			if err := next(c); err != nil {
				c.Error(err) // writes the answer, so that the status is known
			}
			r, w := c.Request(), c.Response()
			logger.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", r.Method),
				slog.String("path", LogPath(r.URL.Path)),
				slog.Int("status", w.Status),
				slog.Duration("took", time.Since(start)),
				slog.String("requestId", w.Header().Get(echo.HeaderXRequestID)),
				UploadAttr(c),
			)
			return nil
		}
	}
}

package handlers

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const redacted = "[redacted]"

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
			segments[i] = redacted
		}
	}
	return strings.Join(segments, "/")
}

// secretText finds what an error of another library may quote: URL queries, since those of
// presigned URLs hold a signature, JWTs, and long base64 such as policies and session tokens.
var secretText = regexp.MustCompile(`\?[^\s"'<>]+|eyJ[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=.-]*)?|[A-Za-z0-9+/_=-]{60,}|[0-9a-f]{64}`)

// LogText is a message as it may be logged: queries, JWTs, policies and signatures are replaced.
func LogText(message string) string { return secretText.ReplaceAllString(message, redacted) }

// AccessLog returns a middleware that writes one line per request: method, redacted path, status,
// duration and request ID. Headers, queries and bodies are not logged. A nil logger is
// slog.Default().
func AccessLog(logger *slog.Logger) echo.MiddlewareFunc {
	if logger == nil {
		logger = slog.Default()
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err) // writes the answer, so that the status is known
			}
			logRequest(logger.Handler(), c, start)
			return nil
		}
	}
}

// logRequest hands the record over itself: a Logger would look at the clock and the call stack once
// more.
func logRequest(to slog.Handler, c echo.Context, start time.Time) {
	ctx, now := context.Background(), time.Now()
	if !to.Enabled(ctx, slog.LevelInfo) {
		return
	}
	r, w := c.Request(), c.Response()
	line := slog.NewRecord(now, slog.LevelInfo, "request", 0)
	// Five attributes fit into a record; a sixth would cost an allocation.
	line.AddAttrs(
		slog.String("method", r.Method),
		slog.String("path", LogPath(r.URL.Path)),
		slog.Int("status", w.Status),
		slog.Duration("took", now.Sub(start)),
		slog.String("requestId", w.Header().Get(echo.HeaderXRequestID)),
	)
	_ = to.Handle(ctx, line) // a log that can't be written has nobody to tell
}

// report logs what a visitor isn't told.
func (h *Handlers) report(c echo.Context, refused *Error) {
	level := slog.LevelWarn
	if refused.Code == CodeInternal {
		level = slog.LevelError
	}
	h.config.Logger.LogAttrs(c.Request().Context(), level, "request failed",
		slog.String("code", string(refused.Code)),
		slog.String("path", LogPath(c.Request().URL.Path)),
		slog.String("error", LogText(refused.Error())),
		slog.String("requestId", c.Response().Header().Get(echo.HeaderXRequestID)),
	)
}

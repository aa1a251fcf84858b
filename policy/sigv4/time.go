package sigv4

import "time"

const (
	// MaxLifetime is how long a signature can be valid ("Signature calculation: Authenticating
	// requests (query parameters)" in the S3 documentation).
	MaxLifetime = 7 * 24 * time.Hour
	// ExpiryMargin is how long before the end of the credentials a signature ends at the latest, so
	// that an upload that begins at the last moment isn't cut off.
	ExpiryMargin = time.Minute
)

// AppendTimestamp appends t in UTC as 20060102T150405Z.
func AppendTimestamp(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "20060102T150405Z")
}

// dayOf returns the UTC day of an instant, counted from the year 1.
func dayOf(t time.Time) int64 {
	return (t.Unix() - time.Time{}.Unix()) / int64(24*time.Hour/time.Second)
}

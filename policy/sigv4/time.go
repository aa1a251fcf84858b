package sigv4

import (
	"fmt"
	"time"
)

const (
	// MaxLifetime is how long after signing anything ends at the latest.
	MaxLifetime = 7 * 24 * time.Hour
	// ExpiryMargin is how long before the end of the credentials anything ends, so that an upload
	// begun at the last moment isn't cut off.
	ExpiryMargin = time.Minute

	secondsPerDay = 24 * 60 * 60
)

// AppendTimestamp appends t in UTC as 20060102T150405Z.
func AppendTimestamp(dst []byte, t time.Time) []byte {
	unix := t.Unix()
	dst = appendDate(dst, unix)
	return appendClock(append(dst, 'T'), unix)
}

// appendDate appends the UTC day of a Unix time as 20060102.
func appendDate(dst []byte, unix int64) []byte {
	year, month, day := time.Unix(unix, 0).UTC().Date()
	dst = appendTwo(dst, year/100)
	dst = appendTwo(dst, year%100)
	dst = appendTwo(dst, int(month))
	return appendTwo(dst, day)
}

// appendClock appends the UTC time of day of a Unix time as 150405Z.
func appendClock(dst []byte, unix int64) []byte {
	second := int(unix - dayOf(unix)*secondsPerDay)
	dst = appendTwo(dst, second/3600)
	dst = appendTwo(dst, second/60%60)
	dst = appendTwo(dst, second%60)
	return append(dst, 'Z')
}

func appendTwo(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}

// dayOf counts days from 1970 on, rounding towards the past.
func dayOf(unix int64) int64 {
	day := unix / secondsPerDay
	if unix%secondsPerDay < 0 {
		day--
	}
	return day
}

// checkYear refuses instants that four digits of a year can't tell.
func checkYear(t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return fmt.Errorf("sigv4: year %d: wanted 1 to 9999", year)
	}
	return nil
}

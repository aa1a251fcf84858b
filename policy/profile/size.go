package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// units are the suffixes of sizes, longest first so that "MiB" isn't read as "B".
var units = []struct {
	suffix string
	bytes  int64
}{
	{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1}, {"", 1},
}

// ParseSize reads a whole number of bytes with an optional unit: "10MiB", "5 GB", "4096".
func ParseSize(text string) (int64, error) {
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(digits, " "), 10, 63)
		if err != nil || int64(n) > (1<<63-1)/u.bytes {
			break
		}
		return int64(n) * u.bytes, nil
	}
	return 0, fmt.Errorf("profile: size: wants a whole number with B, KiB, MiB, GiB or TiB, got %q", clip(text))
}

// ParseRange reads "1..10MiB": the smallest and largest size, both allowed. "10MiB" alone means 0
// to that.
func ParseRange(text string) (least, most int64, err error) {
	low, high, both := strings.Cut(text, "..")
	if !both {
		low, high = "0", text
	}
	if least, err = ParseSize(low); err != nil {
		return 0, 0, err
	}
	if most, err = ParseSize(high); err != nil {
		return 0, 0, err
	}
	if least > most {
		return 0, 0, fmt.Errorf("profile: size: wants the smaller first, got %q", clip(text))
	}
	return least, most, nil
}

// FormatSize writes bytes in the largest binary unit that keeps it whole: 10485760 is "10MiB".
// ParseSize reads it back.
func FormatSize(bytes int64) string {
	for _, u := range units[:4] {
		if bytes >= u.bytes && bytes%u.bytes == 0 {
			return strconv.FormatInt(bytes/u.bytes, 10) + u.suffix
		}
	}
	return strconv.FormatInt(bytes, 10)
}

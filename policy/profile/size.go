package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// units are the suffixes of sizes. Longer ones come first, so that "MiB" isn't read as "B".
var units = []struct {
	suffix string
	bytes  int64
}{
	{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1}, {"", 1},
}

// ParseSize reads a size in bytes: a whole number with an optional unit, such as "10MiB", "5 GB" or
// "4096".
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

// bytesText is a size in an error.
func bytesText(n int64) string { return strconv.FormatInt(n, 10) + " bytes" }

// ParseRange reads a range of sizes in bytes, such as "1..10MiB": the smallest and the largest,
// both allowed. "10MiB" alone is "0..10MiB".
func ParseRange(text string) (smallest, largest int64, err error) {
	low, high, both := strings.Cut(text, "..")
	if !both {
		low, high = "0", text
	}
	if smallest, err = ParseSize(low); err != nil {
		return 0, 0, err
	}
	if largest, err = ParseSize(high); err != nil {
		return 0, 0, err
	}
	if smallest > largest {
		return 0, 0, fmt.Errorf("profile: size: wants the smaller first, got %q", clip(text))
	}
	return smallest, largest, nil
}

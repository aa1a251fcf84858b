package explain_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/postern-dev/postern/policy/explain"
)

// TestWhatSurroundsAURLIsNotPartOfIt requires that a URL is complete whatever text it stands in.
func TestWhatSurroundsAURLIsNotPartOfIt(t *testing.T) {
	t.Parallel()
	const address = "https://example-bucket.s3.eu-central-1.amazonaws.com/a.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&" +
		"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261127%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20261127T180000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature="
	signed := address + strings.Repeat("a", 64)
	for _, text := range []string{
		signed, signed + ".", signed + ",", signed + ";", signed + `\n`, "The URL is " + signed + ".", "See (" + signed + ").", `{\"url\":\"` + signed + `\"}`,
		`{"statusCode": 200, "body": "{\"uploadURL\": \"` + signed + `\", \"key\": \"a.png\"}"}`,
		"curl -T a.png -H @headers.txt '" + strings.Replace(signed, "=host", "=content-type%3Bhost", 1) + "'",
	} {
		report, err := explain.Explain(text, explain.Options{Now: time.Date(2026, 11, 27, 18, 10, 0, 0, time.UTC)})
		if err != nil || !report.Accepted {
			t.Errorf("%s: got %v\n%s", text, err, report.Text())
		}
	}
}

func TestATextInUTF16IsReadLikeOneInUTF8(t *testing.T) {
	t.Parallel()
	const text = "<Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum allowed size</Message></Error>"
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(text)) {
		little, big = append(little, byte(unit), byte(unit>>8)), append(big, byte(unit>>8), byte(unit))
	}
	for _, encoded := range []string{string(little), string(big)} {
		report, err := explain.Explain(encoded, explain.Options{})
		if err != nil || report.Findings[0].Code != "size_too_large" {
			t.Errorf("got %v, %v", report.Findings, err)
		}
	}
}

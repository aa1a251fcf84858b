package static_test

import (
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/postern-dev/postern/static"
)

// colour is linear-light sRGB, each channel 0 to 1.
type colour [3]float64

var (
	property = regexp.MustCompile(`(?m)^  (--_[a-z-]+): (.+);$`)
	pair     = regexp.MustCompile(`light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)`)
	mixture  = regexp.MustCompile(`^color-mix\(in oklab, var\((--_[a-z]+)\) (\d+)%, var\((--_[a-z]+)\)\)$`)
)

// palette reads the colours that the stylesheet declares, for the light scheme (1) or the dark one
// (2).
func palette(t *testing.T, scheme int) map[string]colour {
	t.Helper()
	css, err := fs.ReadFile(static.FS, "postern.css")
	if err != nil {
		t.Fatal(err)
	}
	colours := map[string]colour{}
	for _, found := range property.FindAllStringSubmatch(string(css), -1) {
		name, value := found[1], found[2]
		if hex := pair.FindStringSubmatch(value); hex != nil {
			colours[name] = parseHex(hex[scheme])
		} else if mix := mixture.FindStringSubmatch(value); mix != nil {
			share, _ := strconv.ParseFloat(mix[2], 64)
			colours[name] = blend(colours[mix[1]], colours[mix[3]], share/100)
		}
	}
	return colours
}

// parseHex reads six hex digits of sRGB.
func parseHex(text string) colour {
	var c colour
	for i := range c {
		channel, _ := strconv.ParseUint(text[2*i:2*i+2], 16, 8)
		c[i] = linear(float64(channel) / 255)
	}
	return c
}

// linear decodes one channel of sRGB.
func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// blend mixes two colours in Oklab, as color-mix does, with the matrices of CSS Color 4.
func blend(a, b colour, share float64) colour {
	x, y := apply(toLMS, a), apply(toLMS, b)
	for i := range x {
		x[i] = share*math.Cbrt(x[i]) + (1-share)*math.Cbrt(y[i])
		x[i] = x[i] * x[i] * x[i]
	}
	return apply(fromLMS, x)
}

var (
	toLMS = [3]colour{
		{0.4122214708, 0.5363325363, 0.0514459929},
		{0.2119034982, 0.6806995451, 0.1073969566},
		{0.0883024619, 0.2817188376, 0.6299787005},
	}
	fromLMS = [3]colour{
		{4.0767416621, -3.3077115913, 0.2309699292},
		{-1.2684380046, 2.6097574011, -0.3413193965},
		{-0.0041960863, -0.7034186147, 1.7076147010},
	}
)

func apply(matrix [3]colour, c colour) (out colour) {
	for i, row := range matrix {
		out[i] = row[0]*c[0] + row[1]*c[1] + row[2]*c[2]
	}
	return out
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	high, low := luminance(a), luminance(b)
	return (max(high, low) + 0.05) / (min(high, low) + 0.05)
}

func luminance(c colour) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

func TestContrastOfKnownPairs(t *testing.T) {
	t.Parallel()
	if got := contrast(parseHex("000000"), parseHex("ffffff")); math.Abs(got-21) > 0.001 {
		t.Errorf("got %.3f for black on white, wanted 21", got)
	}
	if got := contrast(parseHex("767676"), parseHex("ffffff")); math.Abs(got-4.54) > 0.01 {
		t.Errorf("got %.3f for #767676 on white, wanted 4.54", got)
	}
}

// TestContrastOfTextAndIconsInBothSchemes wants 4.5:1 for text and 3:1 for anything else, as WCAG
// 2.2 does (1.4.3 and 1.4.11).
func TestContrastOfTextAndIconsInBothSchemes(t *testing.T) {
	t.Parallel()
	const text, icon = 4.5, 3
	for scheme, name := range map[int]string{1: "light", 2: "dark"} {
		for _, c := range []struct {
			front, back string
			wanted      float64
		}{
			{"--_text", "--_surface", text}, {"--_text", "--_background", text}, {"--_text", "--_tint", text},
			{"--_muted", "--_surface", text}, {"--_muted", "--_tint", text}, {"--_muted", "--_background", text},
			{"--_accent", "--_surface", text}, {"--_accent", "--_tint", text},
			{"--_success", "--_surface", text}, {"--_error", "--_surface", text}, {"--_warning", "--_surface", text},
			{"--_border", "--_surface", icon}, {"--_border", "--_tint", icon},
			{"--_accent", "--_divider", icon}, {"--_success", "--_divider", icon}, {"--_error", "--_divider", icon}, {"--_warning", "--_divider", icon},
			{"--_accent", "--_background", icon},
		} {
			t.Run(fmt.Sprintf("%s on %s in %s", c.front, c.back, name), func(t *testing.T) {
				t.Parallel()
				checkContrast(t, palette(t, scheme), c.front, c.back, c.wanted)
			})
		}
	}
}

// checkContrast compares two colours of a palette by their names.
func checkContrast(t *testing.T, colours map[string]colour, front, back string, wanted float64) {
	t.Helper()
	a, okA := colours[front]
	b, okB := colours[back]
	if !okA || !okB {
		t.Fatalf("no colour for %s or %s in the stylesheet", front, back)
	}
	if got := contrast(a, b); got < wanted {
		t.Errorf("got %.2f:1, wanted %.1f:1", got, wanted)
	}
}

// TestContrastOfButtonTextOnEveryAccent judges the lightness of the accent at which the text of
// buttons changes from white to black: 4.5:1 on our accents, and nearly that on any other.
func TestContrastOfButtonTextOnEveryAccent(t *testing.T) {
	t.Parallel()
	threshold := lightnessThreshold(t)
	for scheme := 1; scheme <= 2; scheme++ {
		if got := contrastOnAccent(palette(t, scheme)["--_accent"], threshold); got < 4.5 {
			t.Errorf("got %.2f:1 on our accent, wanted 4.5:1", got)
		}
	}
	for i := range 18 * 18 * 18 {
		host := parseHex(fmt.Sprintf("%02x%02x%02x", i%18*15, i/18%18*15, i/324*15))
		if got := contrastOnAccent(host, threshold); got < 4.1 {
			t.Errorf("got %.2f:1 on %v, wanted 4.1:1", got, host)
		}
	}
}

// lightnessThreshold reads that lightness from the stylesheet.
func lightnessThreshold(t *testing.T) float64 {
	t.Helper()
	css, err := fs.ReadFile(static.FS, "postern.css")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`--_on-accent: oklch\(from var\(--_accent\) clamp\(0, \(([0-9.]+) - l\)`).FindSubmatch(css)
	if found == nil {
		t.Fatal("no colour for text on the accent in the stylesheet")
	}
	threshold, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return threshold
}

// contrastOnAccent is the contrast of a button's text on an accent.
func contrastOnAccent(accent colour, threshold float64) float64 {
	if lightness(accent) < threshold {
		return contrast(colour{1, 1, 1}, accent)
	}
	return contrast(colour{}, accent)
}

// lightness is the L of Oklab.
func lightness(c colour) float64 {
	lms := apply(toLMS, c)
	return 0.2104542553*math.Cbrt(lms[0]) + 0.7936177850*math.Cbrt(lms[1]) - 0.0040720468*math.Cbrt(lms[2])
}

// Browsers without light-dark() get the colours from a block of their own, which has to name the
// same ones.
func TestTheColoursForOlderBrowsersAreTheSame(t *testing.T) {
	t.Parallel()
	css, err := fs.ReadFile(static.FS, "postern.css")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^  (--_[a-z-]+): (?:var\(--postern-[a-z]+, )?`+pair.String()).FindAllSubmatch(css, -1)
	if len(named) < 8 {
		t.Fatalf("colours of both schemes: wanted at least 8, got %d", len(named))
	}
	for _, found := range named {
		for scheme, indent := range map[int]string{2: "    ", 3: "      "} {
			fallback := regexp.MustCompile(`(?m)^` + indent + string(found[1]) + `: (?:var\(--postern-[a-z]+, )?#` + string(found[scheme]) + `\b`)
			if !fallback.Match(css) {
				t.Errorf("%s: wanted #%s for browsers without light-dark()", found[1], found[scheme])
			}
		}
	}
}

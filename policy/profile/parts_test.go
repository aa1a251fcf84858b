package profile_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

func TestPartSizesGrowWithTheFile(t *testing.T) {
	t.Parallel()
	const MiB, GiB, TiB = profile.MiB, profile.GiB, profile.TiB
	cases := []struct {
		name        string
		fixed, size int64
		part        int64
		count       int
	}{
		{"5 MiB for small files", 0, 16 * MiB, 5 * MiB, 4},
		{"5 MiB up to 80 MiB", 0, 80 * MiB, 5 * MiB, 16},
		{"then a sixteenth, in whole MiB", 0, 80*MiB + 1, 6 * MiB, 14},
		{"32 MiB of 512 MiB", 0, 512 * MiB, 32 * MiB, 16},
		{"64 MiB from 1 GiB", 0, GiB, 64 * MiB, 16},
		{"no more than that for long", 0, 600 * GiB, 64 * MiB, 9600},
		{"as large as 10,000 parts make it", 0, 5 * TiB, 525 * MiB, 9987},
		{"what the profile says", 8 * MiB, 10 * GiB, 8 * MiB, 1280},
		{"what the profile says, as large as 10,000 parts make it", 8 * MiB, 5 * TiB, 525 * MiB, 9987},
		{"a last part of one byte", 8 * MiB, 64*MiB + 1, 8 * MiB, 9},
		{"more than 64 MiB where the profile says so", 100 * MiB, 120 * MiB, 100 * MiB, 2},
		{"a file smaller than a part", 64 * MiB, 16 * MiB, 64 * MiB, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := multipartPlan(t, c.fixed, c.size)
			if p.PartSize != c.part || p.PartCount != c.count {
				t.Errorf("wants %d parts of %d, got %d of %d", c.count, c.part, p.PartCount, p.PartSize)
			}
		})
	}
}

func TestTheSendersRateChoosesThePartSizeWithinItsBounds(t *testing.T) {
	t.Parallel()
	const MiB, GiB, TiB = profile.MiB, profile.GiB, profile.TiB
	cases := []struct {
		name              string
		fixed, size, rate int64
		part              int64
	}{
		{"unknown", 0, GiB, 0, 64 * MiB},
		{"ten seconds of a slow line", 0, GiB, MiB, 10 * MiB},
		{"what the profile says on a slow line", 8 * MiB, GiB, 1000, 8 * MiB},
		{"never under 5 MiB", 0, GiB, 1, 5 * MiB},
		{"whole MiB", 0, GiB, 1_000_000, 10 * MiB},
		{"as without a rate on a fast line", 0, 10 * GiB, 100 * MiB, 64 * MiB},
		{"the fastest that a number can say", 0, 10 * GiB, 1<<63 - 1, 64 * MiB},
		{"no larger parts of a small file", 0, 40 * MiB, 100 * MiB, 5 * MiB},
		{"10,000 parts at most", 0, 5 * TiB, MiB, 525 * MiB},
		{"what the profile says on a fast line", 100 * MiB, 10 * GiB, 100 * MiB, 100 * MiB},
	}
	for _, c := range cases {
		if p := hintedPlan(t, c.fixed, c.size, c.rate); p.PartSize != c.part {
			t.Errorf("%s: wants parts of %d, got %d of %d", c.name, c.part, p.PartCount, p.PartSize)
		}
	}
	file := png()
	file.Rate = -1
	if _, err := compile(t, func(*profile.Profile) {}).Plan(alice(), file, params()); err == nil || !strings.Contains(err.Error(), "rate") {
		t.Errorf("a negative rate: got %v", err)
	}
}

func multipartPlan(t *testing.T, fixed, size int64) profile.Plan {
	t.Helper()
	return hintedPlan(t, fixed, size, 0)
}

func hintedPlan(t *testing.T, fixed, size, rate int64) profile.Plan {
	t.Helper()
	c := compile(t, func(p *profile.Profile) {
		p.MaxSize, p.Multipart = profile.MaxObjectSize, profile.Multipart{Threshold: 1, PartSize: fixed}
	})
	file := png()
	file.Size, file.Rate = size, rate
	p, err := c.Plan(alice(), file, params())
	if err != nil || p.Method != profile.MethodMultipart {
		t.Fatalf("wants a multipart plan, got %+v, %v", p, err)
	}
	return p
}

func TestPartsAddUpAndKeepTheLimitsOfStores(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 2026))
	for range 2000 {
		fixed := (5 + r.Int64N(200)) * profile.MiB * r.Int64N(2)
		size := 1 + r.Int64N(profile.MaxObjectSize>>r.IntN(20))
		p := multipartPlan(t, fixed, size)
		if p.PartSize < max(fixed, profile.MinPartSize) || p.PartSize%profile.MiB != 0 || p.PartSize > profile.MaxPartSize {
			t.Fatalf("%d bytes of %d: parts of %d", size, fixed, p.PartSize)
		}
		last, err := p.PartLength(p.PartCount)
		if err != nil || last < 1 || last > p.PartSize || int64(p.PartCount-1)*p.PartSize+last != size || p.PartCount > sigv4.MaxParts {
			t.Fatalf("%d bytes: %d parts of %d and a last one of %d, %v", size, p.PartCount, p.PartSize, last, err)
		}
	}
}

func TestPartLengthKnowsOnlyPlannedParts(t *testing.T) {
	t.Parallel()
	p := multipartPlan(t, 8*profile.MiB, 20*profile.MiB)
	for number, want := range map[int]int64{1: 8 * profile.MiB, 2: 8 * profile.MiB, 3: 4 * profile.MiB} {
		if got, err := p.PartLength(number); err != nil || got != want {
			t.Errorf("part %d: wants %d, got %d, %v", number, want, got, err)
		}
	}
	for _, number := range []int{0, -1, 4, 10001} {
		if _, err := p.PartLength(number); !errors.Is(err, &profile.RequestError{Code: profile.PartOutOfPlan}) {
			t.Errorf("part %d: wants part_out_of_plan, got %v", number, err)
		}
	}
}

func TestNewIDSortsByTime(t *testing.T) {
	t.Parallel()
	random := strings.NewReader(strings.Repeat("\xff", 16) + strings.Repeat("\x00", 16))
	earlier := profile.NewID(noon, random)
	later := profile.NewID(noon.Add(time.Millisecond), random)
	if want := "01a1fdfa4600" + strings.Repeat("f", 32); earlier != want || later <= earlier || len(later) != 44 {
		t.Errorf("wants %q and then something later, got %q and %q", want, earlier, later)
	}
}

func TestNewIDNeverReturnsWithoutRandomness(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("wants a panic when the source runs dry")
		}
	}()
	profile.NewID(noon, strings.NewReader("too short"))
}

func TestSizesAreReadWithTheirUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "1": 1, "4096B": 4096, "10MiB": 10 * profile.MiB, "5 GiB": 5 * profile.GiB, "5TiB": 5 * profile.TiB, "2MB": 2e6, "7kB": 7000,
	} {
		if got, err := profile.ParseSize(text); err != nil || got != want {
			t.Errorf("%q: wants %d, got %d, %v", text, want, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "+1", "1.5GiB", "1e3", "9223372036854775808", "8388608TiB", "10 miB", "0x10", "1_000", "10  MiB"} {
		if got, err := profile.ParseSize(text); err == nil {
			t.Errorf("%q: wants an error, got %d", text, got)
		}
	}
	if smallest, largest, err := profile.ParseRange("1..10MiB"); err != nil || smallest != 1 || largest != 10*profile.MiB {
		t.Errorf("got %d, %d, %v", smallest, largest, err)
	}
	for _, text := range []string{"2..1", "1..", "..1", "1...2", "1..2..3"} {
		if _, _, err := profile.ParseRange(text); err == nil {
			t.Errorf("%q: wants an error", text)
		}
	}
}

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/chromedp/chromedp"
)

// cutFile is a file of eight parts.
const cutFile = 40 * mebibyte

// cut is how an upload of cutFile is cut while it is sent.
type cut struct {
	rate        int64 // of the line, in bytes per second
	percent     int64 // of the bytes that the proxy has passed on when it is cut
	paused      bool  // whether it is cut by a pause, not by a reload
	most, parts int64 // how many parts may be under way, and how many may be lost
}

func (c cut) String() string {
	return fmt.Sprintf("%s at %.1f MB/s at %d %%", pick(c.paused, "a pause", "a reload"), float64(c.rate)/1e6, c.percent)
}

// cuts are those of the shared test, and in long runs all.
func cuts() []cut {
	if !long {
		return []cut{{rate: 3e6, percent: 25, most: 2, parts: 2}, {rate: 20e6, percent: 50, paused: true, most: 6, parts: 1}}
	}
	var all []cut
	for rate, most := range map[int64]int64{5e5: 1, 3e6: 2, 20e6: 6} {
		for _, percent := range []int64{25, 50, 75, 93} {
			all = append(all, cut{rate: rate, percent: percent, most: most, parts: most}, cut{rate: rate, percent: percent, paused: true, most: most, parts: 1})
		}
	}
	return all
}

// What is lost is what the proxy has passed on and the store doesn't list.
func TestAnUploadThatIsCutLosesOnlyThePartsUnderWay(t *testing.T) {
	t.Parallel()
	for _, c := range cuts() {
		t.Run(c.String(), func(t *testing.T) {
			p := startDev(t)
			path, sum := randomFile(t, "garden.bin", cutFile)
			b := newTab(t, tabOptions{})
			b.open(p.URL + "/forms/files")
			b.Proxy.listener.limitRate(c.rate)
			release := b.Proxy.hold(t, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/complete") })
			b.upload(path)
			waitFor(t, "so much was passed on", func() bool { return b.parts(p).passedOn() >= cutFile*c.percent/100 })
			var passed int64
			if c.paused {
				b.pressRowButton("pause")
				b.waitForRow("paused")
				waitFor(t, "no part is under way", func() bool { return b.parts(p).underWay() == 0 })
				passed = b.parts(p).passedOn()
				b.waitUntil("the row shows what the store lists", fmt.Sprintf(`[...document.querySelector("postern-uploader").queue.uploads][0].storedBytes == %d`, p.store(t).listedBytes()))
			} else {
				passed = b.parts(p).passedOn()
				b.run(chromedp.Reload())
				b.waitForRow("interrupted")
			}
			concurrent, stored := b.parts(p).concurrent(), p.store(t).listedBytes()
			lost := passed - stored
			t.Logf("passed on %d bytes, stored %d, lost %d, at most %d parts at once", passed, stored, lost, concurrent)
			if concurrent > c.most || lost > c.parts*5*mebibyte+mebibyte {
				t.Errorf("wanted at most %d parts at once and %d of 5 MiB lost, got %d and %d bytes", c.most, c.parts, concurrent, lost)
			}
			b.Proxy.listener.limitRate(0)
			release()
			if c.paused {
				b.pressRowButton("resume")
			} else {
				b.chooseFiles(path)
			}
			b.waitForState("done")
			if got := p.store(t).onlyObject(); got.Sum != sum {
				t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, got)
			}
			b.parts(p).requireNoResend(t)
		})
	}
}

// passedOn is how many bytes of parts the proxy has read.
func (p parts) passedOn() (sum int64) {
	for _, request := range p {
		sum += request.BodyRead
	}
	return sum
}

// underWay is how many parts have neither an answer nor a broken connection.
func (p parts) underWay() (n int) {
	for _, request := range p {
		n += pick(request.Done || request.Status != 0, 0, 1)
	}
	return n
}

// concurrent is the largest number of parts that were under way at the same time.
func (p parts) concurrent() (most int64) {
	for _, one := range p {
		var n int64
		for _, other := range p {
			if !other.Started.After(one.Started) && (other.Status == 0 || other.Answered.After(one.Started)) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// listedBytes is the size of all parts that the store lists of the only open upload.
func (s *devStore) listedBytes() (sum int64) {
	s.t.Helper()
	list, err := s.client.ListMultipartUploads(s.t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	must(s.t, err)
	if len(list.Uploads) != 1 {
		s.t.Fatalf("open multipart uploads: wanted one, got %d", len(list.Uploads))
	}
	found, err := s.client.ListParts(s.t.Context(), &s3.ListPartsInput{Bucket: aws.String(bucket), Key: list.Uploads[0].Key, UploadId: list.Uploads[0].UploadId})
	must(s.t, err)
	for _, part := range found.Parts {
		sum += aws.ToInt64(part.Size)
	}
	return sum
}

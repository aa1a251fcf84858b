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
	for _, line := range []struct{ rate, most int64 }{{5e5, 1}, {3e6, 2}, {20e6, 6}} {
		for _, percent := range []int64{25, 50, 75, 93} {
			all = append(all, cut{rate: line.rate, percent: percent, most: line.most, parts: line.most},
				cut{rate: line.rate, percent: percent, paused: true, most: line.most, parts: 1})
		}
	}
	return all
}

// Long runs have Firefox and WebKit too, where all rows share one browser.
func TestAnUploadThatIsCutLosesOnlyThePartsUnderWay(t *testing.T) {
	t.Parallel()
	for _, c := range cuts() {
		t.Run("Chromium, "+c.String(), func(t *testing.T) {
			t.Parallel()
			c.requireFewLost(newTab(t, tabOptions{}), startDev(t))
		})
	}
	for name, start := range otherEngines {
		if !long {
			break
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := startEngine(t, start)
			for _, c := range cuts() {
				t.Run(c.String(), func(t *testing.T) { c.requireFewLost(e.newTab(t), e.dev) })
			}
		})
	}
}

// requireFewLost uploads a file, cuts that, requires that few bytes are lost, and lets the upload
// go on. What is lost is what the proxy has passed on and the store doesn't list.
func (c cut) requireFewLost(b *tab, p *devServer) {
	b.t.Helper()
	path, sum := randomFile(b.t, "garden.bin", cutFile)
	b.open(p.URL + "/forms/files")
	b.Proxy.listener.limitRate(c.rate)
	b.t.Cleanup(func() { b.Proxy.listener.limitRate(0) })
	release := b.Proxy.hold(b.t, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/complete") })
	b.upload(path)
	for percent := range c.percent {
		waitFor(b.t, fmt.Sprintf("%d %% were passed on", percent+1), func() bool { return b.parts(p).passedOn() >= cutFile*(percent+1)/100 })
	}
	passed := b.cut(p, c.paused)
	concurrent, stored := b.parts(p).concurrent(), p.store(b.t).listedBytes()
	lost := passed - stored
	b.t.Logf("passed on %d bytes, stored %d, lost %d, at most %d parts at once", passed, stored, lost, concurrent)
	if concurrent > c.most || lost > c.parts*5*mebibyte+mebibyte {
		b.t.Errorf("wanted at most %d parts at once and %d of 5 MiB lost, got %d and %d bytes", c.most, c.parts, concurrent, lost)
	}
	b.Proxy.listener.limitRate(0)
	release()
	if c.paused {
		b.pressRowButton("resume")
	} else {
		b.chooseFiles(path)
	}
	b.waitForState("done")
	if got := p.store(b.t).onlyObject(); got.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, got)
	}
	b.parts(p).requireNoResend(b.t)
}

// cut pauses an upload or reloads its page, and returns how many bytes of parts were passed on
// before, and during a pause.
func (b *tab) cut(p *devServer, paused bool) int64 {
	b.t.Helper()
	if !paused {
		passed := b.parts(p).passedOn()
		b.reload()
		b.waitForRow("interrupted")
		return passed
	}
	// On a fast line the last parts would be stored before the button is found.
	letDataPass := b.Proxy.listener.pause()
	b.pressRowButton("pause")
	b.waitForRow("paused")
	letDataPass()
	waitFor(b.t, "no part is under way", func() bool { return b.parts(p).underWay() == 0 })
	// A part that was aborted after the last of its bytes had left the browser is stored all the same.
	if shown, listed := evaluate[int64](b, `[...document.querySelector("postern-uploader").queue.uploads][0].storedBytes`), p.store(b.t).listedBytes(); shown > listed {
		b.t.Errorf("bytes that the row shows as stored: wanted at most the %d that the store lists, got %d", listed, shown)
	}
	return b.parts(p).passedOn()
}

// reload loads the page again.
func (b *tab) reload() {
	b.t.Helper()
	if b.engine != nil {
		must(b.t, b.engine.Reload())
		return
	}
	b.run(chromedp.Reload())
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

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"testing"
	"time"
)

// recordSends makes the page record when its scripts send which part.
const recordSends = `(() => {
	window.sends = [];
	const open = XMLHttpRequest.prototype.open;
	XMLHttpRequest.prototype.open = function (method, url) {
		const number = new URL(url, location).searchParams.get("partNumber");
		if (method === "PUT") window.sends.push({Number: number, At: Date.now()});
		open.call(this, method, url);
	};
})()`

// scriptSend is one part that a script has sent; At is in milliseconds since 1970.
type scriptSend struct {
	Number string
	At     int64
}

// requireSameFile requires that the store has the file as it is on the disk, that no part was sent
// again after the store had accepted it, and that the browser sent at most 3 % more bytes than the
// file has, or 1 % more than the file and the bytes that have to be sent again (resends), if these
// are more than 3 %. After a fault that breaks connections the bytes on broken connections don't
// count.
func (b *tab) requireSameFile(p *devServer, path string, resends int64, breaksConnections bool) {
	b.t.Helper()
	sum, size := sumOfFile(b.t, path)
	if stored := p.store(b.t).onlyObject(); stored.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	sent := b.parts(p)
	if byScript := evaluate[[]scriptSend](b, `window.sends ?? []`); breaksConnections && len(byScript) > 0 {
		sent.requireNoResendByScript(b.t, byScript)
	} else {
		sent.requireNoResend(b.t)
	}
	all, broken := sent.received()
	b.t.Logf("%d requests for parts had %.2f %% of the file's size, %.2f %% on broken connections",
		len(sent), 100*float64(all)/float64(size), 100*float64(broken)/float64(size))
	if breaksConnections {
		all -= broken
	}
	if b.engine != nil {
		all -= sent.refused()
	}
	allowed := size * 103 / 100
	if resends > allowed-size {
		allowed = size*101/100 + resends
	}
	if all > allowed {
		b.t.Errorf("bytes sent for a file of %d: wanted at most %d, got %d", size, allowed, all)
	}
}

// refused returns how many bytes arrived for parts that the store refused, perhaps before it had
// read them. Firefox and WebKit learn of that only once they have filled the buffers on the way.
func (p parts) refused() (sum int64) {
	for _, request := range p {
		if request.Status >= http.StatusBadRequest {
			sum += request.Received
		}
	}
	return sum
}

// received returns how many bytes arrived at the proxy for parts, headers included, and how many of
// them on connections that broke.
func (p parts) received() (all, broken int64) {
	for _, request := range p {
		all += request.Received
		if request.Broken {
			broken += request.Received
		}
	}
	return all, broken
}

// acceptedBytes returns how many bytes the store has accepted.
func (p parts) acceptedBytes() (sum int64) {
	for _, request := range p {
		if request.Status == http.StatusOK {
			sum += request.BodyRead
		}
	}
	return sum
}

// requireNoResend requires that no part was sent again after the store had accepted it, even if the
// browser didn't get the response.
func (p parts) requireNoResend(t *testing.T) {
	t.Helper()
	for _, accepted := range p {
		for _, request := range p {
			if accepted.Status == http.StatusOK && request.partNumber() == accepted.partNumber() && request.Started.After(accepted.Answered) {
				t.Errorf("part %s was sent again %v after the store had accepted it", request.partNumber(), request.Started.Sub(accepted.Answered))
			}
		}
	}
}

// requireNoResendByScript requires the same of the page's scripts only. Chromium itself repeats a
// request if a kept-alive connection breaks before the response, and no script can prevent that.
func (p parts) requireNoResendByScript(t *testing.T, sent []scriptSend) {
	t.Helper()
	for _, accepted := range p {
		for _, send := range sent {
			if at := time.UnixMilli(send.At); accepted.Status == http.StatusOK && send.Number == accepted.partNumber() && at.After(accepted.Answered) {
				t.Errorf("the script sent part %s again %v after the store had accepted it", send.Number, at.Sub(accepted.Answered))
			}
		}
	}
}

// sumOfFile returns the SHA-256 of a file in hex, and its size.
func sumOfFile(t *testing.T, path string) (sum string, size int64) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	must(t, err)
	return hex.EncodeToString(hash.Sum(nil)), size
}

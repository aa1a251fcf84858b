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

// recordSends makes a page note when its scripts send which part, in ms since 1970.
const recordSends = `{
	window.sends = [];
	const open = XMLHttpRequest.prototype.open;
	XMLHttpRequest.prototype.open = function (method, url) {
		const number = new URL(url, location).searchParams.get("partNumber");
		if (method === "PUT") window.sends.push({Number: number, At: Date.now()});
		open.call(this, method, url);
	};
}`

// scriptSend is one entry of those notes.
type scriptSend struct {
	Number string
	At     int64
}

// requireSameFile requires the file as it was, no part sent again once the store had it, and at most 3 % more
// bytes sent than it has: all that arrived from the browser, or else, where the fault broke
// connections, all that arrived on the others.
func (b *tab) requireSameFile(p *devServer, path string, resets bool) {
	b.t.Helper()
	sum, size := sumOfFile(b.t, path)
	if stored := p.store(b.t).onlyObject(); stored.Sum != sum {
		b.t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	sent := b.parts(p)
	if own := evaluate[[]scriptSend](b, `window.sends ?? []`); resets && len(own) > 0 {
		sent.requireNoResendByScript(b.t, own)
	} else {
		sent.requireNoResend(b.t)
	}
	all, broken := sent.received()
	b.t.Logf("%d requests for parts carried %.2f %% of the file, of which %.2f %% on connections that broke",
		len(sent), 100*float64(all)/float64(size), 100*float64(broken)/float64(size))
	if resets {
		all -= broken
	}
	if all > size*103/100 {
		b.t.Errorf("bytes sent: wanted at most 3 %% over %d, got %d", size, all)
	}
}

// received adds up what arrived at the line for parts, their headers included, and how much of it on
// connections that broke.
func (p parts) received() (all, broken int64) {
	for _, x := range p {
		all += x.Received
		if x.Broken {
			broken += x.Received
		}
	}
	return all, broken
}

// bytes adds up what was sent, or only what the store has taken.
func (p parts) bytes(taken bool) int64 {
	var sent int64
	for _, x := range p {
		if !taken || x.Status == http.StatusOK {
			sent += x.BodyRead
		}
	}
	return sent
}

// requireNoResend requires that no part was sent again after the store had taken it, whether or not the
// browser heard of that.
func (p parts) requireNoResend(t *testing.T) {
	t.Helper()
	for _, taken := range p {
		for _, x := range p {
			if taken.Status == http.StatusOK && x.partNumber() == taken.partNumber() && x.Started.After(taken.Answered) {
				t.Errorf("part %s was sent again %v after the store had taken it", x.partNumber(), x.Started.Sub(taken.Answered))
			}
		}
	}
}

// requireNoResendByScript requires the same of the page's scripts alone. Chromium itself repeats a request when
// a connection that was used before breaks ahead of any answer, and no script hears of it.
func (p parts) requireNoResendByScript(t *testing.T, sent []scriptSend) {
	t.Helper()
	for _, taken := range p {
		for _, x := range sent {
			if at := time.UnixMilli(x.At); taken.Status == http.StatusOK && x.Number == taken.partNumber() && at.After(taken.Answered) {
				t.Errorf("part %s was sent again %v after the store had taken it", x.Number, at.Sub(taken.Answered))
			}
		}
	}
}

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

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Sizes of files, in bytes. A dev server has parts of 5 MiB for files up to 80 MiB, and then 16
// parts.
const mediumParts = 16

var (
	mediumFile = pick[int64](long, 256*mebibyte, 80*mebibyte)
	// largeFile is for separate servers with largePart; in long runs one part is less than 3 % of
	// it.
	largeFile = pick[int64](long, 1152*mebibyte, 155*mebibyte)
	largePart = pick[int64](long, 32*mebibyte, 5*mebibyte)
)

// withLargeParts makes the parts of largeFile.
func withLargeParts(checksum string) *separateOptions {
	return &separateOptions{partSize: fmt.Sprintf("%dMiB", largePart/mebibyte), checksum: checksum}
}

// fault is one way in which the network or the store fails.
type fault struct {
	name  string
	large bool // whether the file is largeFile, not mediumFile
	// resends is how many bytes have to be sent again.
	resends int64
	// separate, if set, makes a separate server issue the uploads; otherwise the dev server does.
	separate *separateOptions
	// breaksConnections says that bytes are lost on connections that break, which no script can
	// prevent.
	breaksConnections bool
	// intercept answers or changes a request. It returns false to let it pass.
	intercept func(f *faultRun, w http.ResponseWriter, r *http.Request) bool
	// end waits until the page has noticed the fault, and ends it; nil: the fault ends by itself.
	end func(f *faultRun)
}

// faultRun is the upload during which a fault happens.
type faultRun struct {
	tab       *tab
	dev       *devServer
	storeHost string
	done      <-chan struct{} // closed when the test ends
	count     atomic.Int64    // requests that the fault has counted
	strikes   atomic.Int64    // requests that the fault has changed
	lasts     atomic.Bool     // whether a fault that lasts is under way
	repair    func()          // ends a fault of the network
}

// isPart reports whether the request carries a part to the store.
func (f *faultRun) isPart(r *http.Request) bool {
	return r.Method == http.MethodPut && r.URL.Host == f.storeHost && strings.Contains(r.URL.RawQuery, "partNumber=")
}

// strikesFirst reports whether the request is one of the first n parts, and counts it if so.
func (f *faultRun) strikesFirst(n int64, r *http.Request) bool {
	if !f.isPart(r) || f.count.Add(1) > n {
		return false
	}
	f.strikes.Add(1)
	return true
}

// strikesThird reports whether the request is the third part, in the middle of the upload, and
// counts it if so.
func (f *faultRun) strikesThird(r *http.Request) bool {
	if !f.isPart(r) || f.count.Add(1) != 3 {
		return false
	}
	f.strikes.Add(1)
	return true
}

// breakConnection breaks the connection of the request.
func (f *faultRun) breakConnection() {
	f.strikes.Add(1)
	panic(http.ErrAbortHandler)
}

// loseResponse passes the request on and drops the response.
func (f *faultRun) loseResponse(w http.ResponseWriter, r *http.Request) {
	w.(*statusRecorder).ResponseWriter = httptest.NewRecorder()
	f.tab.Proxy.forward.ServeHTTP(w, r)
}

func faults() []fault {
	return []fault{
		{name: "a fifth of all connections is reset", breaksConnections: true, intercept: breakEveryFifth},
		{name: "the store answers 500 for a while", intercept: storeAnswers(http.StatusInternalServerError), end: (*faultRun).endRefusals},
		{name: "the store answers 503 for a while", intercept: storeAnswers(http.StatusServiceUnavailable), end: (*faultRun).endRefusals},
		{name: "the network breaks for a while", breaksConnections: true, intercept: breakNetwork, end: (*faultRun).endBrokenNetwork},
		{name: "the network carries nothing for a while", intercept: pauseNetwork, end: (*faultRun).endPausedNetwork},
		{name: "part URLs have expired when they arrive", large: true, separate: &separateOptions{lifetime: 5 * time.Second, partSize: "5MiB"}, intercept: arriveTooLate},
		{name: "the store refuses without CORS headers", intercept: func(f *faultRun, w http.ResponseWriter, r *http.Request) bool {
			return f.strikesFirst(4, r) && refuseWithoutCORS(w)
		}},
		{name: "a part hangs half-way", large: true, resends: largePart, separate: withLargeParts(""), intercept: hangHalfWay, end: (*faultRun).ringStallClock},
		{name: "the response to a part never comes", intercept: hangResponse, end: (*faultRun).ringStallClock},
		{name: "responses to parts are lost with the connection", breaksConnections: true, intercept: func(f *faultRun, w http.ResponseWriter, r *http.Request) bool {
			if f.strikesFirst(3, r) {
				f.loseResponse(w, r)
				f.breakConnection()
			}
			return false
		}},
		{name: "a part is corrupted", large: true, resends: largePart, separate: withLargeParts("crc32"), intercept: func(f *faultRun, _ http.ResponseWriter, r *http.Request) bool {
			if f.strikesFirst(1, r) {
				r.Body = &bitFlipper{ReadCloser: r.Body}
			}
			return false
		}},
	}
}

// Every file arrives as it was, and no part is sent again that the store has.
func TestAfterAFaultTheStoreHasTheSameFile(t *testing.T) {
	t.Parallel()
	for _, fault := range faults() {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			p := startDev(t, "--origin", uploadsOrigin)
			fault.requireSameFileAfter(newTab(t, tabOptions{}), p)
		})
	}
}

// requireSameFileAfter uploads a file with the fault on the way. The server has to allow
// uploadsOrigin as an origin.
func (fault fault) requireSameFileAfter(b *tab, p *devServer) {
	b.t.Helper()
	site := p.URL
	if fault.separate != nil {
		startSeparateServer(b.t, b.Proxy, p, *fault.separate)
		site = uploadsOrigin
	}
	path := sparseFile(b.t, "garden.bin", pick(fault.large, largeFile, mediumFile), mebibyte)
	b.beforeLoad(holdStallClocks)
	b.open(site + "/forms/files")
	evaluate[any](b, recordSends)
	f := &faultRun{tab: b, dev: p, storeHost: hostOf(b.t, p.Store), done: b.t.Context().Done()}
	b.Proxy.intercept(func(w http.ResponseWriter, r *http.Request) bool { return fault.intercept(f, w, r) })
	b.upload(path)
	if fault.end != nil {
		waitFor(b.t, "the fault has struck", func() bool { return f.strikes.Load() > 0 })
		fault.end(f)
	}
	b.waitForState("done")
	b.requireSameFile(p, path, fault.resends, fault.breaksConnections)
	if f.strikes.Load() == 0 {
		b.t.Error("the fault has never struck")
	}
}

// holdStallClocks makes the clocks of stalled requests so slow that they never ring by themselves,
// so that a slow machine is no fault. window.stallClocks holds those of requests under way.
const holdStallClocks = `(() => {
	const stall = 1e8;
	const { setTimeout, clearTimeout } = window;
	window.stallClocks = new Map();
	window.setTimeout = (ring, ms, ...rest) => {
		const id = setTimeout(ring, ms, ...rest);
		if (ms >= stall) stallClocks.set(id, ring);
		return id;
	};
	window.clearTimeout = (id) => {
		stallClocks.delete(id);
		clearTimeout(id);
	};
	const slow = () => document.querySelector("postern-uploader:not([stall])")?.setAttribute("stall", stall);
	new MutationObserver(slow).observe(document, { subtree: true, childList: true });
	slow();
})()`

// ringStallClock waits until no other request is under way and no more of it arrives, and then
// tells the page that it has stalled. Where one part is sent at a time, no other part is sent
// meanwhile.
func (f *faultRun) ringStallClock() {
	f.waitForQuiet()
	f.tab.waitUntil("one request is under way", `stallClocks.size == 1`)
	evaluate[any](f.tab, `stallClocks.forEach((ring) => ring())`)
}

// breakEveryFifth breaks every fifth connection: in turn when a request begins, in the middle of
// its body, and after the server has done what it asks for.
func breakEveryFifth(f *faultRun, w http.ResponseWriter, r *http.Request) bool {
	turn := f.count.Add(1)
	if turn%5 != 0 {
		return false
	}
	switch turn / 5 % 3 {
	case 1:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	case 2:
		f.loseResponse(w, r)
	}
	f.breakConnection()
	return false
}

// storeAnswers answers in place of the store from the third part on, before it has read the body,
// as busy stores do.
func storeAnswers(status int) func(*faultRun, http.ResponseWriter, *http.Request) bool {
	return func(f *faultRun, w http.ResponseWriter, r *http.Request) bool {
		if f.strikesThird(r) {
			f.lasts.Store(true)
		}
		if !f.lasts.Load() || r.URL.Host != f.storeHost || r.Method == http.MethodOptions {
			return false
		}
		f.strikes.Add(1)
		allowOrigin(w, r)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		return true
	}
}

// endRefusals lets the store answer once the page has tried again in vain, when all parts under way
// had been refused. Firefox and WebKit lose responses that come before the body was read: there the
// page sees connections that break.
func (f *faultRun) endRefusals() {
	f.tab.waitForRow(pick(f.tab.engine == nil, "retrying", "offline"))
	before := f.strikes.Load()
	waitFor(f.tab.t, "the page has tried again twice", func() bool { return f.strikes.Load() >= before+2 })
	f.lasts.Store(false)
}

// breakNetwork breaks all connections when the third part begins, and every new one.
func breakNetwork(f *faultRun, _ http.ResponseWriter, r *http.Request) bool {
	if f.isPart(r) && f.count.Add(1) == 3 {
		f.repair = f.tab.Proxy.listener.breakConnections()
		f.strikes.Add(1)
	}
	return false
}

// endBrokenNetwork repairs the network once the page has tried again in vain.
func (f *faultRun) endBrokenNetwork() {
	f.tab.waitForRow("offline")
	before := f.tab.Proxy.listener.refusedConnections()
	waitFor(f.tab.t, "the page has tried again", func() bool { return f.tab.Proxy.listener.refusedConnections() > before })
	f.repair()
}

// pauseNetwork stops all data when the third part begins.
func pauseNetwork(f *faultRun, _ http.ResponseWriter, r *http.Request) bool {
	if f.isPart(r) && f.count.Add(1) == 3 {
		f.repair = f.tab.Proxy.listener.pause()
		f.strikes.Add(1)
	}
	return false
}

// endPausedNetwork lets data pass once none has arrived for a while. The page can do nothing but
// wait.
func (f *faultRun) endPausedNetwork() {
	waitFor(f.tab.t, "data waits", func() bool { return f.tab.Proxy.listener.waitingConnections() > 0 })
	f.waitForQuiet()
	if state := evaluate[string](f.tab, `document.querySelector(".postern-file").dataset.state`); state != "sending" {
		f.tab.t.Errorf("state of the row while nothing arrives: wanted sending, got %s", state)
	}
	f.repair()
}

// waitForQuiet waits until nothing has arrived for a while.
func (f *faultRun) waitForQuiet() {
	const quiet = 20 // polls
	for same, before := 0, int64(-1); same < quiet; time.Sleep(pollInterval) {
		received, _ := f.tab.parts(f.dev).received()
		same = pick(received == before, same+1, 0)
		before = received
	}
}

// arriveTooLate holds the first part back until its URL has expired, and once more.
func arriveTooLate(f *faultRun, _ http.ResponseWriter, r *http.Request) bool {
	if !f.strikesFirst(2, r) {
		return false
	}
	query := r.URL.Query()
	date, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	seconds, err2 := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || err2 != nil {
		f.tab.t.Errorf("a part URL without date or lifetime: %s", r.URL)
	}
	time.Sleep(time.Until(date.Add(time.Duration(seconds)*time.Second)) + time.Second)
	return false
}

// hangHalfWay reads half of the first part and nothing more.
func hangHalfWay(f *faultRun, _ http.ResponseWriter, r *http.Request) bool {
	if f.strikesFirst(1, r) {
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		<-f.done
	}
	return false
}

// hangResponse lets the store have the first part and keeps its response.
func hangResponse(f *faultRun, w http.ResponseWriter, r *http.Request) bool {
	if f.strikesFirst(1, r) {
		f.loseResponse(w, r)
		<-f.done
	}
	return false
}

// refuseWithoutCORS refuses an expired URL as some stores do: without CORS headers.
func refuseWithoutCORS(w http.ResponseWriter) bool {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
	return true
}

// allowOrigin lets the page that sent a request read the response.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Expose-Headers", "ETag, Retry-After")
}

// bitFlipper changes one bit of what is read.
type bitFlipper struct {
	io.ReadCloser
	done bool
}

func (b *bitFlipper) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.done {
		p[n-1] ^= 1
		b.done = true
	}
	return n, err
}

package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

const killedSize = 64 * mebibyte

func TestAnUploadSurvivesAKilledServer(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	v := testclient.Client{Base: p.URL}
	content := make([]byte, killedSize)
	fixedRandom().Read(content)
	u, answer, err := v.Issue(t.Context(), testclient.Request{Profile: "files", Filename: "garden.bin", Size: killedSize})
	if err != nil || u == nil || u.Multipart == nil {
		t.Fatalf("issue: %v %v", answer, err)
	}
	sent := map[int]int{}
	for number := 1; number <= u.Multipart.PartCount; number++ {
		if number == u.Multipart.PartCount/2 {
			p.kill()
			p.again()
		}
		sendPart(t, u, content, number)
		sent[number]++
	}
	p.kill()
	p.again()
	answer, err = u.Complete(t.Context())
	if err != nil || !answer.OK() {
		t.Fatalf("complete: %v %v", answer, err)
	}
	if stored := p.store(t).onlyObject(); stored.Sum != sumOf(content) || stored.Key != u.Key {
		t.Errorf("stored: wanted %s of sum %s, got %+v", u.Key, sumOf(content), stored)
	}
	for number, times := range sent {
		if times != 1 {
			t.Errorf("part %d was sent %d times", number, times)
		}
	}
	p.stop()
}

// sendPart asks for the URL of one part and sends it.
func sendPart(t *testing.T, u *testclient.Upload, content []byte, number int) {
	t.Helper()
	signed, answer, err := u.Sign(t.Context(), testclient.PartRequest{Number: number})
	if err != nil || len(signed) != 1 {
		t.Fatalf("sign part %d: %v %v", number, answer, err)
	}
	if answer, err = signed[0].Send(t.Context(), u.PartContent(content, number)); err != nil || !answer.OK() {
		t.Fatalf("send part %d: %v %v", number, answer, err)
	}
}

func TestWithScriptNoPartIsLostIfTheServerIsKilledBeforeCompletion(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path, sum := randomFile(t, "garden.bin", killedSize)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	asked := make(chan struct{})
	once := sync.OnceFunc(func() { close(asked) })
	b.Proxy.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/complete") {
			return false
		}
		once()
		panic(http.ErrAbortHandler)
	})
	b.upload(path)
	wait(t, "the page asks for completion", asked)
	p.kill()
	p.again()
	b.Proxy.intercept(nil)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted sum %s, got %+v", sum, stored)
	}
	b.parts(p).requireSentOnce(t, killedSize)
}

func TestWithScriptAnUploadContinuesAfterTheServerWasKilledBetweenParts(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path := sparseFile(t, "garden.bin", mediumFile, mebibyte)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/files")
	evaluate[any](b, recordSends)
	b.Proxy.listener.limitRate(lineRate)
	b.upload(path)
	b.waitForAcceptedParts(p, 2)
	p.kill() // and its store with it, amid parts
	p.again()
	b.Proxy.listener.limitRate(0)
	b.waitForState("done")
	b.requireSameFile(p, path, true)
}

func TestWithScriptNoPartIsSentAgainAfterTheServerAloneWasKilled(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", uploadsOrigin)
	path := sparseFile(t, "garden.bin", mediumFile, mebibyte)
	b := newTab(t, tabOptions{})
	a := startSeparateServer(t, b.Proxy, p, 2*time.Second)
	b.open(uploadsOrigin + "/forms/files")
	b.Proxy.listener.limitRate(lineRate / 2)
	b.upload(path)
	b.waitForAcceptedParts(p, 2)
	a.kill()
	b.waitUntil("the page waits for the server, as its URLs are over", `document.querySelector(".postern-file:is([data-state=offline], [data-state=retrying])") != null`)
	a.restart()
	b.Proxy.listener.limitRate(0)
	b.waitForState("done")
	b.requireSameFile(p, path, false)
}

// waitForAcceptedParts waits until the store has taken that many parts.
func (b *tab) waitForAcceptedParts(p *devServer, count int) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); b.parts(p).accepted() < count; time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("no %d parts arrived within %v", count, patience)
		}
	}
}

// accepted counts the parts that the store has accepted.
func (p parts) accepted() int {
	count := 0
	for _, x := range p {
		if x.Status == http.StatusOK {
			count++
		}
	}
	return count
}

func wait(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("waiting until %s: gave up after %v", what, patience)
	}
}

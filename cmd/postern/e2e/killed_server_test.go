package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

const killedSize = 64 * mebibyte

func TestAnUploadSurvivesAKilledServer(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	client := testclient.Client{Base: p.URL}
	content := make([]byte, killedSize)
	fixedRandom().Read(content)
	u, answer, err := client.Issue(t.Context(), testclient.Request{Profile: "files", Filename: "garden.bin", Size: killedSize})
	if err != nil || u == nil || u.Multipart == nil {
		t.Fatalf("issue: %v %v", answer, err)
	}
	for number := 1; number <= u.Multipart.PartCount; number++ {
		if number == u.Multipart.PartCount/2 {
			p.Kill()
			p.Restart()
		}
		sendPart(t, u, content, number)
	}
	p.Kill()
	p.Restart()
	answer, err = u.Complete(t.Context())
	if err != nil || !answer.OK() {
		t.Fatalf("complete: %v %v", answer, err)
	}
	if stored := p.store(t).onlyObject(); stored.Sum != sumOf(content) || stored.Key != u.Key {
		t.Errorf("stored: wanted %s with SHA-256 %s, got %+v", u.Key, sumOf(content), stored)
	}
	p.Stop()
}

// sendPart asks for the URL of one part and sends the part.
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
	waitForClose(t, "the page asks for completion", asked)
	p.Kill()
	p.Restart()
	b.Proxy.intercept(nil)
	b.waitForState("done")
	if stored := p.store(t).onlyObject(); stored.Sum != sum {
		t.Errorf("stored: wanted SHA-256 %s, got %+v", sum, stored)
	}
	b.parts(p).requireSentOnce(t, killedSize)
}

func TestWithScriptAnUploadContinuesAfterTheServerWasKilledBetweenParts(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	path := sparseFile(t, "garden.bin", mediumFile, mebibyte)
	b := newTab(t, tabOptions{})
	b.beforeLoad(holdStallClocks)
	b.open(p.URL + "/forms/files")
	evaluate[any](b, recordSends)
	b.Proxy.listener.limitRate(byteRate)
	b.upload(path)
	b.waitForAcceptedParts(p, 2)
	p.Kill() // the store too, in the middle of parts
	p.Restart()
	b.Proxy.listener.limitRate(0)
	b.waitForState("done")
	b.requireSameFile(p, path, 0, true)
}

// The script has URLs for 24 parts at most. When these are sent it needs the server again.
func TestWithScriptNoPartIsSentAgainAfterTheServerAloneWasKilled(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--origin", uploadsOrigin)
	path := sparseFile(t, "garden.bin", largeFile, mebibyte)
	b := newTab(t, tabOptions{})
	server := startSeparateServer(t, b.Proxy, p, *withLargeParts(""))
	b.beforeLoad(holdStallClocks)
	b.open(uploadsOrigin + "/forms/files")
	release := b.Proxy.hold(t, p.partsFrom(10))
	b.upload(path)
	b.waitForAcceptedParts(p, 2)
	server.Kill()
	release()
	b.waitUntil("the page waits for the server", `document.querySelector(".postern-file:is([data-state=offline], [data-state=retrying])") != null`)
	server.Restart()
	b.waitForState("done")
	b.requireSameFile(p, path, 0, false)
}

// waitForAcceptedParts waits until the store has accepted that many parts.
func (b *tab) waitForAcceptedParts(p *devServer, count int) {
	b.t.Helper()
	waitFor(b.t, fmt.Sprintf("the store has accepted %d parts", count), func() bool { return b.parts(p).accepted() >= count })
}

// accepted returns how many different parts the store has accepted.
func (p parts) accepted() int {
	numbers := map[string]bool{}
	for _, request := range p {
		if request.Status == http.StatusOK {
			numbers[request.partNumber()] = true
		}
	}
	return len(numbers)
}

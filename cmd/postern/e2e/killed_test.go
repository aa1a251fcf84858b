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

func TestAKilledServerLosesNoUpload(t *testing.T) {
	t.Parallel()
	p := dev(t)
	v := testclient.Client{Base: p.URL}
	content := make([]byte, killedSize)
	noise().Read(content)
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
	if stored := p.store(t).only(); stored.Sum != sumOf(content) || stored.Key != u.Key {
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
	if answer, err = signed[0].Send(t.Context(), u.Piece(content, number)); err != nil || !answer.OK() {
		t.Fatalf("send part %d: %v %v", number, answer, err)
	}
}

func TestWithScriptAServerKilledBeforeCompletionLosesNoPart(t *testing.T) {
	t.Parallel()
	p := dev(t)
	path, sum := fileOf(t, "garden.bin", killedSize)
	b := newTab(t, look{})
	b.open(p.URL + "/forms/files")
	asked := make(chan struct{})
	once := sync.OnceFunc(func() { close(asked) })
	b.Wire.fail(func(_ http.ResponseWriter, r *http.Request) bool {
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
	b.Wire.fail(nil)
	b.untilState("done")
	if stored := p.store(t).only(); stored.Sum != sum {
		t.Errorf("stored: wanted sum %s, got %+v", sum, stored)
	}
	b.parts(p).once(t, killedSize)
}

func TestWithScriptAServerKilledAmongPartsGoesOnWithTheRest(t *testing.T) {
	t.Parallel()
	p := dev(t)
	path := sparseFile(t, "garden.bin", some, mebibyte)
	b := newTab(t, look{})
	b.open(p.URL + "/forms/files")
	evaluate[any](b, sends)
	b.Wire.lines.limit(lineRate)
	b.upload(path)
	b.untilTaken(p, 2)
	p.kill() // and its store with it, amid parts
	p.again()
	b.Wire.lines.limit(0)
	b.untilState("done")
	b.whole(p, path, true)
}

func TestWithScriptAServerKilledApartFromItsStoreCostsNothing(t *testing.T) {
	t.Parallel()
	p := dev(t, "--origin", uploads)
	path := sparseFile(t, "garden.bin", some, mebibyte)
	b := newTab(t, look{})
	a := newApart(t, b.Wire, p, 2*time.Second)
	b.open(uploads + "/forms/files")
	b.Wire.lines.limit(lineRate / 2)
	b.upload(path)
	b.untilTaken(p, 2)
	a.kill()
	b.until("the page waits for the server, as its URLs are over", `document.querySelector(".postern-file:is([data-state=offline], [data-state=retrying])") != null`)
	a.start()
	b.Wire.lines.limit(0)
	b.untilState("done")
	b.whole(p, path, false)
}

// untilTaken waits until the store has taken that many parts.
func (b *tab) untilTaken(p *postern, count int) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); b.parts(p).taken() < count; time.Sleep(pollEvery) {
		if time.Now().After(deadline) {
			b.t.Fatalf("no %d parts arrived within %v", count, patience)
		}
	}
}

// taken counts the parts that the store has accepted.
func (p parts) taken() int {
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

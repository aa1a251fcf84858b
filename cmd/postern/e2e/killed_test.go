package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/visitor"
)

const killedSize = 64 * mebibyte

func TestAKilledServerLosesNoUpload(t *testing.T) {
	t.Parallel()
	p := dev(t)
	v := visitor.Visitor{Base: p.URL}
	content := make([]byte, killedSize)
	noise().Read(content)
	u, answer, err := v.Issue(t.Context(), visitor.Request{Profile: "files", Filename: "garden.bin", Size: killedSize})
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
func sendPart(t *testing.T, u *visitor.Upload, content []byte, number int) {
	t.Helper()
	signed, answer, err := u.Sign(t.Context(), visitor.PartRequest{Number: number})
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
	path, sum := fileOf(t, "garden.bin", killedSize)
	b := newTab(t, look{})
	b.open(p.URL + "/forms/files")
	b.Wire.slow(300 * time.Millisecond)
	b.upload(path)
	deadline := time.Now().Add(patience)
	for b.parts(p).taken() < 2 {
		if time.Now().After(deadline) {
			t.Fatalf("no two parts arrived within %v", patience)
		}
		time.Sleep(pollEvery)
	}
	p.kill()
	p.again()
	b.Wire.slow(0)
	b.untilState("done")
	if stored := p.store(t).only(); stored.Sum != sum {
		t.Errorf("stored: wanted sum %s, got %+v", sum, stored)
	}
	b.parts(p).keptOnce(t)
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

package nodes

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/cmd/postern/testserver"
)

// ends is the lifetime of what browsers get that leave: longer than any of them needs.
const ends = time.Minute

// uploadWithin is how long one upload may take, with everything that is killed meanwhile.
const uploadWithin = 2 * time.Minute

// kills is a test of servers that are killed while browsers upload.
type kills struct {
	*site
	proxy    *proxy
	servers  []*testserver.Server
	postgres *testpostgres.Server // nil: none that is killed
	uploads  int
	kills    int // of servers; one of the database comes in addition
	random   *rand.Rand
	begun    []chan struct{} // closed when that kill is begun
	wanted   chan int        // the kills whose time has come

	repeated atomic.Int64 // requests that were made again

	mu   sync.Mutex // guards done
	done []string   // IDs of the uploads that are complete, or sent by a browser that left
}

func TestKilledNodesLoseNothingAndAcceptNothingTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		nodes int
	}{{"PostgreSQL", 3}, {"SQLite", 1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := &kills{uploads: 40, kills: 5, proxy: startProxy(t)}
			if long {
				k.uploads, k.kills = 2000, 60
			}
			url := "sqlite:" + filepath.Join(t.TempDir(), "postern.db")
			if c.name == "PostgreSQL" {
				k.postgres = testpostgres.Start(t)
				url = k.postgres.Database(t)
			}
			k.site = newSite(t, "killed-"+c.name, siteOptions{ledger: url, public: k.proxy.URL, ends: ends})
			for number := range c.nodes {
				k.servers = append(k.servers, k.start())
				k.proxy.use(number, k.servers[number].URL)
			}
			k.run()
			k.wantAllAccepted()
		})
	}
}

// run uploads and kills. Each kill has its share of the uploads, which begin together with it.
func (k *kills) run() {
	k.t.Helper()
	seed := rand.Uint64()
	k.t.Logf("seed %d", seed)
	k.random = rand.New(rand.NewPCG(seed, 0))
	for range k.kills {
		k.begun = append(k.begun, make(chan struct{}))
	}
	k.wanted = make(chan int, k.kills)
	ctx, cancel := context.WithCancel(k.t.Context())
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { k.uploadAll(ctx, seed) })
	for range k.kills {
		k.kill(<-k.wanted)
	}
	all.Wait()
}

// kill kills one server at a random moment, and once the database as well, and starts it again.
func (k *kills) kill(number int) {
	k.t.Helper()
	victim := k.random.IntN(len(k.servers))
	close(k.begun[number])
	time.Sleep(time.Duration(k.random.IntN(50)) * time.Millisecond) // about as long as the uploads take that begin now
	if k.postgres != nil && number == k.kills/2 {
		k.postgres.Kill()
		k.postgres.Run(k.t)
	}
	k.servers[victim].Kill()
	k.servers[victim].Restart()
	k.proxy.use(victim, k.servers[victim].URL)
}

// uploadAll uploads by some browsers at the same time.
func (k *kills) uploadAll(ctx context.Context, seed uint64) {
	ways := []string{"post", "parts", "form"}
	slots := make(chan struct{}, browsersAtOnce)
	var all sync.WaitGroup
	defer all.Wait()
	for i := range k.uploads {
		if number := i * k.kills / k.uploads; i == 0 || number != (i-1)*k.kills/k.uploads {
			k.wanted <- number
			<-k.begun[number]
		}
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			b := browser{client: k.visitor(k.proxy.URL), random: rand.New(rand.NewPCG(seed, uint64(i))), way: ways[i%len(ways)], lost: never, repeated: &k.repeated}
			if long && i%8 == 7 {
				b.lost = afterSending
			}
			k.upload(ctx, b)
		})
	}
}

// upload uploads by one browser, which repeats what isn't answered until it is told that the upload
// is complete. One that leaves after it has sent the file leaves the rest to whichever server is
// there when its form or plan has ended.
func (k *kills) upload(ctx context.Context, b browser) {
	ctx, cancel := context.WithTimeout(ctx, uploadWithin)
	defer cancel()
	profile := "files"
	if b.lost != never {
		profile = "gone"
	}
	one, err := b.upload(ctx, profile)
	if err != nil {
		k.t.Errorf("%s upload %s: %v", b.way, one.id, err)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done = append(k.done, one.id)
}

// wantAllAccepted checks that no upload was lost, and none accepted or told of twice.
func (k *kills) wantAllAccepted() {
	k.t.Helper()
	k.waitUntil("the application is told of every upload", ends+toldWithin, func() bool { return len(k.unknown()) == 0 })
	k.wantNothingUnknown()
	objects := k.objects()
	for _, id := range k.done {
		if _, stored := objects[id]; !stored {
			k.t.Errorf("upload %s was complete, and its object isn't there", id)
		}
	}
	if len(k.done) != k.uploads || len(objects) != k.uploads {
		k.t.Errorf("%d uploads are complete, and %d objects stored, wanted %d of both", len(k.done), len(objects), k.uploads)
	}
	k.t.Logf("%d uploads, %d kills, %d requests made again, %d deliveries repeated", len(k.done), k.kills, k.repeated.Load(), k.receiver.repeats())
}

package nodes

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testserver"
	"github.com/postern-dev/postern/handlers/uploads"
)

// toldWithin is how long after the end of its form or plan the application may have to wait to be
// told of an upload.
const toldWithin = 2 * time.Minute

// browsersAtOnce is how many upload at the same time.
const browsersAtOnce = 8

// lostSite is a site with one server and the browsers that were lost.
type lostSite struct {
	*site
	server *testserver.Server
	sent   []sent
}

// Browsers are lost at every moment after the first byte that they sent. In the short form the
// server is started again when all forms have ended, as it then does at once what it does each
// minute.
func TestNothingIsUnknownOfUploadsWhoseBrowserIsLost(t *testing.T) {
	t.Parallel()
	count, ends := 20, 6*time.Second
	if long {
		count, ends = 500, 30*time.Second
	}
	start := func(name string, withoutPost bool) *lostSite {
		s := newSite(t, name, siteOptions{ledger: "sqlite:" + filepath.Join(t.TempDir(), "postern.db"), public: "http://127.0.0.1:8080", ends: ends, withoutPost: withoutPost})
		return &lostSite{site: s, server: s.start()}
	}
	post, put := start("lost", false), start("lost-put", true)
	loseBrowsers(t, count, post, put)
	time.Sleep(ends)
	for _, s := range []*lostSite{post, put} {
		if !long {
			s.server.Stop()
			s.server.Restart()
		}
		s.waitUntil("every upload is decided and the application told", toldWithin, func() bool { return len(s.unknown())+s.untold() == 0 })
		s.wantNothingUnknown()
		s.wantNoPartsLeft()
		s.wantToldInTime(ends)
	}
}

// loseBrowsers begins so many uploads, each in one of the four ways. Of the last fifth the files
// aren't of the type that was declared.
func loseBrowsers(t *testing.T, count int, post, put *lostSite) {
	t.Helper()
	ways := []string{"post", "put", "parts", "form"}
	seed := rand.Uint64()
	var all sync.WaitGroup
	var mu sync.Mutex // guards sent of both sites
	slots := make(chan struct{}, browsersAtOnce)
	for i := range count {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			b := browser{random: rand.New(rand.NewPCG(seed, uint64(i))), way: ways[i%4], lost: moment(i / 4 % 3), large: i%20 == 2, process: i%9 == 4 && i%20 != 2, wrong: i >= count*4/5}
			s := post
			if b.way == "put" {
				s = put
			}
			if b.wrong {
				b.lost = max(b.lost, afterSending)
			}
			b.client = s.visitor(s.server.URL)
			one, err := b.upload(t.Context(), "gone")
			if err != nil {
				t.Errorf("browser %d of seed %d, %s: %v", i, seed, b.way, err)
			}
			mu.Lock()
			defer mu.Unlock()
			s.sent = append(s.sent, one)
		})
	}
	all.Wait()
}

// outcome is the event that the application has to be told of where the whole file was sent; of
// others there may be none.
func (s sent) outcome() (event, bool) {
	kind := uploads.StateAccepted
	if s.wrong {
		kind = uploads.StateRefused
	}
	return event{s.id, "upload." + string(kind)}, s.lost != whileSending
}

// untold counts the uploads that were sent and that the application wasn't told of.
func (s *lostSite) untold() (count int) {
	for _, one := range s.sent {
		if wanted, decided := one.outcome(); decided {
			if _, told := s.receiver.find(wanted); !told {
				count++
			}
		}
	}
	return count
}

// wantToldInTime checks when the application was told of each upload that was decided.
func (s *lostSite) wantToldInTime(ends time.Duration) {
	s.t.Helper()
	counts := map[string]int{}
	var longest time.Duration
	for _, one := range s.sent {
		for _, state := range []uploads.State{uploads.StateAccepted, uploads.StateRefused, uploads.StateExpired} {
			told, known := s.receiver.find(event{one.id, "upload." + string(state)})
			if !known {
				continue
			}
			counts[fmt.Sprint(one.way, " ", state)]++
			waited := told.first.Sub(one.issued.Add(ends))
			if longest = max(longest, waited); waited > toldWithin {
				s.t.Errorf("%s upload %s: told that it is %s %v after its end", one.way, one.id, state, waited)
			}
		}
	}
	s.t.Logf("%d browsers lost, told of %v, at most %v after the end", len(s.sent), counts, longest.Round(time.Millisecond))
}

// wantNoPartsLeft checks that the store has no multipart upload of the site.
func (s *site) wantNoPartsLeft() {
	s.t.Helper()
	in := &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket), Prefix: aws.String(s.prefix + "/")}
	s.waitUntil("no multipart upload is left", toldWithin, func() bool {
		listed, err := store.Client().ListMultipartUploads(s.t.Context(), in)
		if err != nil {
			s.t.Error(err)
		}
		return err != nil || len(listed.Uploads) == 0
	})
}

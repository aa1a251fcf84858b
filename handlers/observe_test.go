package handlers_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

// observations count what is observed, by all processes that have them.
type observations struct {
	mu     sync.Mutex
	counts map[string]int
	list   []uploads.Observation
}

// in gives them to the handlers of a site.
func (o *observations) in(c *handlers.Config) { c.Observe = o.observe }

func (o *observations) observe(seen uploads.Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = map[string]int{}
	}
	o.counts[strings.TrimSpace(fmt.Sprintf("%s %s %s %s", seen.Profile, seen.Way, seen.Outcome, seen.Code))]++
	o.list = append(o.list, seen)
}

// want wants these observations and no others, each as "profile way outcome code" with its count.
func (o *observations) want(t *testing.T, wanted map[string]int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, seen := range slices.Sorted(maps.Keys(o.counts)) {
		if o.counts[seen] != wanted[seen] {
			t.Errorf("%q: observed %d times, wanted %d", seen, o.counts[seen], wanted[seen])
		}
	}
	for _, seen := range slices.Sorted(maps.Keys(wanted)) {
		if o.counts[seen] == 0 {
			t.Errorf("%q: never observed", seen)
		}
	}
}

func TestEachWayInIsObservedFromIssueToAcceptance(t *testing.T) {
	t.Parallel()
	var o observations
	h := newHost(t, o.in)
	h.form(h.request("GET", "/album", nil), "pictures")
	page := rendered(t, h.form(h.request("GET", "/album", nil), "pictures").Uploader())
	posted := url.Values{"postern-field": {h.proof("pictures", "cover")}}
	to := httptest.NewRecorder()
	h.handlers.Continue(to, h.request("POST", "/albums", posted), "cover", "/albums/new")
	handedOver := h.call("GET", strings.TrimPrefix(to.Header().Get("Location"), "/up"), "")
	widget := h.call("GET", "/widget/pictures", "")
	for _, html := range [][]byte{[]byte(page), handedOver.body, widget.body} {
		readForm(h.site, html).send(png(4000))
	}
	h.site.form("pictures").send(png(4000))
	h.upload("pictures")
	batch := h.batch("pictures", []string{file("a.png", "image/png", 4000), file("a.txt", "text/plain", 4000)}).Uploads
	p := &plan{site: h.site, ID: batch[0].Upload.ID, Token: batch[0].Upload.Token}
	put(t, &s3.PutObjectInput{Key: aws.String(batch[0].Upload.Key), Body: reader(png(4000)), ContentType: aws.String("image/png"),
		Metadata: map[string]string{"source": "web", "filename": "a.png"}, CacheControl: aws.String("no-cache")})
	p.complete()
	h.call("POST", "/uploads", `{"profile":"pictures","filename":"a.png","type":"image/png","size":4000000}`).refused(problem.SizeTooLarge)
	wanted := map[string]int{"pictures batch denied type_not_allowed": 1, "pictures api denied size_too_large": 1}
	for _, way := range uploads.Ways() {
		for _, outcome := range []uploads.Outcome{uploads.OutcomeIssued, uploads.OutcomeArrived, uploads.OutcomeAccepted} {
			wanted[fmt.Sprintf("pictures %s %s", way, outcome)] = 1
		}
	}
	o.want(t, wanted)
	for _, seen := range o.list {
		if accepted := seen.Outcome == uploads.OutcomeAccepted; accepted != (seen.Size == 4000) || !accepted && seen.Took != 0 || seen.Took > time.Minute {
			t.Errorf("observed %+v", seen)
		}
	}
}

func TestWhatBecomesOfAnUploadIsObservedOnceWhoeverAsksAgain(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		happens func(t *testing.T, s lateSite, two lateSite)
		wanted  map[string]int
	}{
		{"completed again and again", func(t *testing.T, s, two lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.call("POST", "/complete", "").refused(problem.Incomplete)
			p.send(png(4000))
			for range 3 {
				p.complete()
				p.at(two.site).complete()
			}
			s.clock.move(lifetimeOfForms + 1)
			two.work()
		}, map[string]int{"issued": 1, "arrived": 1, "accepted": 1}},
		{"completed while the ledger is away", func(t *testing.T, s, _ lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.send(png(4000))
			s.ledger.away.Store(true)
			p.complete()
			p.complete()
			s.ledger.away.Store(false)
			p.complete()
		}, map[string]int{"issued": 1, "arrived": 1, "accepted": 1}},
		{"accepted by a job", func(t *testing.T, s, two lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.send(png(4000))
			s.clock.move(lifetimeOfForms + 1)
			two.work()
			s.work()
		}, map[string]int{"issued": 1, "arrived": 1, "accepted": 1}},
		{"refused, and asked about again", func(t *testing.T, s, two lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.send([]byte(strings.Repeat("no picture", 400)))
			for range 2 {
				p.call("POST", "/complete", "").refused(problem.TypeNotAllowed)
				p.at(two.site).call("POST", "/complete", "")
			}
		}, map[string]int{"issued": 1, "arrived": 1, "refused type_not_allowed": 1}},
		{"aborted twice", func(t *testing.T, s, two lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.abort()
			p.abort()
			p.at(two.site).abort()
		}, map[string]int{"issued": 1, "aborted": 1}},
		{"never sent", func(t *testing.T, s, two lateSite) {
			s.issue("pictures", "garden.png", "image/png", 4000)
			s.clock.move(2 * day)
			s.work()
			two.work()
		}, map[string]int{"issued": 1, "expired": 1}},
		{"accepted and replaced", func(t *testing.T, s, two lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.send(png(4000))
			p.complete()
			put(t, &s3.PutObjectInput{Key: aws.String(p.Key), Body: reader(append(png(3999), 1)), ContentType: aws.String("image/png"),
				Metadata: map[string]string{"source": "web", "filename": "garden.png"}, CacheControl: aws.String("no-cache")})
			p.call("POST", "/complete", "")
			p.at(two.site).call("POST", "/complete", "")
		}, map[string]int{"issued": 1, "arrived": 1, "accepted": 1, "replaced": 1}},
		{"accepted and removed", func(t *testing.T, s, two lateSite) {
			p := s.issue("pictures", "garden.png", "image/png", 4000)
			p.send(png(4000))
			p.complete()
			p.abort()
			p.at(two.site).abort()
		}, map[string]int{"issued": 1, "arrived": 1, "accepted": 1, "removed": 1}},
		{"recorded nowhere where the ledger is required", func(t *testing.T, s, two lateSite) {
			two.ledger.away.Store(true)
			two.edits = append(two.edits, required)
			two = two.anotherProcess()
			two.call("POST", "/uploads", `{"profile":"pictures","filename":"a.png","type":"image/png","size":4000}`).refused(problem.StoreUnavailable)
		}, map[string]int{"denied store_unavailable": 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var o observations
			s := newLateSite(t, o.in, removable(newClock(), time.Hour))
			row.happens(t, s, s.anotherProcess())
			wanted := map[string]int{}
			for outcome, n := range row.wanted {
				wanted["pictures api "+outcome] = n
			}
			o.want(t, wanted)
		})
	}
}

func TestAPageThatIsShownWithAButtonDeniesNothing(t *testing.T) {
	t.Parallel()
	var o observations
	s := newSite(t, o.in, noPost)
	s.call("GET", "/forms/pictures", "")
	s.call("GET", "/widget/films", "")
	s.call("GET", "/forms/pictures", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image")
	o.want(t, map[string]int{})
}

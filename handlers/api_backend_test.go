package handlers_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/testpostgres"
	"github.com/postern-dev/postern/handlers"
	records "github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

const backendSecret = "backend-secret-that-nobody-may-see"

// withBackend serves the routes of the application's servers.
func withBackend(c *handlers.Config) {
	verifier, err := tickets.NewBackend(tickets.BackendConfig{Secrets: []sigv4.Secret{backendSecret}})
	if err != nil {
		panic(err) // of the constant above
	}
	c.Backend = verifier
}

func backendToken(t *testing.T, profiles ...string) string {
	t.Helper()
	token, err := tickets.MintBackend(backendSecret, time.Now(), profiles...)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// asBackend sends a request of the application's server, with a token for some profiles or for all.
func (s *site) asBackend(method, path string, profiles ...string) answer {
	s.t.Helper()
	return s.call(method, path, "", "Authorization", "Bearer "+backendToken(s.t, profiles...))
}

// newLedgerOf makes an empty ledger without receivers, on one of the two databases.
type newLedgerOf func(*testing.T, *clock) *testLedger

// onBothDatabases are sentences that hold whatever database the ledger is in.
var onBothDatabases = map[string]func(*testing.T, newLedgerOf){
	"the application's server follows an upload":       followAnUpload,
	"lists have pages and can be narrowed":             listUploads,
	"erasure removes the uploads of one subject":       eraseSubject,
	"what nobody claims is removed after its time":     removeUnclaimed,
	"the time for a claim can be changed":              changeUnclaimed,
	"a claim and a purge at once lose no object":       claimAgainstPurge,
	"a claim and its visitor's removal lose no object": claimAgainstVisitor,
	"OnAccepted is called until it succeeds":           tellUntilItSucceeds,
	"OnAccepted is called after a crash":               tellAfterACrash,
	"OnAccepted isn't called of what is gone":          tellNothingOfWhatIsGone,
}

func TestApplicationsAndTheirLedgerOnBothDatabases(t *testing.T) {
	t.Parallel()
	run := func(url func(*testing.T) string) func(*testing.T) {
		return func(t *testing.T) {
			for says, test := range onBothDatabases {
				t.Run(says, func(t *testing.T) {
					test(t, func(t *testing.T, c *clock) *testLedger {
						return &testLedger{Ledger: openRecords(t, records.Config{URL: url(t), Now: c.now, Logger: slog.New(slog.DiscardHandler)})}
					})
				})
			}
		}
	}
	t.Run("SQLite", run(func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "postern.db") }))
	server := testpostgres.Start(t)
	t.Run("PostgreSQL", run(func(t *testing.T) string { return server.Database(t) }))
}

// recordedUpload is an upload as the backend's routes show it.
type recordedUpload struct {
	ID, Profile, Subject, State, Key, Claimed, Expires string
	Sequence                                           int64
	Size                                               *int64
	Code                                               problem.Code
}

func followAnUpload(t *testing.T, ledger newLedgerOf) {
	s := newSite(t, ledger(t, newClock()).in, withBackend, withDownload(""))
	p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
	var r recordedUpload
	show := func() recordedUpload {
		r = recordedUpload{}
		s.asBackend("GET", "/uploads/"+p.ID).into(http.StatusOK, &r)
		return r
	}
	if show(); r.State != "issued" || r.Subject != "alice" || r.Key != p.Key || r.Profile != "pictures" || r.Size != nil || r.Expires == "" {
		t.Errorf("issued: got %+v", r)
	}
	s.asBackend("POST", "/uploads/"+p.ID+"/claim").refused(problem.Incomplete)
	s.asBackend("POST", "/uploads/"+p.ID+"/link").refused(problem.Incomplete)
	p.send(png(4000))
	p.complete()
	if show(); r.State != "accepted" || r.Sequence != 1 || r.Size == nil || *r.Size != 4000 || r.Claimed != "" {
		t.Errorf("accepted: got %+v", r)
	}
	for range 2 {
		if a := s.asBackend("POST", "/uploads/"+p.ID+"/claim", "films", "pictures"); a.status != http.StatusNoContent || len(a.body) != 0 {
			t.Errorf("claim: got %d %s", a.status, a.body)
		}
	}
	if show(); r.Claimed == "" {
		t.Errorf("claimed: got %+v", r)
	}
	var link struct{ URL string }
	s.asBackend("POST", "/uploads/"+p.ID+"/link").into(http.StatusOK, &link)
	if a := s.call("GET", strings.TrimPrefix(link.URL, s.url), ""); a.status != http.StatusFound {
		t.Errorf("link: got %d", a.status)
	}
	for _, of := range []string{p.ID, "nothing", "%00", "%ff"} {
		for _, to := range [][2]string{{"GET", ""}, {"POST", "/claim"}, {"POST", "/link"}} {
			if of != p.ID {
				s.asBackend(to[0], "/uploads/"+of+to[1]).refused(problem.UnknownUpload)
			}
			s.asBackend(to[0], "/uploads/"+of+to[1], "films").refused(problem.UnknownUpload)
		}
	}
	if _, _, err := s.handlers.Service().Backend().Uploads(t.Context(), uploads.Query{Subject: "a\xff\x00", After: "\xff\x00", Limit: 1}); err != nil {
		t.Errorf("a subject that no database stores: %v", err)
	}
}

func listUploads(t *testing.T, ledger newLedgerOf) {
	s := lateSiteWith(t, ledger, withBackend)
	var ids []string // the latest first
	for i := range 5 {
		s.clock.move(1) // IDs sort by their milliseconds
		p := s.issue([]string{"pictures", "files"}[i%2], "garden.png", "image/png", 4000, "Authorization", "Bearer "+[]string{"alice", "bob & co"}[i/4])
		if ids = append([]string{p.ID}, ids...); i == 1 {
			p.send(png(4000))
			p.complete()
		}
	}
	list := func(query string, profiles ...string) (found []string) {
		t.Helper()
		for range 10 {
			var page struct {
				Uploads []recordedUpload
				Next    string
			}
			s.asBackend("GET", "/uploads?"+query, profiles...).into(http.StatusOK, &page)
			for _, u := range page.Uploads {
				found = append(found, u.ID)
			}
			if page.Next == "" {
				return found
			}
			query = strings.Split(query, "&after=")[0] + "&after=" + page.Next
		}
		t.Fatal("the pages have no end")
		return nil
	}
	for _, c := range []struct {
		query    string
		profiles []string
		wanted   []string
	}{
		{"subject=alice", nil, ids[1:]},
		{"subject=alice&limit=2&after=", nil, ids[1:]},
		{"subject=alice&limit=4", nil, ids[1:]},
		{"subject=bob+%26+co", nil, ids[:1]},
		{"limit=3", nil, ids},
		{"state=accepted", nil, ids[3:4]},
		{"profile=files&subject=alice&limit=1", nil, []string{ids[1], ids[3]}},
		{"subject=alice", []string{"files"}, []string{ids[1], ids[3]}},
		{"subject=alice&profile=files&state=issued", []string{"files", "films"}, ids[1:2]},
		{"subject=nobody", nil, nil},
	} {
		if got := list(c.query, c.profiles...); fmt.Sprint(got) != fmt.Sprint(c.wanted) {
			t.Errorf("%s for %q: got %q, wanted %q", c.query, c.profiles, got, c.wanted)
		}
	}
}

func TestTheBackendsRoutesAreStrict(t *testing.T) {
	t.Parallel()
	s := newSite(t, newLedger(t).in, withBackend)
	p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
	p.send(png(4000))
	p.complete()
	for _, c := range []struct {
		method, path string
		profiles     []string
		code         problem.Code
	}{
		{"GET", "/uploads?subject=", nil, problem.InvalidRequest},
		{"GET", "/uploads?state=", nil, problem.InvalidRequest},
		{"GET", "/uploads?profile=", nil, problem.InvalidRequest},
		{"GET", "/uploads?state=lost", nil, problem.InvalidRequest},
		{"GET", "/uploads?limit=0", nil, problem.InvalidRequest},
		{"GET", "/uploads?limit=1001", nil, problem.InvalidRequest},
		{"GET", "/uploads?limit=ten", nil, problem.InvalidRequest},
		{"GET", "/uploads?limit=", nil, problem.InvalidRequest},
		{"GET", "/uploads?after=*", nil, problem.InvalidRequest},
		{"GET", "/uploads?Subject=alice", nil, problem.InvalidRequest},
		{"GET", "/uploads?subject=alice&subject=bob", nil, problem.InvalidRequest},
		{"GET", "/uploads?subject=%zz", nil, problem.InvalidRequest},
		{"GET", "/uploads?subject=alice;state=issued", nil, problem.InvalidRequest},
		{"GET", "/uploads?profile=files", []string{"pictures"}, problem.Forbidden},
		{"GET", "/uploads/" + p.ID + "?subject=alice", nil, problem.InvalidRequest},
		{"POST", "/uploads/" + p.ID + "/claim?force=1", nil, problem.InvalidRequest},
		{"POST", "/uploads/" + p.ID + "/link", nil, problem.NotFound}, // the profile has none
		{"DELETE", "/uploads", nil, problem.InvalidRequest},
		{"DELETE", "/uploads?subject=", nil, problem.InvalidRequest},
		{"DELETE", "/uploads?subject=guest", nil, problem.InvalidRequest},
		{"DELETE", "/uploads?subject=alice&subject=bob", nil, problem.InvalidRequest},
		{"DELETE", "/uploads?subject=alice&profile=files", nil, problem.InvalidRequest},
		{"PUT", "/uploads/" + p.ID + "/claim", nil, problem.MethodNotAllowed},
	} {
		s.asBackend(c.method, c.path, c.profiles...).refused(c.code)
	}
	s.call("POST", "/uploads/"+p.ID+"/claim", `{"force":true}`, "Authorization", "Bearer "+backendToken(t)).refused(problem.InvalidRequest)
	if a := s.call("POST", "/uploads/"+p.ID+"/claim", `{}`, "Authorization", "Bearer "+backendToken(t)); a.status != http.StatusNoContent {
		t.Errorf("claim with an empty object: got %d", a.status)
	}
}

func TestNobodyElseReachesTheBackendsRoutes(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	s, without := newSite(t, l.in, withBackend), newSite(t, l.in)
	p := s.issue("pictures", "garden.png", "image/png", 4000, "Authorization", "Bearer alice")
	forged, err := tickets.MintBackend(sigv4.Secret(strings.Repeat("x", 32)), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	old, err := tickets.MintBackend(backendSecret, time.Now().Add(-5*time.Minute-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	routes := []struct{ method, path string }{{"GET", "/uploads"}, {"GET", "/uploads/" + p.ID}, {"POST", "/uploads/" + p.ID + "/claim"},
		{"POST", "/uploads/" + p.ID + "/link"}, {"DELETE", "/uploads?subject=alice"}}
	for _, r := range routes {
		for name, header := range map[string][]string{
			"nothing": nil, "an upload token": {"Upload-Token", p.Token}, "an upload token in the place of another": {"Authorization", "Bearer " + p.Token},
			"a visitor": {"Authorization", "Bearer alice"}, "a forged token": {"Authorization", "Bearer " + forged}, "a token of five minutes ago": {"Authorization", "Bearer " + old},
			"a token without its scheme": {"Authorization", backendToken(t)}, "a password": {"Authorization", "Basic YTpi"},
		} {
			a := s.call(r.method, r.path, "", header...)
			if refused := a.refused(problem.Unauthorized); a.header.Get("WWW-Authenticate") == "" || strings.Contains(string(a.body), backendSecret) {
				t.Errorf("%s %s with %s: got %+v", r.method, r.path, name, refused)
			}
		}
		without.asBackend(r.method, r.path).refused(problem.NotFound)
		s.call(r.method, r.path, "", "Authorization", "Bearer "+backendToken(t), "Origin", "https://evil.test").refused(problem.OriginNotAllowed)
	}
	s.call("POST", "/uploads", `{"profile":"pictures","filename":"a.png","type":"image/png","size":100}`, "Authorization", "Bearer "+backendToken(t)+"?").refused(problem.Unauthorized)
	var owners struct{ Owners []string }
	s.call("GET", "/uploads/owner", "", "Authorization", "Bearer alice").into(http.StatusOK, &owners)
	p.abort()
	l.entry(t, p.ID, uploads.StateAborted, 1)
}

func eraseSubject(t *testing.T, ledger newLedgerOf) {
	s := lateSiteWith(t, ledger, withBackend)
	issue := func(profile, subject string) *plan {
		p := s.issue(profile, "garden.png", "image/png", 4000, "Authorization", "Bearer "+subject)
		p.send(png(4000))
		return p
	}
	claimed, open, replaced, elsewhere, bob := issue("pictures", "alice"), issue("pictures", "alice"), issue("pictures", "alice"), issue("files", "alice"), issue("pictures", "bob")
	for _, p := range []*plan{claimed, replaced, elsewhere, bob} {
		p.complete()
	}
	s.ledger.claim(t, claimed.ID)
	put(t, &s3.PutObjectInput{Key: aws.String(replaced.Key), Body: reader(append(png(3999), 1)), ContentType: aws.String("image/png"),
		Metadata: map[string]string{"source": "web", "filename": "garden.png"}, CacheControl: aws.String("no-cache")})
	replaced.call("POST", "/complete", "")
	erase := func(erased, pending int64, profiles ...string) {
		t.Helper()
		var got struct {
			Erased, Pending int64
			Since           time.Time
		}
		s.asBackend("DELETE", "/uploads?subject="+url.QueryEscape("alice"), profiles...).into(http.StatusOK, &got)
		if got.Erased != erased || got.Pending != pending || got.Since.IsZero() || got.Since.After(s.clock.now()) {
			t.Errorf("wanted %d erased and %d pending, got %+v", erased, pending, got)
		}
	}
	erase(3, 3, "pictures")
	open.call("POST", "/complete", "").refused(problem.UploadExpired)
	claimed.call("POST", "/complete", "").refused(problem.UploadExpired)
	s.asBackend("POST", "/uploads/"+claimed.ID+"/claim").refused(problem.UploadExpired)
	s.asBackend("POST", "/uploads/"+claimed.ID+"/link").refused(problem.UploadExpired)
	s.work()
	for _, p := range []*plan{claimed, open, replaced} {
		p.mustBeStored(false)
	}
	elsewhere.mustBeStored(true)
	erase(1, 4)
	s.work()
	elsewhere.mustBeStored(false)
	bob.mustBeStored(true)
	erase(0, 4) // forms that are still valid
	s.clock.move(lifetimeOfForms + 6*minute)
	s.work()
	erase(0, 0)
	s.clock.move(lifetimeOfParts)
	s.work()
	for _, p := range []*plan{claimed, open, replaced, elsewhere} {
		if _, known, err := s.ledger.Find(t.Context(), p.ID); known || err != nil {
			t.Errorf("the record of an erased upload is still there: %v", err)
		}
	}
	s.ledger.entry(t, bob.ID, uploads.StateAccepted, 1)
	if _, err := s.handlers.Erase(t.Context(), profile.Guest); problem.From(err).Code != problem.InvalidRequest {
		t.Errorf("erasing guests: %v", err)
	}
	if e, err := s.handlers.Erase(t.Context(), "bob"); err != nil || e.Marked != 1 || e.Pending != 1 {
		t.Errorf("erasing bob: %+v, %v", e, err)
	}
}

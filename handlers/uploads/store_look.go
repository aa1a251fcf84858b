package uploads

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/sigv4"
)

// How often and how long the store is asked for diagnoses.
const (
	lookMaxAge  = time.Minute
	lookTimeout = 4 * time.Second
	maxLooks    = 1024 // buckets, origins and methods that are remembered; all come from the configuration
)

// diagnoses asks the store what a browser asks it, on behalf of any number of uploads.
type diagnoses struct {
	store  objectStore
	client *http.Client // sends what a browser sends: unsigned
	now    func() time.Time
	looks  *recent[*lookEntry]
}

// lookEntry is the last look at one bucket for one origin. Its lock makes those who ask at the same
// time wait for one answer.
type lookEntry struct {
	sync.Mutex
	look storeLook
}

func newDiagnoses(store objectStore, now func() time.Time) *diagnoses {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10}
	return &diagnoses{store: store, now: now, looks: newRecent[*lookEntry](maxLooks), client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// storeQuestion is the request of a browser that is asked about. method and headers follow from the
// upload's plan.
type storeQuestion struct {
	up              OpenUpload
	origin          string // of the page; "" asks for no permission
	method, headers string
}

// storeLook is what the store answered.
type storeLook struct {
	at          time.Time
	err         error         // why the public address gave no answer; nil where it gave one
	status      int           // of the answer to the preflight
	dated       bool          // the store told its time
	ahead       time.Duration // how far the store's clock is ahead of ours
	cors        Cause         // what the bucket's rules refuse; "" for nothing, or where that isn't sure
	exposesETag bool
	headStatus  int    // of a HEAD of one upload's own key with the server's credentials
	headCode    string // of the store's error there
}

// look returns what the store answers, from a look that is at most a minute old.
func (d *diagnoses) look(ctx context.Context, q storeQuestion) storeLook {
	entry := d.looks.getOrPut(strings.Join([]string{q.up.Bucket, q.origin, q.method, q.headers}, "\n"), func() *lookEntry { return &lookEntry{} })
	entry.Lock()
	defer entry.Unlock()
	if age := d.now().Sub(entry.look.at); !entry.look.at.IsZero() && age >= 0 && age < lookMaxAge {
		return entry.look
	}
	// The answer serves others too: it doesn't end with this request.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	entry.look = d.ask(ctx, q)
	return entry.look
}

// ask asks the store now.
func (d *diagnoses) ask(ctx context.Context, q storeQuestion) storeLook {
	l := storeLook{at: d.now()}
	first, err := d.preflight(ctx, q, q.method, q.headers)
	if err != nil {
		l.err = err
		return l
	}
	l.status, l.exposesETag = first.status, first.exposesETag
	if date, err := http.ParseTime(first.date); err == nil {
		l.dated, l.ahead = true, date.Sub(d.now())
	}
	if q.origin != "" && first.decides() {
		l.cors = d.refusedBy(ctx, q, first)
	}
	_, err = within(ctx, lookTimeout, d.store.client.HeadObject, &s3.HeadObjectInput{Bucket: &q.up.Bucket, Key: &q.up.Key})
	if err != nil {
		l.headStatus, l.headCode = storeStatus(err), storeCode(err)
	}
	return l
}

// answered reports whether the public address gave an answer that a store gives in health.
func (l storeLook) answered() bool { return l.err == nil && l.status < http.StatusInternalServerError }

// evidence is what only the log is told.
func (l storeLook) evidence() []slog.Attr {
	list := []slog.Attr{slog.Time("asked", l.at), slog.Int("preflight", l.status), slog.Int("head", l.headStatus), slog.String("headCode", l.headCode)}
	if l.err != nil {
		list = append(list, slog.String("error", problem.LogText(l.err.Error())))
	}
	if l.dated {
		list = append(list, slog.Duration("storeClockAhead", l.ahead))
	}
	return list
}

// preflightAnswer is the answer to an OPTIONS request; see "CORS-preflight fetch" in the Fetch
// Standard for what a browser reads of it.
type preflightAnswer struct {
	status                   int
	origin, methods, headers string
	date                     string
	exposesETag              bool
}

// preflight sends one OPTIONS request to the public address, for the method and headers given.
func (d *diagnoses) preflight(ctx context.Context, q storeQuestion, method, headers string) (preflightAnswer, error) {
	address := q.up.Served.BucketURL
	if method == http.MethodPut {
		address = sigv4.ObjectURL(address, q.up.Key)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodOptions, address, nil)
	if err != nil {
		return preflightAnswer{}, err
	}
	if q.origin != "" {
		request.Header.Set("Origin", q.origin)
		request.Header.Set("Access-Control-Request-Method", method)
	}
	if headers != "" {
		request.Header.Set("Access-Control-Request-Headers", headers)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return preflightAnswer{}, err
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // enough for any refusal; the connection is closed
	list := func(name string) string { return strings.Join(response.Header.Values("Access-Control-"+name), ",") }
	exposed := list("Expose-Headers")
	return preflightAnswer{status: response.StatusCode, origin: list("Allow-Origin"), methods: list("Allow-Methods"),
		headers: list("Allow-Headers"), date: dateOf(response.Header), exposesETag: names(exposed, "ETag")}, nil
}

// dateOf is when an answer was made, "" for one that a cache has kept.
func dateOf(h http.Header) string {
	if h.Get("Age") != "" {
		return ""
	}
	return h.Get("Date")
}

// decides reports whether the answer is one about permission. A store that is busy or starts, one
// that leads elsewhere, and a bucket that isn't there say nothing about it.
func (a preflightAnswer) decides() bool {
	return a.status >= 200 && a.status < 300 || a.status == http.StatusForbidden || a.status == http.StatusMethodNotAllowed
}

// allowsOrigin reports whether the answer lets pages of the origin in.
func (a preflightAnswer) allowsOrigin(origin string) bool {
	return a.status >= 200 && a.status < 300 && (a.origin == "*" || a.origin == origin)
}

// refusedBy finds out what of a request the bucket's rules refuse, "" for nothing. S3 refuses all
// with the same 403; so smaller questions follow, at most four.
func (d *diagnoses) refusedBy(ctx context.Context, q storeQuestion, first preflightAnswer) Cause {
	if first.allowsOrigin(q.origin) {
		switch {
		case q.method != http.MethodPost && !names(first.methods, q.method):
			return CauseCORSMethod
		case !namesAll(first.headers, q.headers):
			return CauseCORSHeader
		}
		return ""
	}
	for _, smaller := range []struct {
		method string
		cause  Cause
	}{{q.method, CauseCORSHeader}, {http.MethodPost, CauseCORSMethod}, {http.MethodPut, CauseCORSMethod}, {http.MethodGet, CauseCORSMethod}} {
		if smaller.method == q.method && (smaller.cause == CauseCORSMethod || q.headers == "") {
			continue // asked already
		}
		answer, err := d.preflight(ctx, q, smaller.method, "")
		if err != nil || !answer.decides() {
			return "" // not sure
		}
		if answer.allowsOrigin(q.origin) {
			return smaller.cause
		}
	}
	return CauseCORSOrigin
}

// names reports whether a list of a CORS header has a name, or is a wildcard.
func names(list, name string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item == "*" || strings.EqualFold(item, name) {
			return true
		}
	}
	return false
}

// namesAll reports whether a list of a CORS header has every name of another list.
func namesAll(list, all string) bool {
	for name := range strings.SplitSeq(all, ",") {
		if name != "" && !names(list, name) {
			return false
		}
	}
	return true
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// receiverPath is where dev receives its own webhooks.
const receiverPath = "/webhooks"

// Bounds of what dev's receiver takes and keeps in memory.
const (
	maxWebhookBody = 1 << 20 // bytes
	keptWebhooks   = 30
)

// loopbackNetworks may be dialled by dev's webhooks alone, which lead back to dev.
var loopbackNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// devWebhooks are the webhooks from dev to itself, one for each profile.
type devWebhooks struct {
	secret    sigv4.Secret
	own       string // the URL of dev
	profiles  []profile.Profile
	issuer    *receipts.Issuer
	receiver  *webhookReceiver // set by start
	deliverer deliverer
}

// start makes the receiver and begins to deliver to it.
func (d *devWebhooks) start(ctx context.Context, l *ledger.Ledger, log *slog.Logger) error {
	hook, err := standard.NewWebhookRaw([]byte(d.secret))
	if err != nil {
		return err
	}
	d.receiver = &webhookReceiver{hook: hook}
	next, err := newDeliveries(l, &config.Config{PublicURL: d.own, Webhooks: d.endpoints()}, d.issuer, nil, log)
	if err != nil {
		return err
	}
	return d.deliverer.use(ctx, l, next)
}

func (d *devWebhooks) endpoints() (list []webhooks.EndpointConfig) {
	for _, p := range d.profiles {
		list = append(list, webhooks.EndpointConfig{Profile: p.Name, URL: d.own + receiverPath, Secrets: []sigv4.Secret{d.secret}, Networks: loopbackNetworks})
	}
	return list
}

// webhookReceiver is dev's own receiver. It does what a receiver of an application has to do, by
// the rules of the samples: it verifies signature and time, takes each delivery once, and keeps the
// newest state of an upload.
type webhookReceiver struct {
	hook *standard.Webhook

	mu   sync.Mutex
	list []receivedWebhook // the latest first, keptWebhooks at most
}

// receivedWebhook is a delivery that was taken.
type receivedWebhook struct {
	id, event, upload string
	sequence          int64
	at                time.Time // when it came first
	times             int
	body              []byte
}

// received lists what was taken, the latest first.
func (r *webhookReceiver) received() []receivedWebhook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

// receive takes one delivery. One that isn't genuine is answered 401, and nothing of it is kept.
func (r *webhookReceiver) receive(c echo.Context) error {
	request := c.Request()
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), request.Body, maxWebhookBody))
	if err != nil {
		return c.String(http.StatusBadRequest, "the body can't be read\n")
	}
	if err := r.hook.Verify(body, request.Header); err != nil {
		return c.String(http.StatusUnauthorized, "the signature or the time is wrong\n")
	}
	got, err := readWebhook(request.Header.Get(standard.HeaderWebhookID), body)
	if err != nil {
		return c.String(http.StatusBadRequest, "wanted an event as JSON\n")
	}
	handlers.AboutUpload(c, got.upload)
	r.take(got)
	return c.NoContent(http.StatusNoContent)
}

// readWebhook reads a body that was verified.
func readWebhook(id string, body []byte) (receivedWebhook, error) {
	var event struct {
		Type string
		Data struct {
			ID       string `json:"jti"`
			Sequence int64
		}
	}
	err := json.Unmarshal(body, &event)
	if err == nil && (event.Type == "" || event.Data.ID == "") {
		err = errors.New("no type or upload")
	}
	return receivedWebhook{id: id, event: event.Type, upload: event.Data.ID, sequence: event.Data.Sequence, at: time.Now(), times: 1, body: body}, err
}

// take keeps a delivery, and counts one that was taken before.
func (r *webhookReceiver) take(got receivedWebhook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.list, func(w receivedWebhook) bool { return w.id == got.id }); i >= 0 {
		r.list[i].times++
		return
	}
	r.list = slices.Insert(r.list, 0, got)
	r.list = r.list[:min(len(r.list), keptWebhooks)]
}

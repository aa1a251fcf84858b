package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/templates"
)

// recentPath is the page of the last uploads.
const recentPath = "/recent"

// Bounds of the page of the last uploads.
const (
	shownUploads    = 30
	shownDeliveries = 20 // of one upload
)

// recentPage is the page of dev that lists the last uploads with their states and deliveries, and
// what dev's own webhook receiver got.
type recentPage struct {
	h        *handlers.Handlers
	ledger   *ledger.Ledger
	receiver *webhookReceiver
}

// show renders the page in the visitor's language.
func (p recentPage) show(c echo.Context) error {
	l := languageOf(p.h, c.Request())
	view := templates.RecentView{
		Page: l.page(l.Text("page.recent.title")), Heading: l.Text("page.recent.heading"), Intro: l.Text("page.recent.intro"), Empty: l.Text("page.recent.empty"),
		WebhooksLabel: l.Text("page.recent.webhooks"), BodyLabel: l.Text("page.recent.body"),
		ReceivedHeading: l.Text("page.recent.received"), ReceivedIntro: l.Text("page.recent.received.intro"), ReceivedEmpty: l.Text("page.recent.received.empty"),
		Again: templates.Link{URL: l.link(recentPath), Text: l.Text("page.recent.again")},
		Back:  templates.Link{URL: l.link("/"), Text: l.Text("page.demo.back")},
	}
	list, err := p.uploads(c.Request().Context(), l)
	if err != nil {
		return err
	}
	if len(list) > shownUploads {
		list, view.Note = list[:shownUploads], l.Text("page.recent.note")
	}
	view.Uploads = list
	for _, got := range p.receiver.received() {
		view.Received = append(view.Received, l.received(got))
	}
	return handlers.Render(c, http.StatusOK, templates.Recent(view))
}

// uploads are the last uploads, and one more than are shown where there are that many.
func (p recentPage) uploads(ctx context.Context, l pageLanguage) ([]templates.RecentUpload, error) {
	entries, _, err := p.ledger.Uploads(ctx, uploads.Query{AllSubjects: true, Limit: shownUploads + 1})
	if err != nil {
		return nil, err
	}
	list := make([]templates.RecentUpload, len(entries))
	for i, e := range entries {
		list[i] = l.recentUpload(e)
		sent, err := p.ledger.Deliveries(ctx, ledger.DeliveryQuery{Upload: e.ID, Limit: shownDeliveries})
		if err != nil {
			return nil, err
		}
		for _, d := range sent {
			list[i].Deliveries = append(list[i].Deliveries, l.recentDelivery(d))
		}
	}
	return list, nil
}

// recentUpload is an upload as the page shows it. What isn't known is left out.
func (l pageLanguage) recentUpload(e uploads.Entry) templates.RecentUpload {
	data, _ := uploads.ReadEvent(e.Data) // an upload that is issued has none
	var planned struct {
		Filename string `json:"fnm"`
		Key      string `json:"key"`
	}
	_ = json.Unmarshal(e.Claims, &planned) // of an earlier release it may lack some
	out := templates.RecentUpload{State: string(e.State), StateLabel: l.Text("page.recent.state." + string(e.State)),
		Name: cmp.Or(data.Upload.Filename, planned.Filename)}
	if out.Name == "" {
		out.Name = e.Profile // of a form without script, which tells no name
		if e.State == uploads.StateIssued {
			out.StateLabel = l.Text("page.recent.state.unused")
		}
	}
	out.Details = l.details("page.recent.profile", e.Profile, "page.recent.subject", e.Subject, "page.recent.issued", moment(e.Issued))
	if e.State != uploads.StateIssued {
		out.Details = append(out.Details, l.details("page.recent.decided", moment(e.Changed), "page.recent.reason", string(data.Code))...)
	}
	if data.Upload.ETag != "" {
		out.Details = append(out.Details, l.details("page.result.size", l.Size(data.Upload.Size), "page.result.type", l.FileType(data.Upload.Type))...)
	}
	out.Details = append(out.Details, l.details("page.recent.key", planned.Key, "page.recent.upload", e.ID)...)
	return out
}

// recentDelivery is a delivery as the page shows it.
func (l pageLanguage) recentDelivery(d ledger.Delivery) templates.RecentDelivery {
	out := templates.RecentDelivery{State: string(d.State), StateLabel: l.Text("page.recent.delivery." + string(d.State)), Event: eventPrefix + string(d.Event)}
	answer, next := "", ""
	if d.Status != 0 {
		answer = fmt.Sprint(d.Status)
	}
	if d.State == ledger.DeliveryWaiting {
		next = moment(d.Due)
	}
	out.Details = l.details("page.recent.attempts", fmt.Sprint(d.Attempts), "page.recent.answer", answer, "page.recent.reason", printable(d.Reason), "page.recent.next", next)
	return out
}

// received is a delivery that dev's receiver has taken, as the page shows it.
func (l pageLanguage) received(got receivedWebhook) templates.ReceivedWebhook {
	var body bytes.Buffer
	if json.Indent(&body, got.body, "", "  ") != nil {
		body = *bytes.NewBuffer(got.body)
	}
	return templates.ReceivedWebhook{Event: got.event, Body: body.String(), Details: l.details(
		"page.recent.upload", got.upload, "page.recent.received.at", moment(got.at), "page.recent.received.id", got.id,
		"page.recent.received.sequence", fmt.Sprint(got.sequence), "page.recent.received.times", fmt.Sprint(got.times))}
}

// details are terms by their keys and values in turn, without those that have no value.
func (l pageLanguage) details(keysAndValues ...string) (list []templates.Detail) {
	for i := 0; i < len(keysAndValues); i += 2 {
		if value := keysAndValues[i+1]; value != "" {
			list = append(list, templates.Detail{Term: l.Text(keysAndValues[i]), Value: value})
		}
	}
	return list
}

// moment is an instant as a log has it: the page is for whoever reads logs beside it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

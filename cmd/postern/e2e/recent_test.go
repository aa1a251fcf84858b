package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/templates"
)

// recentView is the page of the last uploads with each state of an upload and of a delivery, long
// names and hostile ones.
func recentView(frame templates.Page) templates.RecentView {
	view := templates.RecentView{
		Page: frame, Heading: "Last uploads", Intro: "The latest upload is first.", Empty: "Nothing was uploaded yet.", Note: "Older uploads are not shown.",
		WebhooksLabel: "Webhooks", ReceivedHeading: "What the webhook receiver got", ReceivedIntro: "This server has a webhook to itself.",
		ReceivedEmpty: "Nothing has come yet.", BodyLabel: "Content",
		Again: templates.Link{URL: "/recent/full", Text: "Look again"}, Back: templates.Link{URL: "/", Text: "Back to Postern"},
	}
	long := strings.Repeat("a_rather_long_name_without_any_blank_", 6) + ".png"
	details := []templates.Detail{{Term: "Profile", Value: "photos"}, {Term: "Issued", Value: "2026-11-27 12:00:00 UTC"}, {Term: "Stored as", Value: "users/guest/2026/11/" + long}}
	for i, state := range []string{"issued", "accepted", "refused", "aborted", "expired", "replaced", "removed"} {
		name := []string{"garden.png", long, `<img src=x onerror="document.title='attacked'">.png`, "حديقة.png"}[i%4]
		upload := templates.RecentUpload{State: state, StateLabel: strings.ToUpper(state[:1]) + state[1:], Name: name, Details: details}
		for _, delivery := range []struct{ state, label string }{{"waiting", "Waiting"}, {"done", "Delivered"}, {"failed", "Given up"}} {
			if state == "accepted" || state == "refused" {
				upload.Deliveries = append(upload.Deliveries, templates.RecentDelivery{State: delivery.state, StateLabel: delivery.label, Event: "upload." + state,
					Details: []templates.Detail{{Term: "Attempts", Value: "3"}, {Term: "Last answer", Value: "503"}, {Term: "Reason", Value: strings.Repeat("tls: ", 40)}}})
			}
		}
		view.Uploads = append(view.Uploads, upload)
	}
	view.Received = []templates.ReceivedWebhook{{Event: "upload.accepted", Details: details, Body: "{\n  \"key\": \"" + long + "\"\n}"}}
	return view
}

func TestTheLastUploadsFitAndAreAccessibleInEveryState(t *testing.T) {
	t.Parallel()
	h := widgetHandlers(t)
	e := echoServer(h)
	e.GET("/recent/:page", h.Page(func(c echo.Context) error {
		view := recentView(h.Frame(h.Texts(c.Request()), "Last uploads"))
		if c.Param("page") == "empty" {
			view.Uploads, view.Received, view.Note = nil, nil, ""
		}
		return handlers.Render(c, http.StatusOK, templates.Recent(view))
	}))
	b := newTab(t, tabOptions{})
	b.Proxy.serveHost("uploads.localhost", e)
	for _, page := range []string{"empty", "full"} {
		b.open(uploadsOrigin + "/recent/" + page)
		evaluate[any](b, `document.querySelectorAll("details").forEach(d => d.open = true)`)
		for _, width := range []int64{320, 375, 1280} {
			b.resize(width)
			b.requireFits("recent "+page, "en", "ltr")
			b.screenshotInLightAndDark(fmt.Sprintf("recent-%s-%d-%%s", page, width))
		}
		b.requireUsable("recent " + page)
		if title := evaluate[string](b, "document.title"); title != "Last uploads" {
			t.Errorf("a file name has run as script: the title is %q", title)
		}
	}
	b.requireCleanConsole()
}

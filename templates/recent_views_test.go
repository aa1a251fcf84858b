package templates_test

import "github.com/postern-dev/postern/templates"

// emptyRecent is the page of the last uploads before anything was uploaded.
func emptyRecent() templates.RecentView {
	return templates.RecentView{
		Page: page("Last uploads"), Heading: "Last uploads", Intro: "The latest upload is first.", Empty: "Nothing was uploaded yet.",
		WebhooksLabel: "Webhooks", ReceivedHeading: "What the webhook receiver got", ReceivedIntro: "This server has a webhook to itself.",
		ReceivedEmpty: "Nothing has come yet.", BodyLabel: "Content",
		Again: templates.Link{URL: "/recent", Text: "Look again"}, Back: templates.Link{URL: "/", Text: "Back to Postern"},
	}
}

// recentWithUploads has an upload and a delivery in each state that has a colour of its own.
func recentWithUploads() templates.RecentView {
	view := emptyRecent()
	view.Note = "Older uploads are not shown."
	view.Uploads = []templates.RecentUpload{
		{State: "issued", StateLabel: "Issued", Name: "plot.mp4", Details: []templates.Detail{{Term: "Profile", Value: "files"}}},
		{State: "accepted", StateLabel: "Accepted", Name: "garden.png", Details: []templates.Detail{{Term: "Size", Value: "4 kB"}}, Deliveries: []templates.RecentDelivery{
			{State: "waiting", StateLabel: "Waiting", Event: "upload.accepted", Details: []templates.Detail{{Term: "Last answer", Value: "503"}}},
			{State: "failed", StateLabel: "Given up", Event: "upload.removed", Details: []templates.Detail{{Term: "Reason", Value: "timeout"}}},
		}},
		{State: "refused", StateLabel: "Refused", Name: "notes.png", Details: []templates.Detail{{Term: "Reason", Value: "type_not_allowed"}}, Deliveries: []templates.RecentDelivery{
			{State: "done", StateLabel: "Delivered", Event: "upload.refused"},
		}},
	}
	view.Received = []templates.ReceivedWebhook{{Event: "upload.refused", Details: []templates.Detail{{Term: "Sequence", Value: "1"}}, Body: "{\n  \"type\": \"upload.refused\"\n}"}}
	return view
}

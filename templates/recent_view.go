package templates

// RecentView is the page of a development server that lists the last uploads, and what its own
// webhook receiver got.
type RecentView struct {
	Page
	Heading, Intro string
	// Uploads are the last uploads, the latest first. Without any, Empty is shown in their place.
	Uploads []RecentUpload
	Empty   string
	// Note says what an upload leaves out that is shown here; "" where nothing is left out.
	Note string
	// WebhooksLabel is the heading of the deliveries of each upload.
	WebhooksLabel string
	// ReceivedHeading and ReceivedIntro are above what the receiver got; ReceivedEmpty is shown
	// where that is nothing.
	ReceivedHeading, ReceivedIntro, ReceivedEmpty string
	Received                                      []ReceivedWebhook
	// BodyLabel is what opens the body of a delivery.
	BodyLabel string
	// Again loads the page once more, Back leads to the start page.
	Again, Back Link
}

// RecentUpload is one upload and what the application was told of it.
type RecentUpload struct {
	// State chooses the colour: issued, accepted, refused, aborted, expired, replaced or removed.
	State, StateLabel string
	// Name is the file's name, or that of the profile where nobody said one.
	Name       string
	Details    []Detail
	Deliveries []RecentDelivery
}

// RecentDelivery is one delivery of an event.
type RecentDelivery struct {
	// State chooses the colour: waiting, done or failed.
	State, StateLabel string
	Event             string // such as upload.accepted
	Details           []Detail
}

// ReceivedWebhook is one delivery as the receiver got it.
type ReceivedWebhook struct {
	Event   string
	Details []Detail
	Body    string // JSON
}

package webhooks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/postern-dev/postern/handlers/receipts"
)

// Type says what became of an upload.
type Type string

// The types of events.
const (
	Accepted Type = "upload.accepted" // verified at the store
	Refused  Type = "upload.refused"  // differed from its plan, and was removed
	Aborted  Type = "upload.aborted"  // given up by the visitor before acceptance
	Replaced Type = "upload.replaced" // another object took its place
	Removed  Type = "upload.removed"  // removed after acceptance
	Expired  Type = "upload.expired"  // nothing had arrived when its time ended
)

var types = []Type{Accepted, Refused, Aborted, Replaced, Removed, Expired}

// Event is one change of one upload, with the state that the upload has since then.
type Event struct {
	Type Type
	Time time.Time // when it happened
	// Upload has what is known of the upload, in the members of a receipt; ID, Subject, Profile,
	// Bucket and Key always.
	Upload receipts.Receipt
	// Issuer is the public URL of the server.
	Issuer string
	// Receipt is the signed receipt of an accepted upload. "": none.
	Receipt string
	// Sequence counts the events of one upload from 1: the greater one is the later one, in
	// whatever order they arrive.
	Sequence int64
	// Code says why an upload was refused, as the API does. "": it wasn't.
	Code string
	// NewETag and NewVersion name the object that has taken the place of an accepted one. "": none.
	NewETag, NewVersion string
}

// Message is an event as it is delivered. Stored and sent again it keeps ID and Body.
type Message struct {
	ID   string // the header webhook-id
	Body []byte // JSON
}

// body is the JSON of an event.
type body struct {
	Type      Type      `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

// data has the members of a receipt, by the same names. What an upload without receipt doesn't have
// is left out.
type data struct {
	Issuer     string            `json:"iss"`
	Audience   string            `json:"aud,omitzero"`
	ID         string            `json:"jti"`
	Subject    string            `json:"sub"`
	Profile    string            `json:"profile"`
	Bucket     string            `json:"bucket"`
	Key        string            `json:"key"`
	Version    string            `json:"version,omitzero"`
	Size       *int64            `json:"size,omitzero"`
	Type       string            `json:"type,omitzero"`
	ETag       string            `json:"etag,omitzero"`
	Filename   string            `json:"filename,omitzero"`
	Checksum   string            `json:"checksum,omitzero"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Nonce      string            `json:"nonce,omitzero"`
	IssuedAt   int64             `json:"iat,omitzero"`
	Expires    int64             `json:"exp,omitzero"`
	Receipt    string            `json:"receipt,omitzero"`
	Code       string            `json:"code,omitzero"`
	NewETag    string            `json:"newEtag,omitzero"`
	NewVersion string            `json:"newVersion,omitzero"`
	Sequence   int64             `json:"sequence"`
}

// messageID matches the IDs that may be signed: without a full stop, which separates ID, timestamp
// and body in the signed text.
var messageID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// NewMessage encodes an event. It returns an error for an ID with anything but letters, digits, _
// and -, for an unknown type, and for an event without time, sequence or one of the members that
// every upload has.
func NewMessage(id string, e Event) (Message, error) {
	switch u := e.Upload; {
	case !messageID.MatchString(id):
		return Message{}, fmt.Errorf("webhooks: message ID %q: wanted 1 to 100 letters, digits, _ and -", id)
	case !slices.Contains(types, e.Type):
		return Message{}, fmt.Errorf("webhooks: type %q: wanted one of %q", e.Type, types)
	case e.Time.IsZero() || e.Sequence < 1:
		return Message{}, fmt.Errorf("webhooks: message %s: wanted Time, and Sequence from 1, got %d", id, e.Sequence)
	case u.ID == "" || u.Subject == "" || u.Profile == "" || u.Bucket == "" || u.Key == "":
		return Message{}, fmt.Errorf("webhooks: message %s: wanted ID, Subject, Profile, Bucket and Key of an upload", id)
	}
	text, err := json.Marshal(body{e.Type, e.Time.UTC(), e.data()})
	if err != nil {
		return Message{}, fmt.Errorf("webhooks: message %s: %w", id, err)
	}
	return Message{ID: id, Body: text}, nil
}

// data is what an event says. The size is there where an object is known, which always has an ETag:
// an empty file has size 0, and one that never arrived has none.
func (e Event) data() data {
	u := e.Upload
	d := data{
		Issuer: e.Issuer, ID: u.ID, Subject: u.Subject, Profile: u.Profile, Bucket: u.Bucket, Key: u.Key, Version: u.Version,
		Type: u.Type, ETag: u.ETag, Filename: u.Filename, Checksum: u.Checksum, Metadata: u.Metadata, Nonce: u.Nonce,
		Receipt: e.Receipt, Code: e.Code, NewETag: e.NewETag, NewVersion: e.NewVersion, Sequence: e.Sequence,
	}
	if u.ETag != "" {
		d.Size = &u.Size
	}
	if e.Receipt != "" {
		d.Audience, d.IssuedAt, d.Expires = receipts.Audience, u.Issued.Unix(), u.Expires.Unix()
	}
	return d
}

package uploads

import (
	"encoding/json"
	"fmt"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/receipts"
)

// EventData is what an event says of an upload.
type EventData struct {
	// Upload has what is known of the upload: ID, Subject, Profile, Bucket and Key always, the rest
	// of an accepted object.
	Upload receipts.Receipt
	// Code says why an upload was refused; "" where it wasn't.
	Code problem.Code
	// NewETag and NewVersion name the object in the place of an accepted one; "" where none is.
	NewETag, NewVersion string
}

// eventJSON is EventData as the ledger keeps it, by the names that a receipt has.
type eventJSON struct {
	ID         string            `json:"jti"`
	Subject    string            `json:"sub"`
	Profile    string            `json:"profile"`
	Bucket     string            `json:"bucket"`
	Key        string            `json:"key"`
	Version    string            `json:"version,omitempty"`
	Size       int64             `json:"size,omitempty"`
	Type       string            `json:"type,omitempty"`
	ETag       string            `json:"etag,omitempty"`
	Filename   string            `json:"filename,omitempty"`
	Checksum   string            `json:"checksum,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Nonce      string            `json:"nonce,omitempty"`
	Code       problem.Code      `json:"code,omitempty"`
	NewETag    string            `json:"newEtag,omitempty"`
	NewVersion string            `json:"newVersion,omitempty"`
}

// json encodes the data for Decision.Data.
func (d EventData) json() []byte {
	u := d.Upload
	text, err := json.Marshal(eventJSON{u.ID, u.Subject, u.Profile, u.Bucket, u.Key, u.Version, u.Size, u.Type, u.ETag, u.Filename,
		u.Checksum, u.Metadata, u.Nonce, d.Code, d.NewETag, d.NewVersion})
	if err != nil {
		panic(err) // texts and numbers are always encoded
	}
	return text
}

// ReadEvent reads Entry.Data, or the data of an event.
func ReadEvent(data []byte) (EventData, error) {
	var e eventJSON
	if err := json.Unmarshal(data, &e); err != nil {
		return EventData{}, fmt.Errorf("uploads: data of an event: %w", err)
	}
	return EventData{Code: e.Code, NewETag: e.NewETag, NewVersion: e.NewVersion, Upload: receipts.Receipt{
		ID: e.ID, Subject: e.Subject, Profile: e.Profile, Bucket: e.Bucket, Key: e.Key, Version: e.Version, Size: e.Size, Type: e.Type,
		ETag: e.ETag, Filename: e.Filename, Checksum: e.Checksum, Metadata: e.Metadata, Nonce: e.Nonce}}, nil
}

// completed is the accepted object that the data describe.
func (d EventData) completed() Completed {
	u := d.Upload
	return Completed{ID: u.ID, Profile: u.Profile, Subject: u.Subject, Bucket: u.Bucket, Key: u.Key, Filename: u.Filename, Nonce: u.Nonce,
		Size: u.Size, Type: u.Type, ETag: u.ETag, Version: u.Version, Checksum: u.Checksum, Metadata: u.Metadata}
}

// planned is what is known of an upload without an object.
func (u Upload) planned() receipts.Receipt {
	return receipts.Receipt{ID: u.ID, Subject: u.Subject, Profile: u.Profile, Bucket: u.Bucket, Key: u.Key, Filename: u.Filename, Nonce: u.Nonce}
}

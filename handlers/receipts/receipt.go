package receipts

import "time"

// Type is the typ of a receipt's header, Audience its aud. No other token of Postern has them.
const (
	Type     = "postern-receipt+jwt"
	Audience = "postern:receipt"
)

// MaxBytes is the longest receipt that is minted or read.
const MaxBytes = 4 << 10

// Receipt is what a receipt says about one stored object. ID, Subject, Profile, Bucket, Key and
// ETag are always there.
type Receipt struct {
	ID       string            // of the upload
	Subject  string            // who uploaded
	Profile  string            // name of the profile
	Bucket   string            // where the object is
	Key      string            // in the bucket
	Version  string            // "" where the bucket has no versions
	ETag     string            // as the store gave it, with its quotes
	Size     int64             // bytes
	Type     string            // content type
	Filename string            // what the visitor called the file; "" where nobody said
	Checksum string            // base64 of the whole object's checksum; "" where the profile has none
	Metadata map[string]string // user metadata, names without x-amz-meta-
	Nonce    string            // of the host's session; "" for none
	Issued   time.Time         // whole seconds, UTC; set by Mint
	Expires  time.Time         // whole seconds, UTC; set by Mint
}

// Expected is what the reader of a receipt knows beforehand. Profile and Subject are required:
// without them, anybody's receipt for anything would do.
type Expected struct {
	Profile string
	Subject string
	// Nonce has to be the receipt's. On public profiles everybody is the same subject, and only the
	// nonce tells whose receipt it is.
	Nonce string
}

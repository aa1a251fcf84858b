package sigv4

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a text that is never shown: printing, logging and encoding it give "[redacted]".
// string(s) is the secret. Don't use it as the key of a map that is encoded as JSON: encoding/json
// writes such keys as they are.
type Secret string

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", which also covers JSON and XML.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

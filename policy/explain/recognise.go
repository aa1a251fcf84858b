package explain

import (
	"bytes"
	"encoding/json"
	"strings"
)

// recognise tells the kinds of input apart, mostly by how they begin; "" is none of them.
func recognise(text string) Kind {
	lower := strings.ToLower(text)
	switch {
	case strings.HasPrefix(lower, "https://") || strings.HasPrefix(lower, "http://"):
		return KindURL
	case strings.HasPrefix(text, "{"):
		return recogniseJSON(text)
	case isCommand(text):
		return KindCommand
	case strings.HasPrefix(text, "<") && (strings.Contains(lower, "<form") || strings.Contains(lower, "<input")):
		return KindPage
	case strings.HasPrefix(text, "<") && strings.Contains(text, "Error>"), isErrorPage(text):
		return KindError
	case len(text) >= 4 && strings.Trim(text, base64Runes) == "":
		return KindPolicy
	case isErrorSentence(text):
		return KindError
	}
	return ""
}

// base64Runes are those of both alphabets, and white space.
const base64Runes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \r\n\t"

// recogniseJSON looks only for member names, so that JSON with a syntax error is explained, too.
func recogniseJSON(text string) Kind {
	switch {
	case strings.Contains(text, `"conditions"`) || strings.Contains(text, `"expiration"`) && !strings.Contains(text, `"fields"`):
		return KindPolicy
	case strings.Contains(text, `"fields"`) || strings.Contains(text, `"Values"`):
		return KindForm
	case isErrorJSON(text):
		return KindError
	}
	return KindPolicy
}

// answerURL returns the presigned URL of an answer of the JSON API: that of its PUT, or of its
// first part.
func answerURL(text string) string {
	type part struct{ URL string }
	var answer struct {
		Put   part
		Parts json.RawMessage
	}
	const most = 1 << 20 // of an answer with 100 parts
	if !strings.HasPrefix(text, "{") || len(text) > most || json.Unmarshal([]byte(text), &answer) != nil {
		return ""
	}
	d, first := json.NewDecoder(bytes.NewReader(answer.Parts)), part{}
	if open, _ := d.Token(); open != json.Delim('[') || !d.More() {
		return answer.Put.URL
	}
	_ = d.Decode(&first)
	return first.URL
}

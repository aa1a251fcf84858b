package explain

import (
	"encoding/xml"
	"strings"
)

// storeError is an answer of a store, as far as stores agree on it.
type storeError struct {
	Code, Message, Resource, Key, BucketName string
	Region, Endpoint                         string
	MaxSizeAllowed, MinSizeAllowed           string
	ProposedSize, ServerTime, RequestTime    string
	ArgumentName, ArgumentValue              string
	RequestID                                string `xml:"RequestId"`
	PartNumber                               string
}

// maxAnswerBytes bounds the memory for a store's answer. Stores answer with a few KiB.
const maxAnswerBytes = 128 << 10

// readStoreError reads a store's XML, or its message alone.
func (e *evidence) readStoreError(text string) {
	if !strings.HasPrefix(text, "<") {
		e.storeError = &storeError{Code: "AccessDenied", Message: text}
		return
	}
	var answer storeError
	text = text[:min(len(text), maxAnswerBytes)]
	if isUnusual(text) || xml.NewDecoder(strings.NewReader(text)).Decode(&answer) != nil || answer.Code == "" {
		e.addFault(Finding{Code: "answer_unreadable", Wanted: "an <Error> with a <Code>"})
		return
	}
	e.storeError = &answer
}

// isUnusual reports whether elements have more levels or more attributes than in any store's
// answer, which has three levels and one attribute. The decoder copies each of them more than once.
func isUnusual(text string) bool {
	const most = 16
	d := xml.NewDecoder(strings.NewReader(text))
	for depth := 0; depth <= most; {
		token, err := d.RawToken()
		if err != nil {
			return false // the decoder says what is wrong
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; len(token.Attr) > most {
				return true
			}
		case xml.EndElement:
			depth--
		}
	}
	return true
}

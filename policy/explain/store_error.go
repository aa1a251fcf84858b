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
	limited := strings.NewReader(text[:min(len(text), maxAnswerBytes)])
	if err := xml.NewDecoder(limited).Decode(&answer); err != nil || answer.Code == "" {
		e.addFault(Finding{Code: "answer_unreadable", Wanted: "an <Error> with a <Code>"})
		return
	}
	e.storeError = &answer
}

package setup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// document is a bucket's rules as the store's XML has them. Rules are cut out of its text and put
// into it, so that every other rule stays byte for byte, with elements that the SDK doesn't know.
type document struct {
	text    []byte
	rules   []span // of the rules' elements, in their order
	opening int    // where the root element's start tag ends
	closing int    // where its end tag begins
}

// span is a part of a text, in bytes.
type span struct{ from, to int }

// newDocument has no rules. The namespace is that of the S3 API reference's requests.
func newDocument(root string) document {
	start := "<" + root + ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
	return document{text: []byte(start + "</" + root + ">"), opening: len(start), closing: len(start)}
}

var errNamespaces = errors.New("setup: the store writes its rules with namespace prefixes, so none can be put between them")

// parseDocument finds the rules, which are the elements of that name right below the root.
func parseDocument(text []byte, root, element string) (document, error) {
	d := document{text: text}
	decoder := xml.NewDecoder(bytes.NewReader(text))
	depth := 0
	for {
		before := int(decoder.InputOffset())
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) && depth == 0 && d.opening > 0 {
			return d, nil
		}
		if err != nil {
			return d, fmt.Errorf("setup: read the store's %s: %w", root, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case depth <= 2 && token.Name.Space != "":
				return d, errNamespaces
			case depth == 1 && token.Name.Local != root:
				return d, fmt.Errorf("setup: wanted %s of the store, got %q", root, token.Name.Local)
			case depth == 1:
				d.opening = int(decoder.InputOffset())
			case depth == 2 && token.Name.Local == element:
				d.rules = append(d.rules, span{from: before})
			}
		case xml.EndElement:
			if depth == 1 {
				d.closing = before
			}
			if depth == 2 && token.Name.Local == element {
				d.rules[len(d.rules)-1].to = int(decoder.InputOffset())
			}
			depth--
		}
	}
}

// with returns the text after a change: without the rules at the indexes of drop, with the text of
// added ones before or behind the others.
func (d document) with(drop []int, added []byte, first bool) []byte {
	var out []byte
	if bytes.HasSuffix(d.text[:d.opening], []byte("/>")) { // a root without content
		root := bytes.Trim(d.text[:d.opening], "</> ")
		name, _, _ := bytes.Cut(root, []byte(" "))
		return slices.Concat(bytes.TrimSuffix(d.text[:d.opening], []byte("/>")), []byte(">"), added, []byte("</"), name, []byte(">"))
	}
	at := d.opening
	out = append(out, d.text[:at]...)
	if first {
		out = append(out, added...)
	}
	for _, i := range drop {
		out = append(out, d.text[at:d.rules[i].from]...)
		at = d.rules[i].to
	}
	out = append(out, d.text[at:d.closing]...)
	if !first {
		out = append(out, added...)
	}
	return append(out, d.text[d.closing:]...)
}

// unknownElements returns the names of elements of a document, each once, that the SDK's type of a
// rule has no member for. Its members are named after the elements, with an s behind lists.
func unknownElements(text []byte, rule reflect.Type, element string) (names []string) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	var within []reflect.Type // of the open elements; nil for the root
	for {
		token, err := decoder.Token()
		if err != nil { // the end: parseDocument has read the text
			return names
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			var next reflect.Type
			switch {
			case len(within) == 1 && name == element:
				next = rule
			case len(within) > 0:
				next = memberType(within[len(within)-1], name)
			}
			if len(within) > 0 && next == nil {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
				_ = decoder.Skip()
				continue
			}
			within = append(within, next)
		case xml.EndElement:
			within = within[:len(within)-1]
		}
	}
}

// memberType is the type of the member that an element is read into; nil for none.
func memberType(parent reflect.Type, element string) reflect.Type {
	if parent == nil || parent.Kind() != reflect.Struct {
		return nil
	}
	field, ok := parent.FieldByName(element)
	if !ok {
		field, ok = parent.FieldByName(element + "s")
	}
	if !ok {
		return nil
	}
	for field.Type.Kind() == reflect.Pointer || field.Type.Kind() == reflect.Slice {
		field.Type = field.Type.Elem()
	}
	return field.Type
}

// corsXML writes a rule as the element CORSRule of the S3 API reference.
func corsXML(rule types.CORSRule) any {
	return struct {
		XMLName       xml.Name `xml:"CORSRule"`
		ID            string   `xml:"ID"`
		AllowedOrigin []string
		AllowedMethod []string
		AllowedHeader []string
		ExposeHeader  []string
		MaxAgeSeconds int32
	}{xml.Name{}, aws.ToString(rule.ID), rule.AllowedOrigins, rule.AllowedMethods, rule.AllowedHeaders, rule.ExposeHeaders, aws.ToInt32(rule.MaxAgeSeconds)}
}

// lifecycleXML writes a rule of addLifecycle as the element Rule of the S3 API reference.
func lifecycleXML(rule types.LifecycleRule) any {
	type days struct {
		Days int32
	}
	type afterInitiation struct {
		DaysAfterInitiation int32
	}
	out := struct {
		XMLName    xml.Name `xml:"Rule"`
		ID         string   `xml:"ID"`
		Prefix     string   `xml:"Filter>Prefix"`
		Status     string
		Expiration *days            `xml:",omitempty"`
		Abort      *afterInitiation `xml:"AbortIncompleteMultipartUpload,omitempty"`
	}{ID: aws.ToString(rule.ID), Prefix: aws.ToString(rule.Filter.Prefix), Status: string(rule.Status)}
	if rule.Expiration != nil {
		out.Expiration = &days{aws.ToInt32(rule.Expiration.Days)}
	}
	if abort := rule.AbortIncompleteMultipartUpload; abort != nil {
		out.Abort = &afterInitiation{aws.ToInt32(abort.DaysAfterInitiation)}
	}
	return out
}

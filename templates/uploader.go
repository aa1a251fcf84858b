package templates

import (
	"crypto/rand"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// attributes are the attributes of the element around the form, which the script reads.
func (view FormView) attributes() templ.OrderedAttributes {
	list := templ.OrderedAttributes{
		{Key: "endpoint", Value: view.Endpoint},
		{Key: "profile", Value: view.Profile},
		{Key: "catalog", Value: view.Catalog},
		{Key: "accept", Value: view.Accept},
		{Key: "min-size", Value: strconv.FormatInt(view.MinSize, 10)},
		{Key: "max-size", Value: strconv.FormatInt(view.MaxSize, 10)},
		{Key: "types", Value: strings.Join(view.Accepted, ",")},
		{Key: "type-names", Value: view.TypeNames},
		{Key: "multiple", Value: view.Multiple},
	}
	add := func(name string, value any) {
		list = append(list, templ.KeyValue[string, any]{Key: name, Value: value})
	}
	if len(view.Owners) > 0 {
		add("owners", strings.Join(view.Owners, " "))
	}
	if view.MaxFiles > 0 {
		add("max-files", strconv.Itoa(view.MaxFiles))
	}
	if len(view.AcceptMetadata) > 0 {
		add("accept-metadata", strings.Join(view.AcceptMetadata, " "))
	}
	if view.Removable > 0 {
		add("removable", strconv.FormatInt(view.Removable, 10))
	}
	if view.Checksum != "" {
		add("checksum", view.Checksum)
	}
	if view.Redirect != "" {
		add("redirect", view.Redirect)
	}
	if view.Embedded {
		add("embedded", true)
		add("parent-origins", strings.Join(view.ParentOrigins, " "))
	}
	return list
}

// elementIDs are the ids of the file control and of the rules that describe it, unique on the page.
func (view FormView) elementIDs() (file, rules string) {
	id := view.ID
	if id == "" {
		id = rand.Text()
	}
	return "postern-file-" + id, "postern-rules-" + id
}

package stores

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func contentLength(r *http.Request) string { return strconv.FormatInt(r.ContentLength, 10) }

// form takes a form post: the policy's signature is verified over its text, then every field has to
// be covered and every condition met.
func (d *double) form(w http.ResponseWriter, r *http.Request, body []byte) *refusal {
	if !d.forms {
		return refuse(501, "NotImplemented", "POST Object")
	}
	fields, file, err := readForm(r, body)
	if err != nil {
		return refuse(400, "MalformedPOSTRequest", "%v", err)
	}
	date := fields[d.prefix+"date"]
	scope := strings.Join([]string{date[:min(8, len(date))], d.zone, d.service, d.end}, "/")
	if fields[d.algorithmField] != d.algorithm || fields[d.prefix+"credential"] != accessKey+"/"+scope {
		return refuse(403, "AccessDenied", "signed as %s by %s", fields[d.algorithmField], fields[d.prefix+"credential"])
	}
	if !d.isSignature(scope, fields["policy"], fields[d.prefix+"signature"]) {
		return refuse(403, "SignatureDoesNotMatch", "the policy's signature")
	}
	if bad := d.checkPolicy(fields, len(file)); bad != nil {
		return bad
	}
	o, bad := d.readFields(fields)
	if bad != nil {
		return bad
	}
	o.data = file
	guarded := d.fieldGuard != "" && fields[d.fieldGuard] != ""
	if bad := d.store(w, fields["key"], o, guarded); bad != nil {
		return bad
	}
	if to := fields["success_action_redirect"]; to != "" {
		w.Header().Set("Location", to)
		w.WriteHeader(303)
		return nil
	}
	w.WriteHeader(201)
	return nil
}

func readForm(r *http.Request, body []byte) (map[string]string, []byte, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, err
	}
	fields := map[string]string{}
	reader := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := reader.NextPart()
		if err != nil {
			return nil, nil, fmt.Errorf("no file: %w", err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			return fields, content, nil
		}
		if _, twice := fields[name]; twice {
			return nil, nil, fmt.Errorf("%s twice", name)
		}
		fields[name] = string(content)
	}
}

// checkPolicy compares a form with its policy.
func (d *double) checkPolicy(fields map[string]string, size int) *refusal {
	text, err := base64.StdEncoding.Strict().DecodeString(fields["policy"])
	var document struct {
		Expiration time.Time
		Conditions []any
	}
	if err != nil || json.Unmarshal(text, &document) != nil {
		return refuse(400, "InvalidPolicyDocument", "the policy can't be read")
	}
	if time.Now().After(document.Expiration) {
		return refuse(403, "AccessDenied", "Policy expired.")
	}
	covered := map[string]bool{"policy": true, d.prefix + "signature": true}
	for _, c := range document.Conditions {
		name, bad := meets(c, fields, size)
		if bad != nil {
			return bad
		}
		covered[name] = true
	}
	for name := range fields {
		if !covered[name] {
			return refuse(403, "AccessDenied", "Extra input fields: %s", name)
		}
	}
	return nil
}

// meets checks one condition and returns the name of its field.
func meets(condition any, fields map[string]string, size int) (string, *refusal) {
	list, ok := condition.([]any)
	if object, isObject := condition.(map[string]any); isObject && len(object) == 1 {
		for name, value := range object {
			list, ok = []any{"eq", "$" + name, value}, true
		}
	}
	if !ok || len(list) != 3 {
		return "", refuse(400, "InvalidPolicyDocument", "condition %v", condition)
	}
	if list[0] == "content-length-range" {
		low, _ := list[1].(float64)
		high, _ := list[2].(float64)
		if float64(size) < low || float64(size) > high {
			return "", refuse(400, "EntityTooLarge", "%d bytes", size)
		}
		return "", nil
	}
	name := strings.ToLower(strings.TrimPrefix(fmt.Sprint(list[1]), "$"))
	got := fields[name]
	if name == "bucket" {
		got = bucket
	}
	if list[0] != "eq" || got != list[2] {
		return name, refuse(403, "AccessDenied", "Policy Condition failed: %v", condition)
	}
	return name, nil
}

// readFields makes an object of a form's fields; a field that the store doesn't know is ignored, as
// stores do.
func (d *double) readFields(fields map[string]string) (*object, *refusal) {
	o := &object{attributes: map[string]string{"type": "binary/octet-stream"}, metadata: map[string]string{}, tags: map[string]string{}, changed: time.Now()}
	for name, value := range fields {
		if meta, ok := strings.CutPrefix(name, d.prefix+"meta-"); ok {
			o.metadata[meta] = value
			continue
		}
		attribute, ok := d.fields[name]
		if !ok {
			continue
		}
		if attribute == "tags" {
			var list struct {
				TagSet struct{ Tag []struct{ Key, Value string } }
			}
			if err := xml.Unmarshal([]byte(value), &list); err != nil {
				return nil, refuse(400, "MalformedXML", "%v", err)
			}
			for _, tag := range list.TagSet.Tag {
				o.tags[tag.Key] = tag.Value
			}
			continue
		}
		if bad := d.setAttribute(o, attribute, value); bad != nil {
			return nil, bad
		}
	}
	return o, nil
}

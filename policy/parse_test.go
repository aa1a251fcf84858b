package policy_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
)

// wrap puts one condition into a policy.
func wrap(condition string) string {
	return `{"expiration":"2026-03-01T12:00:00.000Z","conditions":[` + condition + `]}`
}

// expire puts an expiration into a policy.
func expire(at string) string { return `{"expiration":` + at + `,"conditions":[]}` }

func TestParse(t *testing.T) {
	t.Parallel()
	text := " \r\n{ \"conditions\" : [ {\"acl\":\"private\"} ,[\"eq\",\"$key\",\"a\\u002fb\\\"\\\\\\n\\uD83D\\uDE00\"],\n" +
		"[\"starts-with\",\"$Content-Type\",\"image/\"],[\"content-length-range\", 1 , 9223372036854775807 ] ] ,\"expiration\":\"2026-03-01T12:00:00.5Z\" }\t"
	for name, text := range map[string]string{"JSON": text, "base64": base64.StdEncoding.EncodeToString([]byte(text))} {
		d, err := policy.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, c := range d.Conditions {
			got = append(got, c.String())
		}
		wanted := []string{`["eq", "$acl", "private"]`, `["eq", "$key", "a/b\"\\\n😀"]`, `["starts-with", "$Content-Type", "image/"]`, `["content-length-range", 1, 9223372036854775807]`}
		if !reflect.DeepEqual(got, wanted) || !d.Expiration.Equal(noon.Add(500*time.Millisecond)) {
			t.Errorf("%s: got %s until %s", name, got, d.Expiration)
		}
	}
}

func TestParseReadsConditionsThatSignRefuses(t *testing.T) {
	t.Parallel()
	d, err := policy.Parse(wrap(`["starts-with","$key","${filename}"],{"x-amz-date":"x"},["content-length-range",3,1]`))
	if err != nil {
		t.Fatal(err)
	}
	if !hasReason(d.Conditions[0].Err(), policy.ReasonDollar) || !hasReason(d.Conditions[2].Err(), policy.ReasonRange) {
		t.Errorf("got %v and %v", d.Conditions[0].Err(), d.Conditions[2].Err())
	}
}

var parseRefusals = map[string]struct{ text, wanted string }{
	"nothing":                             {"{‸", "a member, got the end"},
	"an empty object":                     {"{‸}", "a member"},
	"an unknown member":                   {`{"expiration":"2026-03-01T12:00:00Z","conditions":[],‸"version":"1"}`, `alone, got "version"`},
	"a member in upper case":              {`{‸"Expiration":"2026-03-01T12:00:00Z","conditions":[]}`, `got "Expiration"`},
	"expiration twice":                    {`{"expiration":"2026-03-01T12:00:00Z",` + "\n" + `‸"expiration":"2027-03-01T12:00:00Z","conditions":[]}`, `another "expiration"`},
	"expiration twice, once escaped":      {`{"expiration":"2026-03-01T12:00:00Z","conditions":[],‸"expir\u0061tion":"2027-03-01T12:00:00Z"}`, `another "expiration"`},
	"conditions twice":                    {`{"conditions":[],‸"conditions":[],"expiration":"2026-03-01T12:00:00Z"}`, `another "conditions"`},
	"no expiration":                       {`{‸"conditions":[]}`, "only one"},
	"no conditions":                       {`{‸"expiration":"2026-03-01T12:00:00Z"}`, "only one"},
	"text after the policy":               {wrap(``) + " ‸x", "the end, got 'x'"},
	"a second policy after it":            {wrap(``) + "‸" + wrap(``), "the end, got an object"},
	"a comma too many in conditions":      {wrap(`{"a":"b"},‸`), "a condition, an object or an array, got ']'"},
	"a comma too many in members":         {`{"expiration":"2026-03-01T12:00:00Z","conditions":[],‸}`, "a member"},
	"conditions that aren't an array":     {`{"expiration":"2026-03-01T12:00:00Z","conditions":‸{"acl":"x"}}`, "'[', got an object"},
	"a condition that is a string":        {wrap(`‸"acl"`), "a condition, an object or an array, got a string"},
	"null as a condition":                 {wrap(`‸null`), "got 'n'"},
	"an empty condition":                  {wrap(`{‸}`), "a field name, got '}'"},
	"several properties":                  {wrap(`{"acl":"a"‸,"key":"b"}`), "one property in a condition, got another"},
	"a number as value":                   {wrap(`{"success_action_status":‸201}`), "a string, got a number"},
	"null as value":                       {wrap(`{"acl":‸null}`), "a string, got 'n'"},
	"an object as value":                  {wrap(`{"acl":‸{}}`), "a string, got an object"},
	"an empty field name":                 {wrap(`{‸"":"a"}`), `a field name, got ""`},
	"a dollar in an object's name":        {wrap(`{‸"$key":"a"}`), `a field name, got "$key"`},
	"no operator":                         {wrap(`[‸]`), "an operator, got ']'"},
	"an unknown operator":                 {wrap(`[‸"ends-with","$key","a"]`), `eq, starts-with or content-length-range, got "ends-with"`},
	"an operator in upper case":           {wrap(`[‸"EQ","$key","a"]`), `got "EQ"`},
	"a field without its dollar":          {wrap(`["eq",‸"key","a"]`), `a field name after a $, got "key"`},
	"a field with two dollars":            {wrap(`["eq",‸"$$key","a"]`), `got "$$key"`},
	"a dollar alone":                      {wrap(`["eq",‸"$","a"]`), `got "$"`},
	"two items":                           {wrap(`["eq","$key"‸]`), "',', got ']'"},
	"four items":                          {wrap(`["eq","$key","a"‸,"b"]`), "three items in a condition, got another"},
	"a range of one number":               {wrap(`["content-length-range",1‸]`), "',', got ']'"},
	"a range of three":                    {wrap(`["content-length-range",1,2‸,3]`), "three items"},
	"a range of strings":                  {wrap(`["content-length-range",‸"1","2"]`), "a whole number of bytes, got a string"},
	"a negative size":                     {wrap(`["content-length-range",‸-1,2]`), "got -1"},
	"a size with a fraction":              {wrap(`["content-length-range",‸1.0,2]`), "got 1.0"},
	"a size with an exponent":             {wrap(`["content-length-range",1,‸1e6]`), "got 1e6"},
	"a size with leading zeros":           {wrap(`["content-length-range",‸01,2]`), "got 01"},
	"a size over 63 bits":                 {wrap(`["content-length-range",1,‸9223372036854775808]`), "got 9223372036854775808"},
	"a string without an end":             {`{"expiration‸`, `'"', got the end`},
	"an unknown escape":                   {wrap(`{"acl":"‸\x"}`), "an escape"},
	"an incomplete escape":                {wrap(`{"acl":"‸\u00"}`), "an escape"},
	"one half of a surrogate pair":        {wrap(`{"acl":"‸\ud83d"}`), "a pair of surrogates"},
	"a surrogate pair in the wrong order": {wrap(`{"acl":"‸\ude00\ud83d"}`), "a pair of surrogates"},
	"a line end in a string":              {wrap("{\"acl\":\"a‸\nb\"}"), "no control character"},
	"a control character after an escape": {wrap("{\"acl\":\"\\n‸\x01\"}"), "no control character"},
	"invalid UTF-8":                       {wrap("{\"acl\":\"ab‸\xff\"}"), "UTF-8, got byte 0xff"},
	"invalid UTF-8 after an escape":       {wrap("{\"acl\":\"\\n‸\xff\"}"), "UTF-8"},
	"a number as expiration":              {expire(`‸1772366400`), "an instant in UTC, got a number"},
	"an offset":                           {expire(`‸"2026-03-01T12:00:00+00:00"`), "2026-03-01T12:00:00+00:00"},
	"no zone":                             {expire(`‸"2026-03-01T12:00:00"`), "an instant"},
	"a lower-case z":                      {expire(`‸"2026-03-01T12:00:00z"`), "an instant"},
	"a space for the T":                   {expire(`‸"2026-03-01 12:00:00Z"`), "an instant"},
	"a fraction after a comma":            {expire(`‸"2026-03-01T12:00:00,5Z"`), "an instant"},
	"an hour of one digit":                {expire(`‸"2026-03-01T2:00:00Z"`), "an instant"},
	"a day that does not exist":           {expire(`‸"2026-02-30T12:00:00Z"`), "an instant"},
	"the year zero":                       {expire(`‸"0000-01-01T00:00:00Z"`), "an instant"},
	"a fraction of ten digits":            {expire(`‸"2026-03-01T12:00:00.0000000001Z"`), "an instant"},
}

// ‸ marks the position that the error has to name.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range parseRefusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after, _ := strings.Cut(test.text, "‸")
			text := before + after
			d, err := policy.Parse(text)
			var fault *policy.SyntaxError
			if !errors.As(err, &fault) {
				t.Fatalf("got %v, %v, wanted a *SyntaxError", d, err)
			}
			if fault.Offset != len(before) || fault.Line != 1+strings.Count(before, "\n") || fault.Column != len(before)-strings.LastIndex(before, "\n") || !strings.Contains(err.Error(), test.wanted) || fault.Kind == policy.SyntaxBase64 {
				t.Errorf("got %v\n%s\nwanted %s", err, text[:fault.Offset]+"‸"+text[fault.Offset:], test.wanted)
			}
			if !reflect.DeepEqual(d, policy.Document{}) {
				t.Errorf("got a document along with the error: %v", d)
			}
			var read policy.Document
			if json.Unmarshal([]byte(text), &read) == nil {
				t.Error("encoding/json let it pass")
			}
		})
	}
}

func TestParseRefusesBase64(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte(wrap(`{"acl":"??>>"}`)))
	tests := map[string]struct {
		text   string
		offset int
		wanted string
	}{
		"a line end in the middle": {encoded[:40] + "\n" + encoded[40:], 40, "one line, got a line end"},
		"a line end at the end":    {encoded + "\r\n", len(encoded), "one line"},
		"no padding":               {strings.TrimRight(encoded, "="), len(strings.TrimRight(encoded, "=")) - 3, "padded"},
		"text after the padding":   {encoded + "AAAA", len(encoded), "padded"},
		"the URL alphabet":         {base64.URLEncoding.EncodeToString([]byte(wrap(`{"acl":"??>>"}`))), -1, "standard base64 alphabet"},
		"a space in front":         {" " + encoded, 0, "standard base64 alphabet"},
		"an empty object and more": {"e30a", -1, "a member"},
		"a percent sign":           {strings.Replace(encoded, "=", "%3D", 1), -1, "standard"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := policy.Parse(test.text)
			var fault *policy.SyntaxError
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), test.wanted) || (fault.Kind == policy.SyntaxBase64) != (test.wanted != "a member") || test.offset >= 0 && fault.Offset != test.offset {
				t.Errorf("got %v, %#v, wanted offset %d, %s", err, fault, test.offset, test.wanted)
			}
			if !reflect.DeepEqual(d, policy.Document{}) {
				t.Errorf("got a document along with the error: %v", d)
			}
		})
	}
}

func TestSyntaxErrorsNameTheCondition(t *testing.T) {
	t.Parallel()
	for text, wanted := range map[string]int{wrap(`{"a":"b"},{"c":1}`): 1, wrap(`[1]`): 0, `{"x"`: -1, wrap(`{"a":"b"}`) + "x": -1} {
		_, err := policy.Parse(text)
		var fault *policy.SyntaxError
		if !errors.As(err, &fault) || fault.Condition != wanted {
			t.Errorf("%s: got %v, wanted condition %d", text, err, wanted)
		}
	}
}

func TestSyntaxErrorsHaveAKind(t *testing.T) {
	t.Parallel()
	for text, wanted := range map[string]struct {
		kind   policy.SyntaxKind
		member string
	}{
		wrap(`{"a":"b"`):                        {policy.SyntaxJSON, "conditions"},
		wrap(`{"a":"b","c":1},{`):               {policy.SyntaxJSON, "conditions"},
		wrap("{\"a\":\"\xff\"}"):                {policy.SyntaxJSON, "conditions"},
		wrap(``) + "x":                          {policy.SyntaxJSON, ""},
		`{"expiration"`:                         {policy.SyntaxJSON, "expiration"},
		wrap(`{"a":1}`):                         {policy.SyntaxCondition, "conditions"},
		`{"conditions":{}}`:                     {policy.SyntaxCondition, "conditions"},
		expire(`"tomorrow"`):                    {policy.SyntaxExpiration, "expiration"},
		expire(`7`):                             {policy.SyntaxExpiration, "expiration"},
		`{"version":1}`:                         {policy.SyntaxMember, "version"},
		`{"conditions":[],"conditions":[]}`:     {policy.SyntaxMember, "conditions"},
		`{"conditions":[]}`:                     {policy.SyntaxMissing, "expiration"},
		`{"expiration":"2026-03-01T12:00:00Z"}`: {policy.SyntaxMissing, "conditions"},
		`{}`:                                    {policy.SyntaxMissing, ""},
		"e30":                                   {policy.SyntaxBase64, ""},
		"W10=":                                  {policy.SyntaxMember, ""},
	} {
		_, err := policy.Parse(text)
		var fault *policy.SyntaxError
		if !errors.As(err, &fault) || fault.Kind != wanted.kind || fault.Member != wanted.member {
			t.Errorf("%s: got %#v, wanted kind %q of member %q", text, err, wanted.kind, wanted.member)
		}
	}
}

package explain_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testwork"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
	"github.com/postern-dev/postern/policy/sigv4"
)

// items returns a text n times, with a different number of one length in the place of %d.
func items(n int, format, separator string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.ReplaceAll(format, "%d", strconv.Itoa(1_000_000+i))
	}
	return strings.Join(list, separator)
}

// simulatedFields returns n fields, whose names the other inputs have, too.
func simulatedFields(n int) []policy.Field {
	fields := make([]policy.Field, n)
	for i := range fields {
		fields[i] = policy.Field{Name: "a" + strconv.Itoa(1_000_000+i), Value: "v"}
	}
	return fields
}

// TestWorkGrowsWithTheItems tries every kind of item, up to the most that is looked at.
func TestWorkGrowsWithTheItems(t *testing.T) {
	const few = 37
	now := time.Unix(1_700_000_000, 0)
	secret := func(string) (sigv4.Secret, bool) { return "secret", true }
	onPolicy := func(conditions string) string {
		return `{"expiration":"2026-11-21T13:00:00Z","conditions":[` + conditions + `]}`
	}
	cases := map[string]struct {
		n    int
		text func(n int) string
		form func(n int) []policy.Field
	}{
		"conditions on different fields": {few, func(n int) string { return onPolicy(items(n, `{"a%d":"b"}`, ",")) }, nil},
		"conditions on one field":        {few, func(n int) string { return onPolicy(items(n, `{"a":"%d"}`, ",")) }, nil},
		"size ranges":                    {few, func(n int) string { return onPolicy(items(n, `["content-length-range",1,%d]`, ",")) }, nil},
		"fields with conditions":         {few, func(n int) string { return onPolicy(items(n, `{"a%d":"v"}`, ",")) }, simulatedFields},
		"fields without conditions":      {few, func(n int) string { return onPolicy(`{"key":"a"}`) }, simulatedFields},
		"fields beyond the bound":        {20_000, func(n int) string { return onPolicy(`{"key":"a"}`) }, simulatedFields},
		"fields of a form": {few, func(n int) string {
			return `{"url":"https://s3.example","fields":[` + items(n, `{"name":"a%d","value":"b"}`, ",") + `]}`
		}, nil},
		"fields that the visitor fills in": {few, func(n int) string {
			return `{"url":"https://s3.example","fields":[{"name":"policy","value":"` + base64.StdEncoding.EncodeToString([]byte(onPolicy(items(n, `["starts-with","$a%d",""]`, ",")))) + `"}],"open":[` + items(n, `"a%d"`, ",") + `]}`
		}, nil},
		"buttons":            {few, func(n int) string { return "<form action=https://s3.example>" + items(n, "<button name=a%d>", "") }, nil},
		"parts of a command": {few, func(n int) string { return "curl https://s3.example " + items(n, "-F a%d=b", " ") }, nil},
		"tags":               {20_000, func(n int) string { return "<form action=https://s3.example>" + strings.Repeat("<i>", n/16) }, nil},
		"parameters":         {200, func(n int) string { return "https://a.example/?X-Amz-Signature=a&" + items(n, "a%d=b", "&") }, nil},
		"headers of a URL": {200, func(n int) string {
			return "https://a.example/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID/20260101/us-east-1/s3/aws4_request&X-Amz-Date=20260101T000000Z" +
				"&X-Amz-Expires=60&X-Amz-Signature=a&X-Amz-SignedHeaders=" + items(n, "a%d", "%3B")
		}, func(n int) []policy.Field { return simulatedFields(min(n, 300)) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			work := func(n int) func() {
				text, o := c.text(n), explain.Options{Now: now, Secret: secret}
				if c.form != nil {
					o.Form = c.form(n)
				}
				return func() {
					if _, err := explain.Explain(text, o); err != nil {
						panic(fmt.Sprint(name, ": ", err))
					}
				}
			}
			testwork.RequireLinear(t, c.n, work)
		})
	}
}

// TestWorkGrowsWithTheBytes tries every kind of text.
func TestWorkGrowsWithTheBytes(t *testing.T) {
	for _, c := range parseBombs {
		t.Run(c.name, func(t *testing.T) {
			const size = 8 << 10
			work := func(size int) func() {
				text := c.text(size)
				return func() { timed(t, text) }
			}
			testwork.RequireLinear(t, size, work)
		})
	}
}

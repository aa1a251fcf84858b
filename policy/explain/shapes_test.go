package explain_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
)

const (
	shapeURL    = "https://example-bucket.s3.us-east-2.amazonaws.com/"
	shapeScope  = "AKIAIOSFODNN7EXAMPLE/20261127/us-east-2/s3/aws4_request"
	shapePolicy = `{"expiration": "2026-11-27T05:00:00Z", "conditions": [{"bucket": "example-bucket"}, ["starts-with", "$key", "up/"], ` +
		`["content-length-range", 1, 1000], {"x-amz-date": "20261127T020000Z"}, {"x-amz-credential": "` + shapeScope + `"}, {"x-amz-algorithm": "AWS4-HMAC-SHA256"}]}`
)

// shapeFields are those of a form that a store accepts.
var shapeFields = []policy.Field{
	{Name: "key", Value: "up/a.mp4"}, {Name: "x-amz-credential", Value: shapeScope}, {Name: "x-amz-algorithm", Value: "AWS4-HMAC-SHA256"},
	{Name: "x-amz-date", Value: "20261127T020000Z"}, {Name: "policy", Value: base64.StdEncoding.EncodeToString([]byte(shapePolicy))},
	{Name: "x-amz-signature", Value: strings.Repeat("a", 64)},
}

// each writes all fields: NAME, VALUE and LENGTH stand for those of one.
func each(format, separator string) string {
	list := make([]string, len(shapeFields))
	for i, f := range shapeFields {
		list[i] = strings.NewReplacer("NAME", f.Name, "VALUE", f.Value, "LENGTH", strconv.Itoa(len(f.Value))).Replace(format)
	}
	return strings.Join(list, separator)
}

var (
	shapeJSON  = `{"url": "` + shapeURL + `", "fields": {` + each(`"NAME": "VALUE"`, ", ") + `}}`
	shapeLines = "{\n  \"url\": \"" + shapeURL + "\",\n  \"fields\": {\n" + each(`    "NAME": "VALUE"`, ",\n") + "\n  }\n}"
	shapeBody  = each("------X\r\nContent-Disposition: form-data; name=\"NAME\"\r\n\r\nVALUE\r\n", "") +
		"------X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n\r\n------X--\r\n"
	shapeHTML = `<form action="` + shapeURL + `" method=post enctype=multipart/form-data>` + each(`<input type=hidden name="NAME" value="VALUE">`, "") + `<input type=file name=file></form>`
	crlf      = strings.NewReplacer("\r", `\r`, "\n", `\n`)
)

// shapes are the ways in which people have a signed form in front of them.
var shapes = map[string]string{
	"JSON":                             shapeJSON,
	"JSON on lines":                    shapeLines,
	"JSON in a JSON string":            strconv.Quote(shapeJSON),
	"JSON as Python bytes":             "b'" + shapeJSON + "'",
	"JSON in a list":                   "[" + shapeJSON + "]",
	"JSON in an answer of GraphQL":     `{"data": {"uploads": [{"post": {"url": "` + shapeURL + `", "fields": ` + strconv.Quote("{"+each(`"NAME": "VALUE"`, ",")+"}") + `}}]}}`,
	"JSON with lists of values":        `{"url": "` + shapeURL + `", "values": {` + each(`"NAME": ["VALUE"]`, ", ") + `}}`,
	"JSON with pairs":                  `["` + shapeURL + `", [` + each(`["NAME", "VALUE"]`, ", ") + `]]`,
	"JSON with keys and values":        `{"url": "` + shapeURL + `", "fields": [` + each(`{"key": "NAME", "value": "VALUE"}`, ", ") + `]}`,
	"JSON behind a command":            "$ curl -s https://api.example.com/presign\n" + shapeJSON,
	"JSON behind headers":              "HTTP/2 200\r\ncontent-type: application/json\r\n\r\n" + shapeJSON,
	"JSON in Markdown":                 "This is what I get:\n\n```json\n" + shapeLines + "\n```\n\nWhy?",
	"JSON in a mail":                   "> " + strings.ReplaceAll(shapeLines, "\n", "\n> "),
	"JSON with line numbers":           numbered(shapeLines),
	"JSON in the log of a container":   "api-1  | " + strings.ReplaceAll(shapeLines, "\n", "\napi-1  | "),
	"JSON in broken lines":             wrapped(shapeJSON, 80),
	"JSON with entities":               strings.ReplaceAll(shapeJSON, `"`, "&quot;"),
	"JSON with the quotes of Word":     smart(shapeJSON),
	"JSON with percent-encoding":       url.PathEscape(shapeJSON),
	"JSON as base64":                   base64.StdEncoding.EncodeToString([]byte(shapeJSON)),
	"JSON in colours":                  "\x1b[32m" + strings.ReplaceAll(shapeJSON, `"key"`, "\x1b[1m\"key\"\x1b[0m"),
	"a dict of Python":                 "{'url': '" + shapeURL + "', 'fields': {" + each("'NAME': 'VALUE'", ", ") + "}}",
	"a dict in the log of Python":      "2026-11-27 02:00:01,123 INFO app: got {'url': '" + shapeURL + "', 'fields': {" + each("'NAME': 'VALUE'", ", ") + "}}",
	"a dict with bytes":                "{'url': '" + shapeURL + "', 'fields': {" + each("'NAME': b'VALUE'", ", ") + "}}",
	"an ImmutableMultiDict":            "ImmutableMultiDict([" + each("('NAME', 'VALUE')", ", ") + "])",
	"a call of requests":               "fields = {" + each("'NAME': 'VALUE'", ", ") + "}\nrequests.post('" + shapeURL + "', data=fields, files={'file': open('a.mp4', 'rb')})",
	"a hash of Ruby":                   `{"url"=>"` + shapeURL + `", "fields"=>{` + each(`"NAME"=>"VALUE"`, ", ") + `}}`,
	"a hash of Ruby 3.4":               `{url: "` + shapeURL + `", fields: {` + each(`"NAME" => "VALUE"`, ", ") + `}}`,
	"a hash of symbols":                `{:url=>#<URI::HTTPS ` + shapeURL + `>, :fields=>{` + each(`:"NAME"=>"VALUE"`, ", ") + `}}`,
	"an object of Ruby":                `#<Aws::S3::PresignedPost:0x00007f8b @bucket_name="example-bucket", @url="` + shapeURL + `", @fields={` + each(`"NAME"=>"VALUE"`, ", ") + `}>`,
	"print_r":                          "Array\n(\n    [url] => " + shapeURL + "\n    [fields] => Array\n        (\n" + each("            [NAME] => VALUE", "\n") + "\n        )\n\n)\n",
	"print_r in one line":              "Array ( [url] => " + shapeURL + " [fields] => Array ( " + each("[NAME] => VALUE", " ") + " ) )",
	"print_r of objects":               "stdClass Object\n(\n    [url] => " + shapeURL + "\n    [fields] => stdClass Object\n        (\n" + each("            [NAME] => VALUE", "\n") + "\n        )\n)\n",
	"var_dump":                         "array(2) {\n  [\"url\"]=>\n  string(50) \"" + shapeURL + "\"\n  [\"fields\"]=>\n  array(6) {\n" + each("    [\"NAME\"]=>\n    string(LENGTH) \"VALUE\"", "\n") + "\n  }\n}",
	"var_dump of objects":              "object(stdClass)#1 (2) {\n  [\"url\"]=>\n  string(50) \"" + shapeURL + "\"\n  [\"fields\"]=>\n  object(stdClass)#2 (6) {\n" + each("    [\"NAME\"]=>\n    string(LENGTH) \"VALUE\"", "\n") + "\n  }\n}",
	"var_export":                       "array (\n  'url' => '" + shapeURL + "',\n  'fields' => \n  array (\n" + each("    'NAME' => 'VALUE',", "\n") + "\n  ),\n)",
	"an array in PHP code":             "$post = ['url' => '" + shapeURL + "', 'fields' => [" + each("'NAME' => 'VALUE'", ", ") + "]];",
	"a log of Laravel":                 "[2026-11-27 02:00:01] local.INFO: array (\n  'url' => '" + shapeURL + "',\n  'fields' => \n  array (\n" + each("    'NAME' => 'VALUE',", "\n") + "\n  ),\n)",
	"dd of Laravel":                    "array:2 [▼\n  \"url\" => \"" + shapeURL + "\"\n  \"fields\" => array:6 [▼\n" + each("    \"NAME\" => \"VALUE\"", "\n") + "\n  ]\n]",
	"an object of Node.js":             "{\n  url: '" + shapeURL + "',\n  fields: {\n" + each("    'NAME': 'VALUE'", ",\n") + "\n  }\n}",
	"an object of Firefox":             `Object { url: "` + shapeURL + `", fields: {` + each(`"NAME": "VALUE"`, ", ") + `} }`,
	"an object that Chrome unfolded":   "{url: '" + shapeURL + "', fields: {…}}\nfields: \n" + each(`NAME: "VALUE"`, "\n") + "\n[[Prototype]]: Object\nurl: \"" + shapeURL + "\"",
	"a Map":                            "Map(2) {'url' => '" + shapeURL + "', 'fields' => {" + each("'NAME': 'VALUE'", ", ") + "}}",
	"entries in Chrome's console":      each("(2) ['NAME', 'VALUE']", "\n") + "\n(2) ['file', File]",
	"entries in Firefox's console":     each(`Array [ "NAME", "VALUE" ]`, "\n"),
	"entries with commas":              each("NAME, VALUE", "\n") + "\nfile, [object File]",
	"entries with spaces":              each("NAME VALUE", "\n") + "\nfile File {name: 'a.mp4'}",
	"a FormData of Node.js":            "FormData { [Symbol(state)]: [ " + each("{ name: 'NAME', value: 'VALUE' }", ", ") + " ] }",
	"code that appends":                "const fd = new FormData();\n" + each("fd.append('NAME', 'VALUE');", "\n") + "\nfd.append('file', input.files[0]);\nfetch('" + shapeURL + "', { method: 'POST', body: fd });",
	"a struct and a map of Go":         "{" + shapeURL + " map[" + each("NAME:VALUE", " ") + "]}",
	"%+v of Go":                        "&{URL:" + shapeURL + " Values:map[" + each("NAME:VALUE", " ") + "]}",
	"%#v of Go":                        `&s3.PresignedPostRequest{URL:"` + shapeURL + `", Values:map[string]string{` + each(`"NAME":"VALUE"`, ", ") + `}}`,
	"two values of Go":                 shapeURL + " map[" + each("NAME:VALUE", " ") + "]",
	"a map of Java":                    "{" + each("NAME=VALUE", ", ") + "}",
	"a map of Elixir":                  `%{url: "` + shapeURL + `", fields: %{` + each(`"NAME" => "VALUE"`, ", ") + `}}`,
	"a struct of Rust":                 `PresignedPost { url: "` + shapeURL + `", fields: [` + each(`("NAME", "VALUE")`, ", ") + `] }`,
	"a dictionary of Swift":            `["url": "` + shapeURL + `", "fields": [` + each(`"NAME": "VALUE"`, ", ") + `]]`,
	"Data::Dumper":                     "$VAR1 = {\n          'url' => '" + shapeURL + "',\n          'fields' => {\n" + each("            'NAME' => 'VALUE'", ",\n") + "\n          }\n        };",
	"an object of PowerShell":          "url    : " + shapeURL + "\nfields : @{" + each("NAME=VALUE", "; ") + "}",
	"YAML":                             "url: " + shapeURL + "\nfields:\n" + each("  NAME: VALUE", "\n"),
	"YAML with a list":                 "url: \"" + shapeURL + "\"\nfields:\n" + each("  - name: NAME\n    value: \"VALUE\"", "\n"),
	"the fields that Chrome shows":     each("NAME: VALUE", "\n") + "\nfile: (binary)",
	"lines with equals signs":          each("NAME=VALUE", "\n"),
	"lines with tabs":                  each("NAME\tVALUE", "\n"),
	"a query":                          strings.ReplaceAll(each("NAME=VALUE", "&"), "+", "%2B"),
	"a body":                           shapeBody,
	"a body with its type":             "Content-Type: multipart/form-data; boundary=----X\n\n" + strings.ReplaceAll(shapeBody, "\r", ""),
	"a request":                        "POST / HTTP/1.1\r\nHost: example-bucket.s3.us-east-2.amazonaws.com\r\nContent-Type: multipart/form-data; boundary=----X\r\n\r\n" + shapeBody,
	"curl":                             "curl -X POST " + each("-F 'NAME=VALUE'", " ") + " -F file=@a.mp4 " + shapeURL,
	"HTTPie":                           "http --form POST " + shapeURL + " " + each("NAME='VALUE'", " ") + " file@a.mp4",
	"Chrome's cURL for bash":           "curl '" + shapeURL + "' \\\n  -H 'content-type: multipart/form-data; boundary=----X' \\\n  --data-raw $'" + crlf.Replace(shapeBody) + "'",
	"Firefox's cURL for bash":          "curl '" + shapeURL + "' -X POST -H 'Content-Type: multipart/form-data; boundary=----X' --data-binary $'" + crlf.Replace(shapeBody) + "'",
	"Chrome's cURL for cmd":            "curl " + carets(shapeURL) + " ^\n  -H " + carets("content-type: multipart/form-data; boundary=----X") + " ^\n  --data-raw " + carets(shapeBody),
	"Chrome's fetch":                   "fetch(\"" + shapeURL + "\", {\n  \"headers\": {\n    \"content-type\": \"multipart/form-data; boundary=----X\"\n  },\n  \"body\": " + strconv.Quote(shapeBody) + ",\n  \"method\": \"POST\"\n});",
	"Chrome's call of PowerShell":      "Invoke-WebRequest -UseBasicParsing -Uri \"" + shapeURL + "\" `\n-Method \"POST\" `\n-Headers @{\n\"Accept\"=\"*/*\"\n} `\n-ContentType \"multipart/form-data; boundary=----X\" `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"" + strings.NewReplacer(`"`, "`\"", "\r\n", "$([char]13)$([char]10)").Replace(shapeBody) + "\"))",
	"a page":                           shapeHTML,
	"a page with entities":             html.EscapeString(shapeHTML),
	"a page whose address is computed": strings.Replace(shapeHTML, `"`+shapeURL+`"`, "{url}", 1),
}

func numbered(text string) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		n++
		fmt.Fprintf(&b, "%4d  %s", n, line)
	}
	return b.String()
}

func wrapped(text string, width int) string {
	var b strings.Builder
	for ; len(text) > width; text = text[width:] {
		b.WriteString(text[:width] + "\n")
	}
	return b.String() + text
}

// smart writes the quotes of a word processor.
func smart(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, `"`) {
		if i > 0 {
			b.WriteString([]string{"”", "“"}[i%2])
		}
		b.WriteString(part)
	}
	return b.String()
}

// carets quotes an argument as Chrome does for cmd.
func carets(text string) string {
	text = strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	text = strings.NewReplacer("\r\n", "^\n\n", "%", "^%", "&", "^&", "$", "^$", "<", "^<", ">", "^>", "|", "^|", `"`, `^"`, "{", "^{", "}", "^}", "@", "^@").Replace(text)
	return `^"` + text + `^"`
}

func TestASignedFormIsReadInEveryShape(t *testing.T) {
	t.Parallel()
	for name, text := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(text, explain.Options{Now: time.Date(2026, 11, 27, 2, 10, 0, 0, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range report.Fields {
				got[f.Name] = f.Value
			}
			if !report.Accepted || got["key"] != "up/a.mp4" || got["x-amz-credential"] != shapeScope || len(got) != len(shapeFields) {
				t.Errorf("wanted a form that is accepted, with all its fields, got\n%s", report.Text())
			}
		})
	}
}

// TestNothingIsCalledMissingInAFormThatIsCutShort cuts each shape behind the policy, in its middle
// and before it.
func TestNothingIsCalledMissingInAFormThatIsCutShort(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"JSON", "JSON on lines", "a dict of Python", "a hash of Ruby", "print_r", "var_dump", "an object of Node.js", "a body", "Chrome's cURL for bash", "%#v of Go"} {
		text := shapes[name]
		at := strings.Index(text, shapeFields[4].Value)
		for _, end := range []int{at - 5, at + 40, at + len(shapeFields[4].Value) + 3} {
			t.Run(fmt.Sprint(name, " ", end), func(t *testing.T) {
				t.Parallel()
				report, err := explain.Explain(text[:end], explain.Options{Now: time.Date(2026, 11, 27, 2, 10, 0, 0, time.UTC)})
				if err != nil {
					return // it says nothing
				}
				for _, f := range report.Findings {
					if strings.Contains(f.Code, "missing") {
						t.Errorf("%s\nof %s", report.Text(), text[:end])
					}
				}
			})
		}
	}
}

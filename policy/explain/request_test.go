package explain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy/explain"
)

// presigned returns a presigned PUT URL with these signed headers, and parameters of its own.
func presigned(signedHeaders, parameters string) string {
	return "https://example-bucket.s3.eu-west-1.amazonaws.com/videos/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261127%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20261127T020000Z&X-Amz-Expires=3600" +
		"&X-Amz-SignedHeaders=" + signedHeaders + parameters + "&X-Amz-Signature=" + strings.Repeat("a", 64)
}

// presignedURLs are the URLs in the cases below, by the words in their place: HOST signs the host
// alone, TYPE the content type too, ACL the ACL, IDPutObject and IDGetObject name the operation.
var presignedURLs = strings.NewReplacer("HOST", presigned("host", ""), "TYPE", presigned("content-type%3Bhost", ""), "ACL", presigned("host%3Bx-amz-acl", ""),
	"IDPutObject", presigned("host", "&x-id=PutObject"), "IDGetObject", presigned("host", "&x-id=GetObject"),
	"QUERY", strings.SplitN(presigned("host", ""), "?", 2)[1])

// requests are commands and pieces of code around a presigned URL, with the code of the first
// error, "" for none.
var requests = []struct{ name, text, want string }{
	{`curl uploads a file`, `curl -T a.mp4 'HOST'`, ""},
	{`curl uploads a file without the signed type`, `curl -T a.mp4 'TYPE'`, "signed_header_missing"},
	{`curl sends the signed type`, `curl -H 'content-type: video/mp4' --upload-file a.mp4 'TYPE'`, ""},
	{`curl adds a type of its own`, `curl -X PUT --data-binary '@a.mp4' 'TYPE'`, "signed_header_missing"},
	{`curl alters the file`, `curl -X PUT -d @a.mp4 'HOST'`, "body_altered"},
	{`curl posts`, `curl -d @a.mp4 'HOST'`, "method_differs"},
	{`curl puts a form`, `curl -X PUT -F 'file=@a.mp4' 'HOST'`, "body_sent_as_form"},
	{`curl posts a form`, `curl -F 'file=@a.mp4' 'HOST'`, "body_sent_as_form"},
	{`curl reads standard input`, `cat a.mp4 | curl -T - 'HOST'`, "body_chunked"},
	{`curl sends a password`, `curl -u me:secretpass -T a.mp4 'HOST'`, "authorization_twice"},
	{`a signed ACL is not sent`, `curl -T a.mp4 'ACL'`, "signed_header_missing"},
	{`a signed ACL is sent`, `curl -T a.mp4 -H 'x-amz-acl: public-read' 'ACL'`, ""},
	{`metadata that is not signed`, `curl -T a.mp4 -H 'x-amz-meta-name: x' 'HOST'`, "header_unsigned"},
	{`an address without quotes`, `curl -T a.mp4 HOST`, "url_unquoted"},
	{`wget put`, `wget --method=PUT --body-file=a.mp4 'TYPE'`, "signed_header_missing"},
	{`wget put type`, `wget --method PUT --header 'Content-Type: video/mp4' --body-file=a.mp4 'TYPE'`, ""},
	{`wget post`, `wget --post-file=a.mp4 'HOST'`, "method_differs"},
	{`httpie put`, `http PUT 'HOST' < a.mp4`, ""},
	{`httpie put type`, `http PUT 'TYPE' Content-Type:video/mp4 < a.mp4`, ""},
	{`httpie form`, `http --form PUT 'HOST' file@a.mp4`, "body_sent_as_form"},
	{`httpie auth`, `http PUT 'HOST' Authorization:'Bearer abc' < a.mp4`, "authorization_twice"},
	{`fetch file`, `await fetch('HOST', { method: 'PUT', body: file })`, ""},
	{`fetch file type`, `await fetch('TYPE', { method: 'PUT', body: file, headers: { 'Content-Type': file.type } })`, ""},
	{`fetch formdata`, "const fd = new FormData();\nfd.append('file', file);\nawait fetch('HOST', { method: 'PUT', body: fd })", "body_sent_as_form"},
	{`fetch url var`, "const url = 'HOST';\nconst fd = new FormData();\nfd.append('file', file);\nfetch(url, {\n  method: 'PUT',\n  body: fd,\n});", "body_sent_as_form"},
	{`fetch post file`, `fetch('HOST', {method: 'POST', body: file})`, "method_differs"},
	{`fetch auth`, "fetch(`HOST`, {method: 'PUT', headers: {Authorization: `Bearer ${token}`}, body: file})", "authorization_twice"},
	{`fetch stringify`, `fetch('HOST', {method: 'PUT', body: JSON.stringify({file}), headers: {'Content-Type': 'application/json'}})`, ""},
	{`axios put`, `axios.put('HOST', file)`, ""},
	{`axios put hdr`, `axios.put("TYPE", file, { headers: { "Content-Type": file.type } })`, ""},
	{`axios fd`, "const formData = new FormData()\nformData.append('file', file)\naxios.put('TYPE', formData, { headers: { 'Content-Type': 'multipart/form-data' } })", "body_sent_as_form"},
	{`axios obj`, `axios({ method: 'put', url: 'HOST', data: file, headers: { 'x-amz-acl': 'public-read' } })`, "header_unsigned"},
	{`axios auth`, `axios.put('HOST', file, { headers: { Authorization: 'Bearer xyz' } })`, "authorization_twice"},
	{`xhr`, "var xhr = new XMLHttpRequest();\nxhr.open('PUT', 'HOST');\nxhr.setRequestHeader('Content-Type', file.type);\nxhr.setRequestHeader('x-amz-acl', 'public-read');\nxhr.send(file);", "header_unsigned"},
	{`xhr fd`, "const xhr = new XMLHttpRequest();\nxhr.open('PUT', 'HOST', true);\nconst formData = new FormData();\nformData.append('file', file);\nxhr.send(formData);", "body_sent_as_form"},
	{`jquery`, `$.ajax({ url: 'HOST', type: 'PUT', data: formData, processData: false, contentType: false })`, "body_sent_as_form"},
	{`requests put`, "import requests\nwith open('a.mp4', 'rb') as f:\n    r = requests.put('HOST', data=f)", ""},
	{`requests put files`, `requests.put('HOST', files={'file': open('a.mp4','rb')})`, "body_sent_as_form"},
	{`requests post files`, "url = 'HOST'\nrequests.post(url, files={'file': open('a.mp4','rb')})", "body_sent_as_form"},
	{`requests post`, `response = requests.post('HOST', data=open('a.mp4','rb'))`, "method_differs"},
	{`requests type`, `requests.put('TYPE', data=f)`, "signed_header_missing"},
	{`requests hdrs`, `requests.put('TYPE', data=f, headers={'Content-Type': 'video/mp4'})`, ""},
	{`requests hdrs var`, "headers = {'Content-Type': 'video/mp4'}\nrequests.put('TYPE', data=f, headers=headers)", ""},
	{`iwr`, `Invoke-WebRequest -Uri 'HOST' -Method Put -InFile a.mp4`, ""},
	{`iwr acl`, `Invoke-RestMethod -Uri "HOST" -Method PUT -InFile a.mp4 -Headers @{ 'x-amz-acl' = 'public-read' }`, "header_unsigned"},
	{`iwr form`, `Invoke-WebRequest -Uri 'HOST' -Method Post -Form @{ file = Get-Item a.mp4 }`, "body_sent_as_form"},
	{`ng`, `Upload.upload({ url: 'HOST', method: 'PUT', data: { file: file } })`, "body_sent_as_form"},
	{`csharp`, "var content = new MultipartFormDataContent();\ncontent.Add(new StreamContent(stream), \"file\", \"a.mp4\");\nvar r = await client.PutAsync(\"HOST\", content);", "body_sent_as_form"},
	{`csharp ok`, `var r = await client.PutAsync("HOST", new StreamContent(stream));`, ""},
	{`go`, "req, err := http.NewRequest(\"PUT\", \"HOST\", file)\nreq.Header.Set(\"x-amz-acl\", \"public-read\")", "header_unsigned"},
	{`go post`, `resp, err := http.Post("HOST", "video/mp4", file)`, "method_differs"},
	{`guzzle`, `$client->request('PUT', 'HOST', ['multipart' => [['name' => 'file', 'contents' => fopen('a.mp4','r')]]]);`, "body_sent_as_form"},
	{`guzzle put`, `$client->put('HOST', ['body' => fopen('a.mp4', 'r'), 'headers' => ['x-amz-acl' => 'private']]);`, "header_unsigned"},
	{`httparty`, `HTTParty.put('TYPE', body: File.read('a.mp4'), headers: { 'Content-Type' => 'video/mp4' })`, ""},
	{`restclient`, `RestClient.put 'TYPE', File.open('a.mp4'), content_type: 'video/mp4'`, ""},
	{`node request`, `request.put({ url: 'HOST', formData: { file: fs.createReadStream('a.mp4') } })`, "body_sent_as_form"},
	{`got`, `await got.put('HOST', { body: fs.createReadStream('a.mp4') })`, ""},
	{`raw http`, "PUT /videos/a.mp4?QUERY HTTP/1.1\nHost: example-bucket.s3.eu-west-1.amazonaws.com\nAuthorization: Bearer abc\nContent-Length: 5\n\nhello", "authorization_twice"},
	{`curl -v`, "> PUT /videos/a.mp4?QUERY HTTP/1.1\n> Host: example-bucket.s3.eu-west-1.amazonaws.com\n> User-Agent: curl/8.5\n> Accept: */*\n> x-amz-acl: private\n> Content-Length: 5\n> \n< HTTP/1.1 403 Forbidden\n< Content-Type: application/xml", "header_unsigned"},
	{`x-id`, `curl -X POST --data-binary @a 'IDPutObject'`, "method_differs"},
	{`get url put`, `curl -T a 'IDGetObject'`, "method_differs"},
	{`curl chunk header`, `curl -X PUT -H "Transfer-Encoding: chunked" --data-binary @a 'HOST'`, "body_chunked"},
	{`fetch no-cors`, `fetch('HOST', {mode:'no-cors', method:'PUT', body:file})`, ""},
	{`promise chain`, `getUrl().then(url => axios.put(url, formData)).catch(console.error)`, "body_sent_as_form"},
	{`copy as curl put`, "curl 'HOST' \\\n  -X 'PUT' \\\n  -H 'accept: */*' \\\n  -H 'content-type: video/mp4' \\\n  -H 'authorization: Bearer eyJhbGciOi' \\\n  --data-raw $'\\u0000\\u0000'", "authorization_twice"},
	{`ps curl`, "curl.exe -X PUT `\n  -T a.mp4 `\n  -H \"x-amz-acl: private\" `\n  \"HOST\"", "header_unsigned"},
}

func TestWhatIsSentToAPresignedURLIsComparedWithWhatItSigns(t *testing.T) {
	t.Parallel()
	for _, c := range requests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			report, err := explain.Explain(presignedURLs.Replace(c.text), explain.Options{Now: time.Date(2026, 11, 27, 2, 10, 0, 0, time.UTC)})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if first := report.Findings; len(first) > 0 && first[0].Severity == explain.Error {
				got = first[0].Code
			}
			if got != c.want {
				t.Errorf("wanted %q, got %q\n%s", c.want, got, report.Text())
			}
			for _, secret := range []string{"secretpass", "bearer abc", "eyJhbGciOi"} {
				if strings.Contains(strings.ToLower(report.Text()), secret) {
					t.Errorf("%q is in\n%s", secret, report.Text())
				}
			}
		})
	}
}

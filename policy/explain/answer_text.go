package explain

import (
	"encoding/xml"
	"regexp"
	"strings"
)

// errorStart is the tag that a store's answer begins with.
var errorStart = regexp.MustCompile(`<(?:\w{1,20}:)?Error(?:\s[^<>]{0,200})?>`)

// viewerMarks are what viewers of XML put before elements.
var viewerMarks = regexp.MustCompile(`(?m)^[ \t]*[-+▼▶▾▸][ \t]*<`)

// answerIn returns the XML of a store's error within a text, "" if there is none.
func answerIn(text string) string {
	if !strings.Contains(text, "Error") {
		return ""
	}
	at := errorStart.FindStringIndex(text)
	if at == nil {
		return ""
	}
	answer := text[at[0]:min(len(text), at[0]+maxAnswerBytes)]
	if end := strings.Index(answer, "</Error>"); end >= 0 {
		answer = answer[:end+len("</Error>")]
	}
	return viewerMarks.ReplaceAllString(answer, "<")
}

// sdkErrors are the ways in which SDKs and command line tools print a store's error: code and
// message, with what else they say.
var sdkErrors = []*regexp.Regexp{
	// boto3, AWS CLI
	regexp.MustCompile(`An error occurred \((?P<Code>[\w.]+)\) when calling the (?P<Operation>\w+) operation(?: \(reached max retries: \d+\))?: (?P<Message>[^\n]*)`),
	// Go, version 2
	regexp.MustCompile(`StatusCode: (?P<Status>\d+), RequestID: (?P<RequestId>[^,\s]*)(?:, HostID: (?P<HostId>[^,\s]*))?, (?:api error )?(?P<Code>[A-Za-z]\w+)(?:: (?P<Message>[^\n]*))?`),
	regexp.MustCompile(`api error (?P<Code>[A-Za-z]\w+): (?P<Message>[^\n]*)`),
	// boto2 and old AWS CLI
	regexp.MustCompile(`A client error \((?P<Code>[\w.]+)\) occurred when calling the (?P<Operation>\w+) operation: (?P<Message>[^\n]*)`),
	// Go, version 1
	regexp.MustCompile(`(?P<Code>[A-Z][A-Za-z]+): (?P<Message>[^\n]*?),?\s+status code: (?P<Status>\d+), request id: (?P<RequestId>[^,\s]*)`),
	// Java, versions 1 and 2
	regexp.MustCompile(`(?:AmazonS3Exception|AmazonServiceException|S3Exception|OSSException): (?P<Message>[^\n]*?) \(Service: (?:Amazon )?S3; Status Code: (?P<Status>\d+); Error Code: (?P<Code>\w+); Request ID: (?P<RequestId>[^;)]*)`),
	regexp.MustCompile(`(?:\w*Exception): (?P<Message>[^\n]*?) \(Service: (?:Amazon )?S3, Status Code: (?P<Status>\d+), Request ID: (?P<RequestId>[^,)]*)`),
	// PHP
	regexp.MustCompile(`(?P<Code>[A-Z]\w+) \((?:client|server)\): (?P<Message>[^\n]*?)(?: - <|\n|$)`),
	// Ruby
	regexp.MustCompile(`(?P<Message>[^\n(]*) \(Aws::S3::Errors::(?P<Code>\w+)\)`),
	regexp.MustCompile(`Aws::S3::Errors::(?P<Code>\w+)(?:: (?P<Message>[^\n]*))?`),
	// .NET
	regexp.MustCompile(`Amazon\.S3\.AmazonS3Exception: (?P<Message>[^\n]*)`),
	// MinIO's clients
	regexp.MustCompile(`S3 operation failed; code: (?P<Code>\w+), message: (?P<Message>[^\n]*?), resource: (?P<Resource>[^,\n]*)`),
	regexp.MustCompile(`S3Error: (?P<Message>[^\n]+)`),
	// JavaScript, versions 2 and 3, and any tool that prints code and message
	regexp.MustCompile(`(?m)^(?:Uncaught |\(in promise\) |Error: |\[?[Ee]rror\]?:? |.{0,60}: )?(?P<Code>[A-Z][A-Za-z]{4,60}(?:Error|Denied|TooLarge|TooSmall|Match|Argument|Request|Skewed|Malformed|Token|Bucket|Key|Upload|Part|KeyId|Document|Digest|Implemented|Allowed|SlowDown|Failed|Supported|Redirect)): (?P<Message>[^\n]*)`),
}

// sdkAnswer returns the error that an SDK or tool prints as a store's XML, so that one reader does
// for both; "" for other texts.
func sdkAnswer(text string) string {
	text = text[:min(len(text), maxHeadBytes)]
	for _, pattern := range sdkErrors {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		members := []element{}
		for i, name := range pattern.SubexpNames() {
			if name != "" && m[i] != "" && name != "Status" {
				members = append(members, element{name, strings.TrimSpace(strings.Trim(m[i], `"'`))})
			}
		}
		return writeAnswer(append(members, printedMembers(text)...))
	}
	return ""
}

// element is an element of a store's error.
type element struct{ name, text string }

// printedMember finds what SDKs print below an error: Code: 'AccessDenied', Region: "eu-west-1".
var printedMember = regexp.MustCompile(`(?m)^\s*['"]?(Code|Region|Endpoint|Bucket|BucketName|Key|Condition|Header|ProposedSize|MaxSizeAllowed|MinSizeAllowed|ArgumentName|ArgumentValue|HeadersNotSigned|ServerTime|RequestTime|Details|StringToSign|CanonicalRequest)['"]?\s*(?::|=>|=)\s*['"]?([^'"\n]+?)['"]?,?\s*$`)

func printedMembers(text string) (members []element) {
	for _, m := range printedMember.FindAllStringSubmatch(text, maxItems) {
		members = append(members, element{m[1], m[2]})
	}
	return members
}

// writeAnswer writes an error as stores do; of elements of one name it takes the first.
func writeAnswer(members []element) string {
	var b strings.Builder
	seen := map[string]bool{}
	b.WriteString("<Error>")
	for _, m := range members {
		if seen[m.name] {
			continue
		}
		seen[m.name] = true
		b.WriteString("<" + m.name + ">")
		_ = xml.EscapeText(&b, []byte(m.text))
		b.WriteString("</" + m.name + ">")
	}
	b.WriteString("</Error>")
	return b.String()
}

// elementNames are those of a store's error that programs print as members, by their names in lower
// case.
var elementNames = func() map[string]string {
	names := map[string]string{"requestid": "RequestId", "hostid": "HostId", "bucket": "BucketName"}
	for _, name := range []string{"Code", "Message", "Resource", "Key", "BucketName", "Region", "Endpoint", "MaxSizeAllowed", "MinSizeAllowed", "ProposedSize",
		"ServerTime", "RequestTime", "MaxAllowedSkewMilliseconds", "ArgumentName", "ArgumentValue", "PartNumber", "ETag", "Condition", "Header", "HeadersNotSigned", "Details",
		"StringToSign", "CanonicalRequest", "AWSAccessKeyId", "SignatureProvided", "Method", "ResourceType"} {
		names[strings.ToLower(name)] = name
	}
	return names
}()

// answerInLiteral returns an error among literals as a store's XML: a group with a code and a
// message. It returns "" if there is none.
func answerInLiteral(v literal, depth int) string {
	if v.kind != literalGroup || depth > maxLiteralDepth {
		return ""
	}
	var members []element
	code, message := false, false
	for _, item := range v.items {
		name := elementNames[strings.ToLower(item.name)]
		if item.kind == literalGroup && len(item.items) == 1 && item.call == "" {
			item = item.items[0] // of XML that was read into lists
		}
		text := strings.TrimSpace(item.text)
		if name == "" || item.kind == literalGroup || text == "" {
			continue
		}
		code, message = code || name == "Code" && storeCode.MatchString(text), message || name == "Message"
		members = append(members, element{name, text})
	}
	if code && (message || len(members) > 1) {
		return writeAnswer(members)
	}
	for _, item := range v.items {
		if answer := answerInLiteral(item, depth+1); answer != "" {
			return answer
		}
		if inner := answerIn(item.text); inner != "" {
			return inner
		}
	}
	return ""
}

// storeCode matches the codes of stores: a word with capitals.
var storeCode = regexp.MustCompile(`^[A-Z][A-Za-z0-9.]{3,60}$`)

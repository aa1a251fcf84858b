package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// sdk is the library that signed or sent what the input holds, "" if nothing tells.
type sdk string

// The libraries that leave a mark. Marks are the notation of a form (fields of boto3, of the AWS
// SDK for JavaScript, PHP, Ruby or Go) and what a library writes into headers and parameters.
const (
	sdkBoto   sdk = "boto3"
	sdkJS     sdk = "the AWS SDK for JavaScript"
	sdkPHP    sdk = "the AWS SDK for PHP"
	sdkRuby   sdk = "the AWS SDK for Ruby"
	sdkGo     sdk = "the AWS SDK for Go"
	sdkJava   sdk = "the AWS SDK for Java"
	sdkDotNet sdk = "the AWS SDK for .NET"
	sdkMinIO  sdk = "minio-go"
	sdkCurl   sdk = "curl"
	sdkScript sdk = "a browser's script"
)

// agents are parts of User-Agent and x-amz-user-agent, in lower case, the more special first.
var agents = []struct {
	mark string
	made sdk
}{
	{"aws-sdk-js", sdkJS}, {"aws-sdk-php", sdkPHP}, {"aws-sdk-ruby", sdkRuby}, {"aws-sdk-go", sdkGo}, {"aws-sdk-java", sdkJava},
	{"aws-sdk-dotnet", sdkDotNet}, {"aws-sdk-net", sdkDotNet}, {"boto3", sdkBoto}, {"botocore", sdkBoto}, {"aws-cli", sdkBoto},
	{"minio-go", sdkMinIO}, {"minio (", sdkMinIO}, {"curl/", sdkCurl}, {"mozilla/", sdkScript},
}

// sdkOfAgent returns the library that a User-Agent names.
func sdkOfAgent(agent string) sdk {
	agent = strings.ToLower(agent)
	for _, a := range agents {
		if strings.Contains(agent, a.mark) {
			return a.made
		}
	}
	return ""
}

// marks are what only one library writes into errors and code, in lower case.
var marks = []struct {
	mark string
	made sdk
}{
	{"an error occurred (", sdkBoto}, {"botocore", sdkBoto}, {"generate_presigned_post", sdkBoto}, {"boto3", sdkBoto},
	{"createpresignedpost", sdkJS}, {"getsignedurl(", sdkJS}, {"$metadata", sdkJS}, {"aws-sdk-js", sdkJS}, {"@aws-sdk/", sdkJS}, {"@smithy/", sdkJS},
	{`aws\s3\`, sdkPHP}, {"aws http error", sdkPHP}, {"postobjectv4", sdkPHP}, {"guzzlehttp", sdkPHP},
	{"aws::s3::", sdkRuby}, {"presigned_post(", sdkRuby}, {"https response error statuscode", sdkGo}, {"presignpostobject", sdkGo},
	{"(service: s3", sdkJava}, {"(service: amazon s3", sdkJava}, {"software.amazon.awssdk", sdkJava}, {"com.amazonaws", sdkJava},
	{"amazon.s3.amazons3exception", sdkDotNet}, {"getpresignedurlrequest", sdkDotNet}, {"formdata(", sdkScript}, {"new formdata", sdkScript},
}

// sdkOfText returns the library that wrote a text, "" if nothing tells.
func sdkOfText(text string) sdk {
	text = policy.LowerName(text[:min(len(text), maxSentenceBytes)])
	for _, m := range marks {
		if strings.Contains(text, m.mark) {
			return m.made
		}
	}
	return ""
}

package explain

import "strings"

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

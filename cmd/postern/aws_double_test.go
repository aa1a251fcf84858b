package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// asAWS in the environment makes the test binary behave as a double of the AWS CLI, for the
// commands of the documentation. Its value is the address of the embedded store.
const asAWS = "POSTERN_TEST_AS_AWS"

// documentedRegion is the region of the documentation's examples.
const documentedRegion = "eu-central-1"

// awsCommand is a command of the AWS CLI, with its options as the "AWS CLI Command Reference" has
// them.
type awsCommand struct {
	required, optional []string
	run                func(double awsDouble, options map[string]string) error
}

// awsGlobal are options that every command takes.
var awsGlobal = []string{"--region", "--profile", "--query", "--output", "--endpoint-url"}

var awsCommands = map[string]awsCommand{
	"s3api create-bucket":         {[]string{"--bucket"}, []string{"--create-bucket-configuration"}, awsDouble.createBucket},
	"s3api put-bucket-versioning": {[]string{"--bucket", "--versioning-configuration"}, nil, awsDouble.putBucketVersioning},
	"s3api put-bucket-policy":     {[]string{"--bucket", "--policy"}, nil, func(d awsDouble, o map[string]string) error { return d.policy(o["--policy"], 20<<10) }},
	"iam create-user":             {[]string{"--user-name"}, nil, awsDouble.nothing},
	"iam create-role": {[]string{"--role-name", "--assume-role-policy-document"}, nil,
		func(d awsDouble, o map[string]string) error {
			return d.policy(o["--assume-role-policy-document"], 2048)
		}},
	// Inline policies: "IAM and AWS STS quotas" in the IAM User Guide.
	"iam put-user-policy": {[]string{"--user-name", "--policy-name", "--policy-document"}, nil,
		func(d awsDouble, o map[string]string) error { return d.policy(o["--policy-document"], 2048) }},
	"iam put-role-policy": {[]string{"--role-name", "--policy-name", "--policy-document"}, nil,
		func(d awsDouble, o map[string]string) error { return d.policy(o["--policy-document"], 10240) }},
	"iam create-access-key": {nil, []string{"--user-name"}, awsDouble.createAccessKey},
	"iam delete-access-key": {[]string{"--access-key-id"}, []string{"--user-name"}, awsDouble.nothing},
	"iam update-access-key": {[]string{"--access-key-id", "--status"}, []string{"--user-name"}, awsDouble.nothing},
}

// awsDouble answers one call.
type awsDouble struct{ client *s3.Client }

// runAWSDouble runs the double and returns the exit code of the AWS CLI: 252 for a command that
// can't be read, 254 for one that the service refuses.
func runAWSDouble(store string, args []string) int {
	fail := func(code int, format string, values ...any) int {
		fmt.Fprintf(os.Stderr, "aws double: "+format+"\n", values...)
		return code
	}
	if len(args) < 2 {
		return fail(252, "wanted a service and a command, got %q", args)
	}
	command, known := awsCommands[args[0]+" "+args[1]]
	if !known {
		return fail(252, "%q isn't known here", args[:2])
	}
	options, err := awsOptions(args[2:], slices.Concat(command.required, command.optional, awsGlobal))
	if err != nil {
		return fail(252, "%v", err)
	}
	for _, name := range command.required {
		if options[name] == "" {
			return fail(252, "the following arguments are required: %s", name)
		}
	}
	client := s3.New(s3.Options{Region: documentedRegion, BaseEndpoint: &store, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("operator", serveSecret, "")})
	if err := command.run(awsDouble{client}, options); err != nil {
		return fail(254, "%s: %v", args[1], err)
	}
	return 0
}

// awsOptions reads pairs of option and value; an option that isn't allowed or comes twice is an
// error.
func awsOptions(args, allowed []string) (map[string]string, error) {
	options := map[string]string{}
	for i := 0; i < len(args); i += 2 {
		switch {
		case !slices.Contains(allowed, args[i]):
			return nil, fmt.Errorf("unknown options: %s", args[i])
		case i+1 == len(args) || options[args[i]] != "":
			return nil, fmt.Errorf("argument %s: expected one argument", args[i])
		}
		options[args[i]] = args[i+1]
	}
	return options, nil
}

func (awsDouble) nothing(map[string]string) error { return nil }

// createBucket makes the bucket. Outside us-east-1 the configuration has to name the region
// ("CreateBucket" in the S3 reference).
func (d awsDouble) createBucket(o map[string]string) error {
	wanted := ""
	if o["--region"] != "us-east-1" {
		wanted = "LocationConstraint=" + o["--region"]
	}
	if o["--create-bucket-configuration"] != wanted && o["--endpoint-url"] == "" {
		return fmt.Errorf("IllegalLocationConstraintException: want %q", wanted)
	}
	_, err := d.client.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String(o["--bucket"])})
	return err
}

func (d awsDouble) putBucketVersioning(o map[string]string) error {
	if o["--versioning-configuration"] != "Status=Enabled" {
		return fmt.Errorf("MalformedXML: %s", o["--versioning-configuration"])
	}
	_, err := d.client.PutBucketVersioning(context.Background(), &s3.PutBucketVersioningInput{Bucket: aws.String(o["--bucket"]),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	return err
}

// createAccessKey prints a key of the embedded store, for visitors the uploader's. Text of a list
// is separated by tabs.
func (d awsDouble) createAccessKey(o map[string]string) error {
	if o["--query"] != "AccessKey.[AccessKeyId,SecretAccessKey]" || o["--output"] != "text" {
		return fmt.Errorf("want --query AccessKey.[AccessKeyId,SecretAccessKey] --output text, got %q %q", o["--query"], o["--output"])
	}
	if o["--user-name"] == "postern-uploads" {
		fmt.Printf("uploader\t%s\n", uploaderSecret)
	} else {
		fmt.Printf("operator\t%s\n", serveSecret)
	}
	return nil
}

var awsFile = regexp.MustCompile(`^file://(.+)$`)

// policy judges a policy document: a file of JSON, without members that AWS doesn't know and not
// above a limit in characters that aren't white space.
func (awsDouble) policy(reference string, limit int) error {
	name := awsFile.FindStringSubmatch(reference)
	if name == nil {
		return fmt.Errorf("want file://NAME, got %q", reference)
	}
	text, err := os.ReadFile(name[1])
	if err != nil {
		return err
	}
	var p policyDocument
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil || p.Version != "2012-10-17" || len(p.Statement) == 0 {
		return fmt.Errorf("MalformedPolicyDocument: %v: %s", err, text)
	}
	if size := len(strings.Join(strings.Fields(string(text)), "")); size > limit {
		return fmt.Errorf("LimitExceeded: %d of %d characters", size, limit)
	}
	return nil
}

package awscreds_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

const rounds = 10_000

// round is one generated input, for the SDK and for us.
type round struct {
	bucket, key string
	lifetime    time.Duration
	now         time.Time
	client      *s3.PresignClient
	signer      *sigv4.Signer
}

// eachRound runs check on generated input. The clock stands still during a check and moves on
// between two of them.
func eachRound(t *testing.T, seed uint64, check func(*testing.T, *rand.Rand, round)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(seed, 20260301))
		for range rounds {
			time.Sleep(time.Duration(r.Int64N(int64(48 * time.Hour)))) // on synctest's clock
			check(t, r, newRound(t, r))
		}
	})
}

func newRound(t *testing.T, r *rand.Rand) round {
	t.Helper()
	token, region := "", []string{"us-east-1", "eu-central-1", "ap-southeast-2"}[r.IntN(3)]
	if r.IntN(2) == 0 {
		token = "token/+=" + strings.Repeat("t", r.IntN(600))
	}
	secret := "secret+/" + randomText(r, harmless, 6)
	provider := credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", secret, token)
	signer, err := sigv4.NewSigner(sigv4.AWS, region, awscreds.Credentials(provider.Value))
	if err != nil {
		t.Fatal(err)
	}
	return round{
		bucket: "media-bucket", key: randomKey(r), lifetime: time.Duration(1+r.IntN(604800)) * time.Second, now: time.Now(), signer: signer,
		client: s3.NewPresignClient(s3.New(s3.Options{Region: region, Credentials: provider, UsePathStyle: r.IntN(2) == 0})),
	}
}

// Our signature of the SDK's policy is the SDK's, and our policy means what the SDK's does. Keys
// that no policy may have are refused for a reason.
func TestSignedPoliciesEqualThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	signed, refused := 0, 0
	eachRound(t, 1, func(t *testing.T, r *rand.Rand, c round) {
		ours, sdk := randomConditions(r)
		request, err := c.client.PresignPostObject(context.Background(), &s3.PutObjectInput{Bucket: &c.bucket, Key: &c.key}, func(o *s3.PresignPostOptions) {
			o.Expires, o.Conditions = c.lifetime, sdk
		})
		if err != nil {
			t.Fatal(err)
		}
		compareSignature(t, c, request.Values)
		d := policy.Document{Expiration: c.now.Add(c.lifetime), Conditions: append(ours, policy.Bucket(c.bucket), policy.Key(c.key))}
		form, err := policy.Sign(d, request.URL, c.signer, c.now)
		if err != nil {
			mustBeRefused(t, c.key, err)
			refused++
			return
		}
		compareMeaning(t, request.Values["policy"], form.Policy)
		compareFields(t, request.Values, form.Fields)
		signed++
	})
	if signed < rounds/3 || refused < rounds/10 {
		t.Errorf("%d signed and %d refused aren't a fair sample", signed, refused)
	}
}

func compareSignature(t *testing.T, c round, values map[string]string) {
	t.Helper()
	got, err := c.signer.SigningKey(c.now).AppendSignature(nil, []byte(values["policy"]))
	if err != nil || string(got) != values["X-Amz-Signature"] {
		t.Fatalf("key %q: got signature %s, %v, wanted %s", c.key, got, err, values["X-Amz-Signature"])
	}
}

func compareMeaning(t *testing.T, sdk, ours string) {
	t.Helper()
	wanted, err := policy.Parse(sdk)
	if err != nil {
		t.Fatal(err)
	}
	got, err := policy.Parse(ours)
	if err != nil {
		t.Fatal(err)
	}
	if meaning(got) != meaning(wanted) {
		t.Fatalf("got\n%s\nwanted\n%s", meaning(got), meaning(wanted))
	}
}

// compareFields demands each of the SDK's fields of us, but for the text of the policy and its
// signature.
func compareFields(t *testing.T, values map[string]string, fields []policy.Field) {
	t.Helper()
	got := map[string]string{}
	for _, f := range fields {
		got[strings.ToLower(f.Name)] = f.Value
	}
	for name, wanted := range values {
		if name != "policy" && name != "X-Amz-Signature" && got[strings.ToLower(name)] != wanted {
			t.Fatalf("field %q: got %q, wanted %q", name, got[strings.ToLower(name)], wanted)
		}
	}
}

// mustBeRefused checks the reason for which a key was refused.
func mustBeRefused(t *testing.T, key string, err error) {
	t.Helper()
	segments := "/" + key + "/"
	for reason, holds := range map[policy.Reason]bool{
		policy.ReasonEncoding:   !utf8.ValidString(key),
		policy.ReasonDollar:     strings.Contains(key, "$"),
		policy.ReasonControl:    strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }),
		policy.ReasonKeyTooLong: len(key) > policy.MaxKeyBytes,
		policy.ReasonKeySegment: strings.Contains(segments, "/./") || strings.Contains(segments, "/../"),
	} {
		if holds && errors.Is(err, &policy.ConditionError{Reason: reason}) {
			return
		}
	}
	t.Fatalf("key %q was refused: %v", key, err)
}

// The whole URL is the SDK's, byte for byte, and so is its canonical query.
func TestPartURLsEqualThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	eachRound(t, 2, func(t *testing.T, r *rand.Rand, c round) {
		number, size, id := 1+r.Int32N(10_000), 1+r.Int64N(5<<30), randomText(r, hostile, 8)
		request, err := c.client.PresignUploadPart(context.Background(), &s3.UploadPartInput{
			Bucket: &c.bucket, Key: &c.key, UploadId: &id, PartNumber: &number, ContentLength: aws.Int64(size),
		}, s3.WithPresignExpires(c.lifetime))
		if err != nil {
			t.Fatal(err)
		}
		base, _, _ := strings.Cut(request.URL, "amazonaws.com/")
		base += "amazonaws.com"
		if !strings.Contains(base, c.bucket) {
			base += "/" + c.bucket
		}
		parts, err := c.signer.PresignParts(sigv4.PartsRequest{URL: sigv4.ObjectURL(base, c.key), UploadID: id, Operation: "UploadPart", Expires: c.now.Add(c.lifetime)}, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parts.URL(int(number), size); err != nil || got != request.URL {
			t.Fatalf("key %q, upload %q: got\n%s, %v\nwanted\n%s", c.key, id, got, err, request.URL)
		}
	})
}

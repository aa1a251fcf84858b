package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/sigv4"
)

// checkAddress looks at the store's address as browsers see it: from the public URL and from the
// origins of the profiles.
func (t *trial) checkAddress(context.Context) {
	pages := []string{t.Config.PublicURL}
	for _, p := range t.Config.Profiles {
		pages = append(pages, p.Origins...)
	}
	for _, page := range pages {
		if err := t.Store.CheckAddress(page, t.Config.Buckets()); err != nil {
			t.add(endpointWithoutTLS, page, strings.TrimPrefix(err.Error(), "uploads: Store: "), "store.public_endpoint: https://…   # the store's address with TLS")
			break
		}
	}
	for _, w := range t.Store.AddressWarnings(t.Config.PublicURL, t.Config.Buckets()) {
		t.add(addressWarning, w.Key, w.Text, w.Key+": the address at which browsers reach the store")
	}
}

// listing asks for at most one name of a bucket: the answer to whoever may list or not tells more
// than that to a HEAD, which has no body.
func listing(bucket string) call {
	return call{method: http.MethodGet, bucket: bucket, query: []sigv4.Param{{Name: "list-type", Value: "2"}, {Name: "max-keys", Value: "1"}, {Name: "prefix", Value: Subject + "/"}}}
}

// refusedCredentials are the codes of "Error responses" in the S3 reference that are about the
// credentials.
var refusedCredentials = map[string]code{
	"ExpiredToken": credentialsExpired, "InvalidToken": credentialsExpired, "TokenRefreshRequired": credentialsExpired, "SecurityTokenExpired": credentialsExpired,
	"InvalidAccessKeyId": credentialsRefused, "SignatureDoesNotMatch": credentialsRefused, "InvalidSecurityToken": credentialsRefused, "AccountProblem": credentialsRefused,
	"XAdminUserNotFound": credentialsRefused, // versitygw's
}

// checkCredentials asks the store with each set of credentials.
func (t *trial) checkCredentials(ctx context.Context) {
	bucket := t.Config.Buckets()[0]
	t.judgeCredentials(t.send(ctx, t.server, listing(bucket)), t.server, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for a session, AWS_SESSION_TOKEN: set them to valid ones in the server's environment")
	if t.twoCredentials() || t.Store.PublicEndpoint != "" {
		t.judgeCredentials(t.send(ctx, t.visitor, listing(bucket)), t.visitor, "store.upload_credentials: name valid ones")
	}
}

// judgeCredentials reports credentials that the store refuses, and an address without an answer.
func (t *trial) judgeCredentials(a answer, by caller, remedy string) {
	if a.err != nil && by.store.PublicEndpoint != "" {
		t.add(publicUnreachable, a.String(), "the store doesn't answer at the address that browsers are told", "store.public_endpoint: an address that answers (now "+by.store.PublicEndpoint+")")
		return
	}
	if a.err != nil {
		t.add(storeUnreachable, a.String(), "the store doesn't answer", "store.endpoint: an address that this machine reaches (now "+t.serverAddress()+")")
		return
	}
	switch refusedCredentials[a.code] {
	case credentialsExpired:
		t.add(credentialsExpired, a.String(), by.name+" have expired", remedy)
	case credentialsRefused:
		t.add(credentialsRefused, a.String(), "the store refuses "+by.name, remedy)
	}
}

// serverAddress is where the server reaches the store.
func (t *trial) serverAddress() string {
	address, err := t.server.store.BucketURL(t.Config.Buckets()[0])
	if err != nil {
		return "none"
	}
	return address
}

// How far the store's clock may be off: stores refuse signatures at 15 minutes
// ("RequestTimeTooSkewed" in the S3 reference).
const (
	driftFrom = 5 * time.Minute
	skewFrom  = 15 * time.Minute
)

// checkClock compares the store's clock, as the Date of an answer tells it, with this machine's.
func (t *trial) checkClock(ctx context.Context) {
	before := t.now()
	a := t.request(ctx, http.MethodGet, t.serverAddress(), nil, nil)
	at, err := http.ParseTime(a.header.Get("Date"))
	if a.err != nil || err != nil {
		return // who doesn't answer is reported by checkCredentials
	}
	off := at.Sub(before.Add(t.now().Sub(before) / 2)).Round(time.Second)
	c, sentence := clockDrift, "the store's clock is %s %s of this machine's"
	switch {
	case off.Abs() < driftFrom:
		return
	case off.Abs() > skewFrom:
		c = clockSkew
	}
	side := "ahead"
	if off < 0 {
		side = "behind"
	}
	t.add(c, "Date: "+a.header.Get("Date"), fmt.Sprintf(sentence, off.Abs(), side), "timedatectl set-ntp true   # on the machine whose clock is wrong: this one, or the store's")
}

// checkBucket looks whether the bucket is there, in the configured region, and may be listed.
func (t *trial) checkBucket(ctx context.Context) {
	a := t.send(ctx, t.server, listing(t.bucket))
	if a.ok() && len(a.body) > 0 && !bytes.Contains(a.body, []byte("<ListBucketResult")) || a.foreign() {
		t.reportNotS3(a)
		return
	}
	t.judgeBucket(a)
	if a.code == "AccessDenied" {
		if head := t.send(ctx, t.server, call{method: http.MethodHead, bucket: t.bucket}); head.denied() {
			t.miss(rightList, t.server.name, a)
		}
	}
}

// foreign reports an answer that no S3 store gives to a listing: every refusal of S3's has a code.
func (a answer) foreign() bool {
	return a.err == nil && a.code == "" && a.region == "" && (a.status/100 == 3 || a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed)
}

func (t *trial) reportNotS3(a answer) {
	t.add(notS3, t.serverEvidence(a), "what answers isn't an S3 store", "store.endpoint: the address of the store's S3 API, not of its console or of another site (now "+t.serverAddress()+")")
}

// judgeBucket reports a bucket that isn't there, or not in the configured region.
func (t *trial) judgeBucket(a answer) {
	region := t.Config.Store.Region
	switch {
	case a.err != nil, a.ok():
	case a.code == "AuthorizationHeaderMalformed" || a.code == "AuthorizationQueryParametersError" || a.code == "IncorrectEndpoint" || a.code == "IllegalLocationConstraintException":
		t.add(regionWrong, a.String(), fmt.Sprintf("the store doesn't take signatures for region %s", region), "store.region: "+regionOf(a))
	case a.status/100 == 3 || a.region != "" && a.region != region:
		t.add(bucketElsewhere, a.String(), fmt.Sprintf("the bucket is in another region than %s", region), "store.region: "+regionOf(a))
	case a.code == "NoSuchBucket" || a.status == http.StatusNotFound && a.code != "":
		t.add(bucketMissing, a.String(), "the bucket isn't there", strings.TrimSpace(fmt.Sprintf("aws s3api create-bucket --bucket %s %s", shellQuote(t.bucket), t.endpointFlag()))+"   # or mend profiles.*.bucket")
	}
}

// expectedRegion is where stores name the right region in the message of an error.
var expectedRegion = regexp.MustCompile(`expecting ['"]([a-z0-9-]+)['"]`)

// regionOf is the region that an answer names.
func regionOf(a answer) string {
	if a.region != "" {
		return a.region
	}
	if found := expectedRegion.FindStringSubmatch(a.message); found != nil {
		return found[1]
	}
	return "the bucket's, as `aws s3api get-bucket-location` tells it"
}

// served is the profile of this trial as a service has it.
func (t *trial) served(s *uploads.Service) *uploads.ServedProfile {
	p, err := s.Profile(t.profile.Name)
	if err != nil {
		panic("doctor: a profile of the config that isn't served: " + err.Error()) // newRun gave every service all of them
	}
	return p
}

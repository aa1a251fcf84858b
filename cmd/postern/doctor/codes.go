package doctor

import "github.com/postern-dev/postern/cmd/postern/findings"

// code is the stable name of a finding.
type code string

// The findings. static/docs/doctor.md has a paragraph for each, which is that of codes.
const (
	storeUnreachable   code = "store_unreachable"
	endpointWithoutTLS code = "endpoint_without_tls"
	addressWarning     code = "address_warning"
	credentialsMissing code = "credentials_missing"
	credentialsExpired code = "credentials_expired"
	credentialsRefused code = "credentials_refused"
	clockSkew          code = "clock_skew"
	clockDrift         code = "clock_drift"
	bucketMissing      code = "bucket_missing"
	bucketElsewhere    code = "bucket_elsewhere"
	regionWrong        code = "region_wrong"
	bucketDenied       code = "bucket_denied"
	noPostPolicy       code = "no_post_policy"
	formRefused        code = "form_refused"
	formStoredNothing  code = "form_stored_nothing"
	keyShared          code = "key_shared"
	leftBehind         code = "left_behind"
)

// codeAbout is what one finding means.
type codeAbout struct {
	severity findings.Severity
	about    string // a paragraph of the documentation
}

var codes = map[code]codeAbout{
	storeUnreachable:   {findings.Fault, "Nothing answered at the store's address: the name isn't known, the connection is refused or takes too long, or its TLS certificate isn't valid for the name. The evidence has the reason."},
	endpointWithoutTLS: {findings.Fault, "A page with an https address can't send a file to an http address: browsers block that as mixed content. The store needs TLS, or an address with TLS in `store.public_endpoint`."},
	addressWarning:     {findings.Note, "The store's address works from this machine, and is rarely one that browsers elsewhere can reach."},
	credentialsMissing: {findings.Fault, "No credentials were found where the config file or the SDK's chain looks for them."},
	credentialsExpired: {findings.Fault, "The store says that the credentials, or their session token, have ended."},
	credentialsRefused: {findings.Fault, "The store doesn't know the access key ID, or the secret access key isn't the one that belongs to it."},
	clockSkew:          {findings.Fault, "The store's clock and this machine's differ by more than 15 minutes. Stores refuse every signature that is further off than that."},
	clockDrift:         {findings.Note, "The store's clock and this machine's differ by more than 5 minutes. Signatures end earlier or later than the config says, and at 15 minutes the store refuses them."},
	bucketMissing:      {findings.Fault, "The store has no bucket of that name."},
	bucketElsewhere:    {findings.Fault, "The bucket is in another region than the one that `store.region` names: the store answers with a redirect, which no form and no URL follows."},
	regionWrong:        {findings.Fault, "The store refuses signatures that name the region in `store.region`."},
	bucketDenied:       {findings.Fault, "The server's own credentials may not look at the bucket (`s3:ListBucket`). Without that right a store answers 403 instead of 404 to a question about an object that isn't there, so that the server can't tell what hasn't arrived."},
	noPostPolicy:       {findings.Fault, "The store doesn't take forms, although the provider's record says that it does. With `post_policy: false` files go by presigned PUT and in parts; there are no uploads without script then."},
	formRefused:        {findings.Fault, "The store refused a form as visitors get it."},
	formStoredNothing:  {findings.Fault, "The store answered that a form was accepted, and has no object afterwards. Some stores do that for credentials of a session with an inline policy: use a role without one."},
	keyShared:          {findings.Note, "The profile's keys don't have `{id}` in them. A test upload could take the place of an object that isn't the doctor's, so none was made."},
	leftBehind:         {findings.Fault, "The doctor couldn't remove objects that it wrote. Their names are in the remedy."},
}

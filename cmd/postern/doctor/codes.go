package doctor

import (
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
)

// code is the stable name of a finding.
type code string

// The findings. static/docs/doctor.md has a paragraph for each, which is that of codes.
const (
	storeUnreachable      code = "store_unreachable"
	publicUnreachable     code = "public_endpoint_unreachable"
	endpointWithoutTLS    code = "endpoint_without_tls"
	addressWarning        code = "address_warning"
	credentialsMissing    code = "credentials_missing"
	credentialsExpired    code = "credentials_expired"
	credentialsRefused    code = "credentials_refused"
	clockSkew             code = "clock_skew"
	clockDrift            code = "clock_drift"
	notS3                 code = "store_not_s3"
	bucketMissing         code = "bucket_missing"
	bucketElsewhere       code = "bucket_elsewhere"
	regionWrong           code = "region_wrong"
	rightGetObject        code = "right_get_object"
	rightListBucket       code = "right_list_bucket"
	rightPutObject        code = "right_put_object"
	rightDeleteObject     code = "right_delete_object"
	rightCopyObject       code = "right_copy_object"
	rightListParts        code = "right_list_parts"
	rightAbortUpload      code = "right_abort_upload"
	rightGetObjectACL     code = "right_get_object_acl"
	rightGetObjectTagging code = "right_get_object_tagging"
	rightPutObjectTagging code = "right_put_object_tagging"
	rightQuarantine       code = "right_quarantine"
	rightUploadPut        code = "right_upload_put_object"
	rightUploadAttributes code = "right_upload_attributes"
	objectUnreadable      code = "object_unreadable"
	uploadCredentialsWide code = "upload_credentials_wide"
	credentialsShared     code = "upload_credentials_shared"
	conditionIgnored      code = "condition_ignored"
	rangeIgnored          code = "range_ignored"
	coverageIgnored       code = "coverage_ignored"
	redirectMissing       code = "redirect_missing"
	verificationFailed    code = "verification_failed"
	putRefused            code = "put_refused"
	putStoredNothing      code = "put_stored_nothing"
	lengthIgnored         code = "length_ignored"
	unsignedObeyed        code = "unsigned_headers_obeyed"
	overwriteAllowed      code = "overwrite_allowed"
	partsRefused          code = "parts_refused"
	checksumIgnored       code = "checksum_ignored"
	sizeIgnored           code = "size_ignored"
	objectPublic          code = "object_public"
	quarantinePublic      code = "quarantine_public"
	noPostPolicy          code = "no_post_policy"
	formRefused           code = "form_refused"
	formStoredNothing     code = "form_stored_nothing"
	keyShared             code = "key_shared"
	corsForeign           code = "cors_foreign_origin"
	serverUnreachable     code = "server_unreachable"
	serverTLS             code = "server_tls"
	serverRedirects       code = "server_redirects"
	serverBroken          code = "server_broken"
	serverGateway         code = "server_not_reached"
	serverOther           code = "server_other"
	serverPath            code = "server_path"
	serverHost            code = "server_host"
	serverBody            code = "server_body_limit"
	serverHeaders         code = "server_header_limit"
	serverDiffers         code = "server_differs"
	stopped               code = "stopped"
	leftBehind            code = "left_behind"
)

// codeAbout is what one finding means.
type codeAbout struct {
	severity findings.Severity
	about    string // a paragraph of the documentation
}

var codes = map[code]codeAbout{
	storeUnreachable:              {findings.Fault, "Nothing answered at the store's address: the name isn't known, the connection is refused or takes too long, or its TLS certificate isn't valid for the name. The evidence has the reason."},
	publicUnreachable:             {findings.Fault, "Nothing answers at `store.public_endpoint`, which is where browsers send files. From this machine, that is: where its name is known elsewhere only, run the doctor there."},
	endpointWithoutTLS:            {findings.Fault, "A page with an https address can't send a file to an http address: browsers block that as mixed content. The store needs TLS, or an address with TLS in `store.public_endpoint`."},
	addressWarning:                {findings.Note, "The store's address works from this machine, and is rarely one that browsers elsewhere can reach."},
	credentialsMissing:            {findings.Fault, "No credentials were found where the config file or the SDK's chain looks for them."},
	credentialsExpired:            {findings.Fault, "The store says that the credentials, or their session token, have ended."},
	credentialsRefused:            {findings.Fault, "The store doesn't know the access key ID, or the secret access key isn't the one that belongs to it."},
	clockSkew:                     {findings.Fault, "The store's clock and this machine's differ by more than 15 minutes. Stores refuse every signature that is further off than that."},
	clockDrift:                    {findings.Note, "The store's clock and this machine's differ by more than 5 minutes. Signatures end earlier or later than the config says, and at 15 minutes the store refuses them."},
	notS3:                         {findings.Fault, "What answers at the store's address doesn't speak S3: the answer to a listing is neither S3's list nor one of S3's errors. Usual causes are the console's port in place of the API's, a path that the address lacks, and a proxy or login page before the store."},
	bucketMissing:                 {findings.Fault, "The store has no bucket of that name."},
	bucketElsewhere:               {findings.Fault, "The bucket is in another region than the one that `store.region` names: the store answers with a redirect, which no form and no URL follows."},
	regionWrong:                   {findings.Fault, "The store refuses signatures that name the region in `store.region`."},
	rightGetObject:                {findings.Fault, "The server's own credentials need `s3:GetObject` for the profile's keys: the server looks an upload up (HEAD) and reads its first bytes before it accepts it."},
	rightListBucket:               {findings.Fault, "The server's own credentials need `s3:ListBucket` for the bucket. Without it a store answers 403 instead of 404 to a question about an object that isn't there, so that the server can't tell what hasn't arrived; `/readyz` needs it too."},
	rightPutObject:                {findings.Fault, "The server's own credentials need `s3:PutObject` for the profile's keys: the server begins and completes multipart uploads, and copies objects."},
	rightDeleteObject:             {findings.Fault, "The server's own credentials need `s3:DeleteObject` for the profile's keys: the server removes what breaks its plan and what a visitor takes back."},
	rightCopyObject:               {findings.Fault, "The server's own credentials need `s3:GetObject` and `s3:PutObject` on the same key: a form without script can't say the content type, so the server copies the object in place with the right one."},
	rightListParts:                {findings.Fault, "The server's own credentials need `s3:ListMultipartUploadParts`: before it completes a multipart upload the server compares the parts with the plan."},
	rightAbortUpload:              {findings.Fault, "The server's own credentials need `s3:AbortMultipartUpload`: an upload that is given up would keep its parts, which cost and don't show in a listing."},
	rightGetObjectACL:             {findings.Fault, "The store may obey headers that weren't signed, so the server reads the ACL of each upload and needs `s3:GetObjectAcl`."},
	rightGetObjectTagging:         {findings.Fault, "The store may obey headers that weren't signed, so the server reads the tags of each upload of a profile with tags and needs `s3:GetObjectTagging`."},
	rightPutObjectTagging:         {findings.Fault, "The store's forms have no field for tags, so the server sets them afterwards and needs `s3:PutObjectTagging`."},
	rightQuarantine:               {findings.Fault, "The profile has a quarantine, and the server's own credentials may not put objects there."},
	rightUploadPut:                {findings.Fault, "The credentials that sign what visitors hold need `s3:PutObject` for the profile's keys. Without it every upload is refused with 403."},
	rightUploadAttributes:         {findings.Fault, "The profile has an `acl` or `tags`, and the credentials that sign what visitors hold lack `s3:PutObjectAcl` or `s3:PutObjectTagging`. A bucket that has ACLs switched off refuses an `acl` too: leave it out then."},
	objectUnreadable:              {findings.Fault, "What the upload credentials have put can't be read with the server's own, although an object of the server's own can. Where ACLs rule, an object belongs to the account that put it: both credentials have to be of one account."},
	uploadCredentialsWide:         {findings.Fault, "The credentials in `store.upload_credentials` can do more than put objects below the profiles' prefixes. They are there so that nobody who gets hold of a form or URL can do more than that, whatever the store makes of headers that weren't signed."},
	credentialsShared:             {findings.Fault, "The store obeys headers that weren't signed, and the server's own credentials sign what visitors hold: who has a URL can make the store copy any object that the server can read. Credentials of their own for visitors, which can't read, end that."},
	conditionIgnored:              {findings.Fault, "The store accepted a form that breaks a condition of its policy; the evidence names which. Forms of such a store bind nobody."},
	rangeIgnored:                  {findings.Fault, "The store accepted a form with a file that is smaller or larger than its policy allows, although the provider's record says that it compares. The server still removes such a file when the upload is completed."},
	coverageIgnored:               {findings.Fault, "The store accepted a form with a field that no condition of its policy covers, although the provider's record says that it refuses those. The server compares what such fields can set when the upload is completed."},
	redirectMissing:               {findings.Fault, "A form without script names where the store sends the browser afterwards (`success_action_redirect`). The store sends it elsewhere or nowhere."},
	verificationFailed:            {findings.Fault, "An upload arrived as planned, and the server's own verification of it failed: it can't read something of the object, or the store gave the object other attributes than were signed. The evidence has the reason."},
	putRefused:                    {findings.Fault, "The store refused a presigned PUT as visitors get it."},
	putStoredNothing:              {findings.Fault, "The store answered that a presigned PUT was accepted, and has no object, or another, afterwards."},
	lengthIgnored:                 {findings.Fault, "The store took by a presigned URL a longer or shorter body than it was signed for, or one of no announced length. Until uploads are completed, visitors can fill the bucket."},
	unsignedObeyed:                {findings.Fault, "The store obeyed headers of its own in a presigned request although they weren't signed, and the provider's record says that it refuses them. With `refuses_unsigned: false` the server compares what they can set, and asks for upload credentials."},
	overwriteAllowed:              {findings.Fault, "A request that forbids overwriting has taken the place of an object, although the provider's record says that the store honours it. Keys with `{id}` never meet one."},
	partsRefused:                  {findings.Fault, "A multipart upload as visitors make it fails: it can't be begun, a part is refused, or the parts aren't listed."},
	checksumIgnored:               {findings.Fault, "The store took a part whose checksum isn't the one that its URL names: damage on the way would go unnoticed."},
	sizeIgnored:                   {findings.Fault, "The store completed a multipart upload of another size than the request named, although the provider's record says that it compares. The server compares afterwards anyway."},
	objectPublic:                  {findings.Note, "Anybody who knows the address of an upload can read it, without a link of the server's. That is right where the bucket is meant to be public."},
	quarantinePublic:              {findings.Fault, "Anybody can read objects below the profile's `quarantine`. There lies what was refused: pages with script, for instance, under the bucket's own name."},
	noPostPolicy:                  {findings.Fault, "The store doesn't take forms, although the provider's record says that it does. With `post_policy: false` files go by presigned PUT and in parts; there are no uploads without script then."},
	formRefused:                   {findings.Fault, "The store refused a form as visitors get it."},
	formStoredNothing:             {findings.Fault, "The store answered that a form was accepted, and has no object afterwards. Some stores do that for credentials of a session with an inline policy: use a role without one."},
	keyShared:                     {findings.Note, "The profile's keys don't have `{id}` in them. A test upload could take the place of an object that isn't the doctor's, so none was made."},
	corsForeign:                   {findings.Note, "The bucket's CORS rules allow pages of any origin. That doesn't let anybody upload who has no form or URL."},
	code(setup.CORSMissing):       {findings.Fault, "No CORS rule of the bucket is for any page that uploads to it. Browsers then refuse to send, and a script sees a network error."},
	code(setup.CORSOrigin):        {findings.Fault, "The bucket's CORS rules leave out the origin of a page that uploads: that of `public_url`, or one of a profile's `origins`."},
	code(setup.CORSMethod):        {findings.Fault, "The bucket's CORS rules leave out a method: POST for forms, PUT for parts, GET for links."},
	code(setup.CORSHeader):        {findings.Fault, "The bucket's CORS rules leave out a header that uploads send."},
	code(setup.CORSExposed):       {findings.Fault, "Scripts can't read a header that they need: the `ETag` of each part, and the checksum where the profile has one."},
	code(setup.CORSOutdated):      {findings.Fault, "The rule that `postern setup` made allows something else than the config file asks for now."},
	code(setup.LifecycleMissing):  {findings.Fault, "Nothing removes the parts of uploads that nobody completes, or what was refused: they cost, and no listing shows parts."},
	code(setup.LifecycleOutdated): {findings.Fault, "The rule that `postern setup` made isn't the one that the config file asks for now."},
	code(setup.LifecycleEarly):    {findings.Fault, "A lifecycle rule of others ends multipart uploads while a visitor may still resume them."},
	code(setup.PrefixEmpty):       {findings.Note, "A profile's keys begin with a placeholder, so that a rule for their parts would hold for the whole bucket."},
	code(setup.Denied):            {findings.Note, "The server's own credentials may not read the bucket's CORS or lifecycle rules. The server has no use for that right; `postern setup` compares them with the operator's."},
	code(setup.Full):              {findings.Fault, "The bucket has as many rules as the store takes, so that ours can't be added."},
	code(setup.Failed):            {findings.Fault, "The bucket's rules can't be read, for a reason that the evidence names."},
	code(setup.NoCORSCall):        {findings.Note, "The store takes no CORS rules by S3's call. The remedy sets them by the store's own tools."},
	code(setup.NoRuleCall):        {findings.Note, "The store takes no lifecycle rules by S3's call. `postern sweep` ends abandoned multipart uploads in their place."},
	code(setup.OldVersions):       {findings.Note, "The bucket keeps versions, and a lifecycle rule only hides what expires."},
	code(setup.ServerExpiry):      {findings.Note, "A setting of the store's server ends multipart uploads, for all its buckets."},
	serverUnreachable:             {findings.Note, "The name in `public_url` isn't known, or the connection is refused: the server doesn't run. What lies between browsers and the server wasn't tried."},
	serverTLS:                     {findings.Fault, "The TLS certificate at `public_url` isn't valid for its host, has expired, or comes from an authority that this machine doesn't know."},
	serverRedirects:               {findings.Fault, "`public_url` answers with a redirect. Links would work; forms, scripts and the store's own redirect to the landing page don't follow."},
	serverBroken:                  {findings.Fault, "A connection to `public_url` is accepted and then closed, cut off or left without an answer, or isn't made in time. Browsers see the same. The evidence says which."},
	serverGateway:                 {findings.Fault, "A proxy answers at `public_url` with 502, 503 or 504: it doesn't get an answer from Postern."},
	serverOther:                   {findings.Fault, "Something answers at `public_url`, or below it, that isn't Postern: another site, a login page of the proxy, a firewall."},
	serverPath:                    {findings.Fault, "Requests reach the server with another path than that of `public_url`. The proxy has to keep the path or take exactly that path off."},
	serverHost:                    {findings.Fault, "Requests reach the server with another host than that of `public_url`, and it refuses them with 421: the name that a browser asked for is how it tells its own pages from others."},
	serverBody:                    {findings.Fault, "A proxy limits the bodies of requests to less than the script sends for 100 files at once. No file goes this way."},
	serverHeaders:                 {findings.Fault, "A proxy limits the headers of requests to less than browsers send where other applications of the same host set cookies, or where a ticket is long."},
	serverDiffers:                 {findings.Fault, "The server at `public_url` doesn't know an upload that was issued with this config file's keys and profiles: it runs with others, or hasn't read the file again since it was changed. A server reads the variables behind `env:` when it starts, so that a reload doesn't bring new ones."},
	stopped:                       {findings.Fault, "The doctor was stopped. What it had written is removed; what the finished checks found is told, and nothing of the others."},
	leftBehind:                    {findings.Fault, "The doctor couldn't remove objects that it wrote, or multipart uploads that it began. The remedy has a command for each. Mending what stopped the doctor doesn't remove them."},
}

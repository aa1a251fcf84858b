package attacks

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/postern-dev/postern/cmd/postern/testclient"
	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/policy/profile"
)

func TestEveryHeaderThatTheSDKSendsHasARow(t *testing.T) {
	t.Parallel()
	for _, name := range sdkHeaders(t) {
		if !slices.ContainsFunc(unsignedHeaders, func(h unsignedHeader) bool { return h.name == name }) {
			t.Errorf("%s: wanted a row for it", name)
		}
	}
}

// withObeyingStore serves the bucket in which the store obeys unsigned headers, as an unknown
// provider. two says that visitors' URLs are signed by the uploader.
func withObeyingStore(two bool) func(*handlers.Config) {
	return func(c *handlers.Config) {
		c.Store.Provider.PostPolicy, c.Store.Provider.RefusesUnsigned = false, false
		if two {
			c.Store.UploadCredentials = store.UploaderCredentials()
		}
		pictures := profile.Profile{Name: "pictures", Bucket: obeyingBucket, Key: "users/{subject}/{id}{ext}", Types: []string{"image/png"},
			MinSize: minSize, MaxSize: maxSize}
		films := pictures
		films.Name, films.Types, films.Multipart = "films", []string{"*/*"}, profile.Multipart{Threshold: 1, PartSize: partSize}
		c.Profiles = []profile.Profile{pictures, films}
	}
}

// With one set of credentials an object with a foreign attribute is refused and removed; what can't
// be noticed is a part copied byte for byte, which is why serve warns. With two sets no copy is
// made.
func TestObeyedHeadersNeverGiveAnAcceptedObjectAForeignAttribute(t *testing.T) {
	t.Parallel()
	storeSecretPicture(t)
	one, two := newSite(t, withObeyingStore(false)), newSite(t, withObeyingStore(true))
	for _, h := range unsignedHeaders {
		for _, c := range []struct {
			name    string
			site    *site
			request testclient.Request
			wanted  string
		}{
			{"put with one set", one, pictureRequest(pictureSize), h.put},
			{"part with one set", one, filmRequest(pictureSize), h.part},
			{"put with two sets", two, pictureRequest(pictureSize), cmp.Or(h.two.put, h.put)},
			{"part with two sets", two, filmRequest(pictureSize), cmp.Or(h.two.part, h.part)},
		} {
			t.Run(h.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				a := newAttempt(t, c.site)
				u := a.issue(c.request)
				if got := a.sendWith(u, h); got != c.wanted {
					t.Errorf("outcome: wanted %s, got %s", c.wanted, got)
				}
				if c.wanted != accepted && c.wanted != copied {
					a.requireNothingLeft(u, h.kept && c.wanted == h.put)
				}
			})
		}
	}
}

// storeSecretPicture stores what visitors would like to copy: a picture that begins like theirs and
// that only the server may read.
func storeSecretPicture(t *testing.T) {
	t.Helper()
	_, err := store.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(obeyingBucket), Key: aws.String(secretName),
		Body: bytes.NewReader(secretPicture()), ContentType: aws.String("image/png"), Metadata: map[string]string{"note": "secret"}})
	if err != nil {
		t.Fatal(err)
	}
}

func secretPicture() []byte { return append(pngOfSize(pictureSize-6), "secret, and more"...) }

// sendWith sends the upload's only request with one more header, completes the upload if the store
// took it, and returns the outcome.
func (a *attempt) sendWith(u *testclient.Upload, h unsignedHeader) string {
	a.Helper()
	put := testclient.Put{}
	if u.Put != nil {
		put = *u.Put
	} else {
		put = a.sign(u, 1).Put
	}
	size := pictureSize
	headers := maps.Clone(put.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	if h.name == "content-length" { // follows from the body
		size++
	} else {
		headers[h.name] = h.value
	}
	if h.ofCopy {
		headers["x-amz-copy-source"] = obeyingBucket + "/" + secretName
	}
	put.Headers = headers
	answer := a.requireAnswer(put.Send(a.Context(), pngOfSize(size)))
	if answer.OK() {
		if answer = a.requireAnswer(u.Complete(a.Context())); answer.OK() {
			return a.acceptedAs(u)
		}
	}
	a.requireNoSecret(answer)
	return fmt.Sprint(answer.Status, " ", answer.Code())
}

// acceptedAs says what an accepted object is: accepted where all that the store tells of it is as
// of an upload without any header, else what differs.
func (a *attempt) acceptedAs(u *testclient.Upload) string {
	a.Helper()
	wanted := newAttempt(a.T, a.site)
	clean := wanted.issue(requestOf(u))
	wanted.requireSuccess(wanted.requireAnswer(clean.Send(a.Context(), "garden.png", pngOfSize(pictureSize))))
	wanted.requireSuccess(wanted.requireAnswer(clean.Complete(a.Context())))
	got, contents := a.lookUp(u.Key)
	want, cleanContents := a.lookUp(clean.Key)
	if !bytes.Equal(contents, cleanContents) && bytes.Equal(contents, secretPicture()[:pictureSize]) {
		got.ETag, contents = want.ETag, cleanContents
		if reflect.DeepEqual(got, want) {
			return copied
		}
	}
	if !reflect.DeepEqual(got, want) || !bytes.Equal(contents, cleanContents) {
		return fmt.Sprintf("accepted with %+v, wanted %+v", got, want)
	}
	return accepted
}

// requestOf is what the upload was asked for with.
func requestOf(u *testclient.Upload) testclient.Request {
	if u.Profile == "films" {
		return filmRequest(pictureSize)
	}
	return pictureRequest(pictureSize)
}

// lookUp returns what the store tells of an object, without its time, and its bytes.
func (a *attempt) lookUp(key string) (s3.HeadObjectOutput, []byte) {
	a.Helper()
	head, err := store.Client().HeadObject(a.Context(), &s3.HeadObjectInput{Bucket: aws.String(obeyingBucket), Key: &key})
	if err != nil {
		a.Fatal(err)
	}
	head.LastModified, head.ResultMetadata = nil, middleware.Metadata{}
	out, err := store.Client().GetObject(a.Context(), &s3.GetObjectInput{Bucket: aws.String(obeyingBucket), Key: &key})
	if err != nil {
		a.Fatal(err)
	}
	defer out.Body.Close()
	contents, err := io.ReadAll(out.Body)
	if err != nil {
		a.Fatal(err)
	}
	return *head, contents
}

// requireNothingLeft requires that the store has no object of a refused upload, that completion
// says so, and that nothing is left once the visitor gave up. An object that the store kept is
// accepted as one without the header.
func (a *attempt) requireNothingLeft(u *testclient.Upload, kept bool) {
	a.Helper()
	again := a.requireAnswer(u.Complete(a.Context()))
	if kept {
		if got := a.acceptedAs(u); !again.OK() || got != accepted {
			a.Errorf("the object that the store kept: wanted it accepted, got %v, %s", again, got)
		}
		return
	}
	if again.OK() {
		a.Errorf("completion after the refusal: wanted none, got %v", again)
	}
	if u.Multipart != nil {
		a.requireAnswer(u.Abort(a.Context()))
	}
	objects, err := store.Client().ListObjectsV2(a.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(obeyingBucket), Prefix: &u.Key})
	if err != nil || len(objects.Contents) > 0 {
		a.Errorf("objects: wanted none, got %v, %v", objects.Contents, err)
	}
	parts, err := store.Client().ListMultipartUploads(a.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(obeyingBucket), Prefix: &u.Key})
	if err != nil || len(parts.Uploads) > 0 {
		a.Errorf("multipart uploads: wanted none, got %v, %v", parts.Uploads, err)
	}
}

// unsignedAttacks add the headers where the store refuses what wasn't signed.
func unsignedAttacks() []attack {
	var list []attack
	for _, h := range unsignedHeaders {
		if !strings.HasPrefix(h.name, "x-amz-") {
			continue
		}
		code := "AccessDenied"
		if h.name == "x-amz-acl" || h.name == "x-amz-tagging" { // signed, with the profile's value
			code = "SignatureDoesNotMatch"
		}
		list = append(list,
			attack{classUnsigned, viaPUT, h.name, sendingPut(setPutHeader(h.name, h.value)), 403, code},
			attack{classUnsigned, viaMultipart, h.name, sendingPart(setPartHeader(h.name, h.value)), 403, "AccessDenied"})
	}
	for _, name := range []string{"content-disposition", "content-encoding", "content-language", "expires"} {
		list = append(list, attack{classUnsigned, viaPUT, name, completingAfterPut(name), 409, "size_mismatch"})
	}
	return list
}

// completingAfterPut adds a header that S3 stores although it wasn't signed, and asks for
// completion.
func completingAfterPut(name string) func(*attempt) testclient.Answer {
	return func(a *attempt) testclient.Answer {
		u := a.issue(pictureRequest(pictureSize))
		i := slices.IndexFunc(unsignedHeaders, func(h unsignedHeader) bool { return h.name == name })
		setPutHeader(name, unsignedHeaders[i].value)(a, u.Put)
		a.requireSuccess(a.requireAnswer(u.Put.Send(a.Context(), pngOfSize(pictureSize))))
		return a.requireAnswer(u.Complete(a.Context()))
	}
}

package uploads_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

func TestStoresAreTakenToObeyUnsignedHeadersUnlessKnownToRefuseThem(t *testing.T) {
	t.Parallel()
	refusing := []string{"aws", "gcs", "oss", "versity"}
	for _, name := range uploads.ProviderNames() {
		p, err := uploads.ProviderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		if p.RefusesUnsigned != slices.Contains(refusing, name) || p.ACLs != (name == "ceph" || name == "spaces") {
			t.Errorf("%s: got RefusesUnsigned %v and ACLs %v", name, p.RefusesUnsigned, p.ACLs)
		}
	}
}

// The owner's grant, and grants of others.
var (
	owners = types.Grant{Grantee: &types.Grantee{Type: types.TypeCanonicalUser, ID: aws.String("owner")}, Permission: types.PermissionFullControl}
	user   = func(p types.Permission) types.Grant {
		return types.Grant{Grantee: &types.Grantee{Type: types.TypeCanonicalUser, ID: aws.String("mallory")}, Permission: p}
	}
	group = func(name string, p types.Permission) types.Grant {
		return types.Grant{Grantee: &types.Grantee{Type: types.TypeGroup, URI: aws.String("http://acs.amazonaws.com/groups/global/" + name)}, Permission: p}
	}
)

// complete has a 10 byte object verified that has what the store says of it.
func complete(t *testing.T, client *fakeStore, provider string, edit func(*profile.Profile)) error {
	t.Helper()
	s, p := service(t, client, provider, func(c *uploads.Config) {
		c.Store.Provider.PostPolicy = false
		edit(&c.Profiles[0])
	})
	issued := issueFile(t, s, p, 10)
	open, err := s.Open(issued.Token, issued.ID, uploads.Visitor{})
	if err != nil {
		t.Fatal(err)
	}
	client.found.ContentLength, client.found.ContentType = aws.Int64(10), aws.String("application/octet-stream")
	client.found.ETag = aws.String(`"e"`)
	_, err = s.Complete(t.Context(), open, "")
	return err
}

func TestGrantsBeyondThePlannedACLAreRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		planned  policy.CannedACL
		grants   []types.Grant
		accepted bool
	}{
		{"no ACL planned, the owner's grant", "", []types.Grant{owners}, true},
		{"private planned, the owner's grant", "private", []types.Grant{owners}, true},
		{"no ACL planned, everybody reads", "", []types.Grant{owners, group("AllUsers", types.PermissionRead)}, false},
		{"private planned, everybody writes the ACL", "private", []types.Grant{owners, group("AllUsers", types.PermissionWriteAcp)}, false},
		{"no ACL planned, somebody reads", "", []types.Grant{owners, user(types.PermissionRead)}, false},
		{"no ACL planned, a grant without grantee", "", []types.Grant{{Permission: types.PermissionRead}}, false},
		{"public reading planned, everybody reads", "public-read", []types.Grant{owners, group("AllUsers", types.PermissionRead)}, true},
		{"public reading planned, everybody writes", "public-read", []types.Grant{owners, group("AllUsers", types.PermissionRead), group("AllUsers", types.PermissionWrite)}, false},
		{"public reading planned, those with an account read", "public-read", []types.Grant{owners, group("AuthenticatedUsers", types.PermissionRead)}, false},
		{"reading for accounts planned", "authenticated-read", []types.Grant{owners, group("AuthenticatedUsers", types.PermissionRead)}, true},
		{"public writing planned", "public-read-write", []types.Grant{owners, group("AllUsers", types.PermissionRead), group("AllUsers", types.PermissionWrite)}, true},
		{"reading for the bucket's owner planned", "bucket-owner-read", []types.Grant{owners, user(types.PermissionRead)}, true},
		{"reading for the bucket's owner planned, two read", "bucket-owner-read", []types.Grant{owners, user(types.PermissionRead), user(types.PermissionRead)}, false},
		{"reading for the bucket's owner planned, all rights", "bucket-owner-read", []types.Grant{owners, user(types.PermissionFullControl)}, false},
	}
	for _, c := range cases {
		client := &fakeStore{acl: s3.GetObjectAclOutput{Owner: &types.Owner{ID: aws.String("owner")}, Grants: c.grants}}
		err := complete(t, client, "ceph", func(p *profile.Profile) { p.ACL = c.planned })
		requireVerdict(t, c.name, client, err, c.accepted)
	}
}

// requireVerdict requires that an object was accepted, or refused and deleted.
func requireVerdict(t *testing.T, name string, client *fakeStore, err error, accepted bool) {
	t.Helper()
	var refused *uploads.ObjectError
	if accepted && err != nil || !accepted && !errors.As(err, &refused) {
		t.Errorf("%s: wanted accepted: %v, got %v", name, accepted, err)
	}
	if slices.Contains(client.calls, "DeleteObject") == accepted {
		t.Errorf("%s: wanted accepted: %v, got the calls %q", name, accepted, client.calls)
	}
}

func TestOtherTagsOfThePlannedNumberAreRefused(t *testing.T) {
	t.Parallel()
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	for name, c := range map[string]struct {
		tags     []types.Tag
		accepted bool
	}{
		"the planned tag": {[]types.Tag{tag("stage", "inbox")}, true}, "another value": {[]types.Tag{tag("stage", "done")}, false},
		"another name": {[]types.Tag{tag("level", "inbox")}, false}, "no tag after all": {nil, false},
		"one more": {[]types.Tag{tag("stage", "inbox"), tag("a", "b")}, false},
	} {
		client := &fakeStore{tags: c.tags, found: s3.HeadObjectOutput{TagCount: aws.Int32(1)}}
		err := complete(t, client, "minio", func(p *profile.Profile) { p.Tags = map[string]string{"stage": "inbox"} })
		requireVerdict(t, name, client, err, c.accepted)
	}
}

func TestACLAndTagsAreReadOnlyWhereUnsignedHeadersCouldSetThem(t *testing.T) {
	t.Parallel()
	plain := []string{"HeadObject", "GetObject"}
	cases := []struct {
		name, provider string
		tagged         bool   // the profile has tags
		count          *int32 // of tags, as HeadObject tells
		wanted         []string
	}{
		{"a store that refuses them", "aws", true, aws.Int32(1), plain},
		{"the embedded store", "versity", true, aws.Int32(1), plain},
		{"a store without ACLs, no tags", "minio", false, nil, plain},
		{"a store without ACLs, tags planned and none told", "minio", true, nil, plain},
		{"a store without ACLs, tags planned and told", "minio", true, aws.Int32(1), []string{"HeadObject", "GetObjectTagging", "GetObject"}},
		{"a store with ACLs", "ceph", false, nil, []string{"HeadObject", "GetObjectAcl", "GetObject"}},
		{"a store with ACLs, tags", "ceph", true, aws.Int32(1), []string{"HeadObject", "GetObjectAcl", "GetObjectTagging", "GetObject"}},
	}
	for _, c := range cases {
		client := &fakeStore{found: s3.HeadObjectOutput{TagCount: c.count}, tags: []types.Tag{{Key: aws.String("stage"), Value: aws.String("inbox")}}}
		err := complete(t, client, c.provider, func(p *profile.Profile) {
			if c.tagged {
				p.Tags = map[string]string{"stage": "inbox"}
			}
		})
		if err != nil || !slices.Equal(client.calls, c.wanted) {
			t.Errorf("%s: wanted %q, got %q, %v", c.name, c.wanted, client.calls, err)
		}
	}
}

func TestAnACLThatCannotBeReadLeavesTheObject(t *testing.T) {
	t.Parallel()
	client := &fakeStore{err: answered(http.StatusForbidden, "AccessDenied")}
	err := complete(t, client, "ceph", func(*profile.Profile) {})
	var refused *problem.Error
	if !errors.As(err, &refused) || refused.Code != problem.StoreUnavailable || slices.Contains(client.calls, "DeleteObject") {
		t.Errorf("wanted store_unavailable and the object left, got %v after %q", err, client.calls)
	}
}

// answered is a store's refusal as the SDK returns it; status 0 is no answer at all.
func answered(status int, code string) error {
	if status == 0 {
		return errors.New("connection refused")
	}
	response := &smithyhttp.Response{Response: &http.Response{StatusCode: status}}
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: response, Err: &smithy.GenericAPIError{Code: code}}}
}

func TestMissingRightsShowAtStart(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, provider string
		tags           map[string]string
		status         int
		code           string
		wanted         string // in the error; "" is none
	}{
		{"the right is there", "ceph", nil, 404, "NoSuchKey", ""},
		{"the right to the ACL is missing", "ceph", nil, 403, "AccessDenied", `profile "files": the server's own credentials need s3:GetObjectAcl`},
		{"the right to tags is missing", "minio", map[string]string{"a": "b"}, 403, "AccessDenied", "need s3:GetObjectTagging"},
		{"tags aren't read where none are planned", "minio", nil, 403, "AccessDenied", ""},
		{"the store has no ACLs after all", "ceph", nil, 501, "NotImplemented", "choose the provider that it is"},
		{"the store gives no answer", "ceph", nil, 0, "", ""},
		{"the store is out of order", "ceph", nil, 503, "SlowDown", ""},
		{"the store refuses unsigned headers", "aws", map[string]string{"a": "b"}, 403, "AccessDenied", ""},
	}
	for _, c := range cases {
		client := &fakeStore{err: answered(c.status, c.code)}
		record, err := uploads.ProviderNamed(c.provider)
		if err != nil {
			t.Fatal(err)
		}
		store := uploads.Store{Client: client, Provider: record}
		err = store.CheckRights(t.Context(), []profile.Profile{{Name: "files", Bucket: "media", Key: "in/{id}", Tags: c.tags}})
		if got := errorText(err); (got == "") != (c.wanted == "") || !strings.Contains(got, c.wanted) {
			t.Errorf("%s: wanted %q, got %q", c.name, c.wanted, got)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

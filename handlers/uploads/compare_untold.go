package uploads

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
)

// compareUntold compares what HeadObject doesn't tell and unsigned headers can set: the ACL where
// objects have one, and the tags where some are planned. A store that refuses unsigned headers
// isn't asked.
func (s objectStore) compareUntold(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput) error {
	provider, planned := s.provider, up.Served.Settings
	if provider.obeysACLHeaders() {
		acl, err := s.readACL(ctx, up, found)
		if err != nil {
			return err
		}
		if !isPlannedACL(acl, planned.ACL) {
			return up.objectError(problem.SizeMismatch, "the object has another ACL than planned")
		}
	}
	if !provider.RefusesUnsigned && len(planned.Tags) > 0 && aws.ToInt32(found.TagCount) > 0 {
		tags, err := s.readTags(ctx, up, found)
		if err != nil {
			return err
		}
		if !areTags(tags, planned.Tags) {
			return up.objectError(problem.SizeMismatch, "the object has other tags than planned")
		}
	}
	return nil
}

// grant is what somebody other than the owner may do. group is a URI, "" for a single account.
type grant struct {
	group      string
	permission types.Permission
}

// The groups of "Access control list (ACL) overview" in the S3 User Guide.
const (
	allUsers           = "http://acs.amazonaws.com/groups/global/AllUsers"
	authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
)

// cannedGrants are the grants that a canned ACL gives to others than the owner. For the bucket's
// owner and EC2 that is an account whose ID isn't known here.
var cannedGrants = map[policy.CannedACL][]grant{
	policy.ACLPublicRead:             {{allUsers, types.PermissionRead}},
	policy.ACLPublicReadWrite:        {{allUsers, types.PermissionRead}, {allUsers, types.PermissionWrite}},
	policy.ACLAuthenticatedRead:      {{authenticatedUsers, types.PermissionRead}},
	policy.ACLAWSExecRead:            {{"", types.PermissionRead}},
	policy.ACLBucketOwnerRead:        {{"", types.PermissionRead}},
	policy.ACLBucketOwnerFullControl: {{"", types.PermissionFullControl}},
}

// isPlannedACL reports whether an ACL gives others than the owner no more than the planned canned
// ACL does, and nothing twice.
func isPlannedACL(acl *s3.GetObjectAclOutput, planned policy.CannedACL) bool {
	allowed := map[grant]bool{}
	for _, g := range cannedGrants[planned] {
		allowed[g] = true
	}
	for _, g := range acl.Grants {
		if isOwner(g.Grantee, acl.Owner) {
			continue
		}
		given := grant{permission: g.Permission}
		if g.Grantee != nil {
			given.group = aws.ToString(g.Grantee.URI)
		}
		if !allowed[given] {
			return false
		}
		delete(allowed, given)
	}
	return true
}

func isOwner(grantee *types.Grantee, owner *types.Owner) bool {
	return grantee != nil && owner != nil && aws.ToString(grantee.URI) == "" &&
		aws.ToString(grantee.ID) != "" && aws.ToString(grantee.ID) == aws.ToString(owner.ID)
}

// areTags reports whether tags are exactly the planned ones.
func areTags(tags []types.Tag, planned map[string]string) bool {
	for _, tag := range tags {
		if value, ok := planned[aws.ToString(tag.Key)]; !ok || value != aws.ToString(tag.Value) {
			return false
		}
	}
	return len(tags) == len(planned)
}

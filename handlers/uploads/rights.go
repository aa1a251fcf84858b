package uploads

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/policy/profile"
)

// CheckRights returns an error for each right that verification needs and the server doesn't have,
// so that it shows at start and not with an upload. `postern serve` calls it; a program of your own
// should before it serves.
//
// It asks for the ACL where that will be read (Provider.ACLs without RefusesUnsigned), and for the
// tags of profiles that have some, of an object that isn't there. S3 answers NoSuchKey to whoever
// may read both the ACL and the bucket's list, else AccessDenied ("GetObjectAcl" and "HeadObject"
// in the S3 reference). A store that doesn't answer is no error: Service.Ready tells that.
func (s Store) CheckRights(ctx context.Context, profiles []profile.Profile) error {
	s = s.withDefaults()
	var found []error
	for _, p := range profiles {
		prefix, _, _ := strings.Cut(p.Key, "{")
		key := prefix + "postern-rights-check"
		if s.Provider.obeysACLHeaders() {
			_, err := within(ctx, s.Timeout, s.Client.GetObjectAcl, &s3.GetObjectAclInput{Bucket: &p.Bucket, Key: &key})
			found = append(found, missingRight(p, "s3:GetObjectAcl", err))
		}
		if !s.Provider.RefusesUnsigned && len(p.Tags) > 0 {
			_, err := within(ctx, s.Timeout, s.Client.GetObjectTagging, &s3.GetObjectTaggingInput{Bucket: &p.Bucket, Key: &key})
			found = append(found, missingRight(p, "s3:GetObjectTagging", err))
		}
	}
	return errors.Join(found...)
}

// missingRight reads the answer to a question about an object that isn't there; nil where it shows
// that the right is there, or shows nothing.
func missingRight(p profile.Profile, right string, err error) error {
	switch storeStatus(err) {
	case http.StatusForbidden:
		return fmt.Errorf("uploads: profile %q: the server's own credentials need %s for the objects of bucket %q, and s3:ListBucket: %w",
			p.Name, right, p.Bucket, err)
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fmt.Errorf("uploads: profile %q: the store can't answer what %s allows; choose the provider that it is: %w", p.Name, right, err)
	}
	return nil
}

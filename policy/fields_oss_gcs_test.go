package policy_test

import (
	"testing"

	"github.com/postern-dev/postern/policy"
)

// The fields of one dialect are signed with its signers, and refused with those of the others.
func TestFieldsOfOneDialectAreRefusedInOthers(t *testing.T) {
	t.Parallel()
	signers := dialects(t)
	fields := map[string][]policy.Condition{
		"aws":     {policy.Metadata("a", "b"), policy.StorageClass(policy.ClassStandard), policy.SSES3(), policy.Tagging(policy.Tag{Key: "a"})},
		"oss":     {policy.OSSForbidOverwrite(), policy.OSSObjectACL(policy.OSSPrivate), policy.OSSStorageClass(policy.OSSIA), policy.OSSMetadata("a", "b")},
		"gcs":     {policy.GCSMetadata("a", "b")},
		"gcs-rsa": {policy.GCSMetadata("a", "b")},
	}
	for cloud, conditions := range fields {
		for dialect, signer := range signers {
			for _, c := range conditions {
				_, err := policy.Sign(validDocument(c), formURL, signer, noon)
				own := signer.Dialect().FieldPrefix() == signers[cloud].Dialect().FieldPrefix()
				if own && err != nil || !own && !hasReason(err, policy.ReasonDialect) {
					t.Errorf("%v signed by %s: got %v", c, dialect, err)
				}
			}
		}
	}
	if _, err := policy.Sign(validDocument(policy.ACL(policy.ACLPrivate)), formURL, signers["gcs"], noon); err != nil {
		t.Error(err)
	}
	if _, err := policy.Sign(validDocument(policy.ACL(policy.ACLPrivate)), formURL, signers["oss"], noon); !hasReason(err, policy.ReasonDialect) {
		t.Errorf("acl at oss: got %v, wanted ErrDialect", err)
	}
}

func TestOSSAndGCSConstructorsRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []policy.Condition{policy.OSSObjectACL("everyone"), policy.OSSStorageClass("STANDARD"), policy.OSSMetadata("", "x"), policy.GCSMetadata("a b", "x")} {
		if c.Err() == nil {
			t.Errorf("%v was accepted", c)
		}
	}
}

package iam

import (
	"cmp"
	"slices"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// needs are what one profile makes Postern ask of its store.
type needs struct {
	profile  profile.Profile
	provider uploads.Provider
	names    names
	// separate: what visitors hold is signed with credentials of its own.
	separate bool
}

// hasParts: some uploads are multipart uploads.
func (n needs) hasParts() bool {
	p := n.profile
	return p.MaxSize >= cmp.Or(p.Multipart.Threshold, 16*profile.MiB) || p.Checksum == profile.ChecksumMD5 && !n.provider.PostPolicy
}

// copies: the server copies objects, to their own key after a form, to the quarantine prefix.
func (n needs) copies() bool { return n.provider.PostPolicy || n.profile.Quarantine != "" }

// readsACL: an unsigned header may have set the ACL, so it is read; and every upload names one.
func (n needs) readsACL() bool { return n.provider.ACLs && !n.provider.RefusesUnsigned }

func (n needs) namesACL() bool { return n.profile.ACL != "" || n.readsACL() }

func (n needs) hasTags() bool { return len(n.profile.Tags) > 0 }

// tagsLater: the store's forms have no field for tags, so the server sets them afterwards.
func (n needs) tagsLater() bool {
	return n.hasTags() && n.provider.PostPolicy && n.provider.Attributes().TagsField == ""
}

func (n needs) bucket() string { return n.names.bucket(n.profile.Bucket) }

func (n needs) objects() string { return n.names.objects(n.profile.Bucket, keyPrefix(n.profile)) }

// put is what whoever writes the profile's objects needs on them: an ACL and tags are rights of
// their own, also within PutObject, CreateMultipartUpload and CopyObject.
func (n needs) put() []string {
	actions := []string{"s3:PutObject"}
	if n.namesACL() {
		actions = append(actions, "s3:PutObjectAcl")
	}
	if n.hasTags() {
		actions = append(actions, "s3:PutObjectTagging")
	}
	return actions
}

// serverWrites: the server's own credentials write objects: they sign for visitors, begin multipart
// uploads or copy.
func (n needs) serverWrites() bool { return !n.separate || n.hasParts() || n.copies() }

// addServer adds what the server's own identity does with objects of the profile. The bucket's list
// has no condition on the prefix: HeadBucket names none, and without that right S3 says 403 instead
// of 404 of an object that isn't there.
func (n needs) addServer(buckets, objects *grants) {
	buckets.allow(n.bucket(), "s3:ListBucket")
	objects.allow(n.objects(), "s3:GetObject", "s3:DeleteObject")
	if n.serverWrites() {
		objects.allow(n.objects(), n.put()...)
	}
	if n.hasParts() {
		objects.allow(n.objects(), "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
	}
	if n.readsACL() {
		objects.allow(n.objects(), "s3:GetObjectAcl")
	}
	if n.hasTags() { // a copy reads those of its source
		objects.allow(n.objects(), "s3:GetObjectTagging")
	}
	if quarantine := n.profile.Quarantine; quarantine != "" {
		moved := n.names.objects(n.profile.Bucket, quarantine+keyPrefix(n.profile))
		objects.allow(moved, "s3:PutObject", "s3:DeleteObject") // doctor removes what it moved there
		if n.hasTags() {
			objects.allow(moved, "s3:PutObjectTagging")
		}
	}
}

// addServerVersions adds what the server does with versions, where the bucket keeps some.
func (n needs) addServerVersions(versions *grants) {
	if !n.provider.Versions && n.provider.Name != "other" { // nobody knows what another store can do
		return
	}
	versions.allow(n.objects(), "s3:DeleteObjectVersion")
	if n.profile.Download.Lifetime > 0 {
		versions.allow(n.objects(), "s3:GetObjectVersion")
	}
	if n.readsACL() {
		versions.allow(n.objects(), "s3:GetObjectVersionAcl")
	}
	if n.hasTags() && !n.provider.RefusesUnsigned {
		versions.allow(n.objects(), "s3:GetObjectVersionTagging")
	}
	if n.tagsLater() {
		versions.allow(n.objects(), "s3:PutObjectVersionTagging")
	}
}

// encrypts: the store asks a key of the operator's own. The default key of an account needs no
// rights: its own policy lets everybody of the account use it by S3.
func (n needs) encrypts() bool {
	return n.profile.Encryption.Mode == profile.EncryptionKMS && n.profile.Encryption.KeyID != "" &&
		slices.Contains([]string{"aws", "oss"}, n.provider.Name)
}

// keyStatements allow the KMS keys of the profiles: encrypting takes kms:GenerateDataKey, and
// reading and completing of parts kms:Decrypt.
func keyStatements(all []needs) (list []Statement) {
	var seen []string
	for _, n := range all {
		if id := n.profile.Encryption.KeyID; n.encrypts() && !slices.Contains(seen, id) {
			resource, condition := n.names.kmsKey(id)
			list = append(list, Statement{Sid: numbered("Key", len(list)), Effect: allow,
				Action: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resource: []string{resource}, Condition: condition})
			seen = append(seen, id)
		}
	}
	return list
}

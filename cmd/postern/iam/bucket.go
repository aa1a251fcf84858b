package iam

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy"
)

// operator allows what postern setup and sweep do with the credentials of whoever runs them; doctor
// has those of the server. Unfinished multipart uploads are listed and ended below the profiles' key
// prefixes alone.
func (w *writer) operator() Policy {
	var buckets, objects grants
	for _, bucket := range w.file.Buckets() {
		resource := w.names.bucket(bucket)
		buckets.allow(resource, "s3:ListBucket", "s3:GetBucketVersioning")
		provider := w.needs[0].provider
		if provider.CORSCalls {
			buckets.allow(resource, "s3:GetBucketCORS", "s3:PutBucketCORS")
		}
		if provider.LifecycleCalls {
			buckets.allow(resource, "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration")
		}
	}
	for _, n := range w.needs {
		if keyPrefix(n.profile) != "" { // sweep refuses to look at a whole bucket
			objects.allow(n.objects(), "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
		}
	}
	return policyOf(slices.Concat(buckets.statements("Buckets"), w.lists(), objects.statements("Parts")))
}

// lists allow to list unfinished multipart uploads below the profiles' key prefixes.
func (w *writer) lists() (list []Statement) {
	for _, bucket := range w.file.Buckets() {
		if prefixes := w.prefixes(bucket); w.needs[0].provider.ListsUploads && len(prefixes) > 0 {
			list = append(list, Statement{Sid: numbered("Sweep", len(list)), Effect: allow, Action: []string{"s3:ListBucketMultipartUploads"},
				Resource: []string{w.names.bucket(bucket)}, Condition: map[string]map[string][]string{"StringLike": {"s3:prefix": prefixes}}})
		}
	}
	return list
}

// prefixes are the patterns of the key prefixes that profiles have in a bucket.
func (w *writer) prefixes(bucket string) (list []string) {
	for _, n := range w.needs {
		if prefix := keyPrefix(n.profile); n.profile.Bucket == bucket && prefix != "" && !slices.Contains(list, prefix+"*") {
			list = append(list, prefix+"*")
		}
	}
	return list
}

// bucket denies in the bucket's policy what no identity should do, whatever its own policy allows,
// and lets everybody read the objects of the profiles that Options.PublicRead names.
func (w *writer) bucket(bucket string) Policy {
	var list []Statement
	all := []string{w.names.bucket(bucket), w.names.bucket(bucket) + "/*"}
	if !strings.HasPrefix(w.file.Store.Endpoint, "http://") && !strings.HasPrefix(w.file.Store.PublicEndpoint, "http://") {
		list = append(list, Statement{Sid: "OnlyTLS", Effect: deny, Principal: "*", Action: []string{"s3:*"}, Resource: all,
			Condition: map[string]map[string][]string{"Bool": {"aws:SecureTransport": {"false"}}}})
	}
	list = append(list, w.onlyPlannedACLs(bucket)...)
	list = append(list, w.quarantineIsPrivate(bucket)...)
	var public grants
	for _, n := range w.needs {
		if n.profile.Bucket == bucket && slices.Contains(w.options.PublicRead, n.profile.Name) {
			public.allow(n.objects(), "s3:GetObject")
		}
	}
	for _, s := range public.statements("PublicRead") {
		s.Principal = "*"
		list = append(list, s)
	}
	return policyOf(list)
}

// publicACLs are the canned ACLs that let others than the owner in.
var publicACLs = []string{string(policy.ACLPublicRead), string(policy.ACLPublicReadWrite), string(policy.ACLAuthenticatedRead)}

// onlyPlannedACLs denies canned ACLs that let others in, below the prefixes of the profiles that
// plan none of them. AWS alone is known to have the condition.
func (w *writer) onlyPlannedACLs(bucket string) (list []Statement) {
	var private grants
	for _, n := range w.needs {
		sharesPrefix := slices.ContainsFunc(w.needs, func(o needs) bool {
			return o.profile.Bucket == bucket && slices.Contains(publicACLs, string(o.profile.ACL)) && strings.HasPrefix(keyPrefix(o.profile), keyPrefix(n.profile))
		})
		if n.provider.Name == "aws" && n.profile.Bucket == bucket && !sharesPrefix {
			private.allow(n.objects(), "s3:PutObject", "s3:PutObjectAcl")
		}
	}
	for _, s := range private.statements("NoPublicACL") {
		s.Effect, s.Principal = deny, "*"
		s.Condition = map[string]map[string][]string{"StringEquals": {"s3:x-amz-acl": publicACLs}}
		list = append(list, s)
	}
	return list
}

// quarantineIsPrivate denies reading of refused objects to whoever isn't signed in. AWS alone is
// known to have the condition.
func (w *writer) quarantineIsPrivate(bucket string) (list []Statement) {
	var private grants
	for _, n := range w.needs {
		if n.provider.Name == "aws" && n.profile.Bucket == bucket && n.profile.Quarantine != "" {
			private.allow(w.names.objects(bucket, n.profile.Quarantine), "s3:GetObject")
		}
	}
	for _, s := range private.statements("QuarantineIsPrivate") {
		s.Effect, s.Principal = deny, "*"
		s.Condition = map[string]map[string][]string{"StringEquals": {"aws:PrincipalType": {"Anonymous"}}}
		list = append(list, s)
	}
	return list
}

package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/policy/profile"
)

// Options are what the config file doesn't say.
type Options struct {
	// Principal is the ARN of the server's own identity, which may assume the config's roles. "":
	// any identity of the role's account that has the right to.
	Principal string
	// PublicRead names profiles whose objects everybody may read, by the bucket's policy. None when
	// empty.
	PublicRead []string
}

// Document is one policy, and where it goes.
type Document struct {
	Name    string `json:"name"`             // server, uploads, uploads-trust, scoped, scoped-trust, operator, bucket-NAME
	Purpose string `json:"purpose"`          // whose policy it is
	Role    string `json:"role,omitempty"`   // ARN of the role that it belongs to
	Bucket  string `json:"bucket,omitempty"` // the bucket that it belongs to
	Policy  Policy `json:"policy"`

	maxSize int // in characters, see Policy.Size
}

// The most characters of a policy: of a managed policy, of a role's trust policy and of a bucket's
// policy ("IAM and AWS STS quotas" in the IAM User Guide, "Bucket policies" in the S3 User Guide;
// "Limits" in the RAM documentation).
const (
	maxManaged = 6144
	maxTrust   = 2048
	maxBucket  = 20 << 10
)

// Documents returns the policies that a config needs, and what has to be said about them: rights
// that reach further than an operator may want, policies that are too long, a store without such
// policies. The error is about Options.
func Documents(file *config.Config, o Options) ([]Document, *findings.Report, error) {
	described, err := file.Store.Described()
	if err != nil {
		return nil, nil, err
	}
	report := &findings.Report{}
	if remedy, none := withoutPolicies[described.Provider.Name]; none {
		report.Add(findings.Finding{Code: "no_policies", Severity: findings.Note, Remedy: remedy,
			Sentence: fmt.Sprintf("provider %s has no policies of this kind", described.Provider.Name)})
		return []Document{}, report, nil
	}
	w := writer{file: file, options: o, names: namesOf(file)}
	for _, p := range sortedProfiles(file) {
		w.needs = append(w.needs, needs{profile: p, provider: described.Provider, names: w.names,
			separate: file.Store.HasUploadCredentials})
	}
	if err := w.checkOptions(); err != nil {
		return nil, nil, err
	}
	list := w.documents()
	if w.names.aliyun {
		for i := range list {
			list[i].Policy = inRAM(list[i].Policy)
		}
	}
	w.report(report, list)
	return list, report, nil
}

// withoutPolicies says what to do at stores that have no policies in AWS's language.
var withoutPolicies = map[string]string{
	"r2":        "make two API tokens in R2's console, for this bucket alone: \"Object Read & Write\" for the server, another one for store.upload_credentials",
	"b2":        "make two application keys for this bucket alone: for the server with listBuckets, listFiles, readFiles, writeFiles and deleteFiles, for store.upload_credentials with writeFiles and the profiles' key prefix",
	"gcs":       "give the server's service account roles/storage.objectAdmin and roles/storage.legacyBucketReader on the bucket, that of store.upload_credentials roles/storage.objectCreator",
	"spaces":    "make two limited access keys for this bucket, with read, write and delete",
	"seaweedfs": "give the server's identity the actions Read, Write, List and Tagging on the bucket, that of store.upload_credentials Write on the profiles' key prefix",
	"swift":     "give the server's user a role that reads and writes the container",
}

func sortedProfiles(file *config.Config) []profile.Profile {
	list := make([]profile.Profile, 0, len(file.Profiles))
	for _, p := range file.Profiles {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b profile.Profile) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// writer writes the documents of one config.
type writer struct {
	file    *config.Config
	options Options
	names   names
	needs   []needs // by profile
}

// checkOptions refuses a profile that isn't there, and one whose readers could read what is in
// quarantine.
func (w *writer) checkOptions() error {
	if p := w.options.Principal; p != "" && !strings.HasPrefix(p, "arn:") && !strings.HasPrefix(p, "acs:") {
		return fmt.Errorf("iam: principal %q: wanted an ARN such as arn:aws:iam::123456789012:role/postern", p)
	}
	for _, name := range w.options.PublicRead {
		p, known := w.file.Profiles[name]
		if !known {
			return fmt.Errorf("iam: public read: the config has no profile %q", name)
		}
		for _, other := range w.needs {
			quarantine := other.profile.Quarantine
			if quarantine != "" && other.profile.Bucket == p.Bucket && strings.HasPrefix(quarantine+keyPrefix(other.profile), keyPrefix(p)) {
				return fmt.Errorf("iam: public read: everybody could read what profile %q has in quarantine: give profile %q a key that begins with a folder of its own",
					other.profile.Name, name)
			}
		}
	}
	return nil
}

// documents returns the documents that the config has a use for.
func (w *writer) documents() []Document {
	list := []Document{{Name: "server", Purpose: "the server's own identity", Policy: w.server(), maxSize: maxManaged}}
	if own := w.file.Store.UploadCredentials; w.file.Store.HasUploadCredentials {
		list = append(list, Document{Name: "uploads", Purpose: "store.upload_credentials, which sign what visitors hold",
			Role: own.RoleARN, Policy: w.uploads(), maxSize: maxManaged})
		if own.RoleARN != "" {
			list = append(list, Document{Name: "uploads-trust", Purpose: "who may assume the role of store.upload_credentials",
				Role: own.RoleARN, Policy: w.trust(""), maxSize: maxTrust})
		}
	}
	if scoped := w.file.ScopedCredentials; w.hasScoped() {
		list = append(list,
			Document{Name: "scoped", Purpose: "the role of scoped_credentials", Role: scoped.RoleARN, Policy: w.scoped(), maxSize: maxManaged},
			Document{Name: "scoped-trust", Purpose: "who may assume the role of scoped_credentials", Role: scoped.RoleARN,
				Policy: w.trust(scoped.ExternalID), maxSize: maxTrust})
	}
	list = append(list, Document{Name: "operator", Purpose: "whoever runs postern setup and sweep", Policy: w.operator(), maxSize: maxManaged})
	for _, bucket := range w.file.Buckets() {
		if p := w.bucket(bucket); len(p.Statement) > 0 {
			list = append(list, Document{Name: "bucket-" + bucket, Purpose: "the bucket's policy", Bucket: bucket, Policy: p, maxSize: maxBucket})
		}
	}
	return list
}

// hasScoped: some profile allows credentials for one prefix, and there is a role for them.
func (w *writer) hasScoped() bool {
	return w.file.ScopedCredentials.RoleARN != "" && slices.ContainsFunc(w.needs, func(n needs) bool { return n.profile.ScopedCredentials })
}

// report says what an operator should know of the documents.
func (w *writer) report(r *findings.Report, list []Document) {
	for _, n := range w.needs {
		if keyPrefix(n.profile) == "" {
			r.Add(findings.Finding{Code: "whole_bucket", Severity: findings.Note, Profile: n.profile.Name, Bucket: n.profile.Bucket,
				Sentence: "the key template begins with a placeholder, so the rights are on every object of the bucket",
				Remedy:   fmt.Sprintf("begin the key with a folder: profiles.%s.key: %q; or give the profile a bucket of its own", n.profile.Name, "uploads/"+n.profile.Key)})
		}
	}
	if !w.file.Store.HasUploadCredentials {
		r.Add(findings.Finding{Code: "shared_credentials", Severity: findings.Note,
			Sentence: "the server's own identity signs what visitors hold too, so there is no policy for that alone",
			Remedy:   "set store.upload_credentials, then run postern iam again"})
	}
	if w.file.Store.Provider == "versity" {
		r.Add(findings.Finding{Code: "bucket_policies_only", Severity: findings.Note,
			Sentence: "provider versity has no policies of identities",
			Remedy:   `put the statements into the bucket's policy, each with "Principal": {"AWS": "the access key ID"}`})
	}
	for _, d := range list {
		if size := d.Policy.Size(); size > d.maxSize {
			r.Add(findings.Finding{Code: "policy_too_long", Severity: findings.Fault, Bucket: d.Bucket,
				Sentence: fmt.Sprintf("policy %s has %d characters, and at most %d are taken", d.Name, size, d.maxSize),
				Remedy:   "let the keys of several profiles begin with one folder, or divide the statements among several policies of the identity"})
		}
	}
}

// server allows what the server's own identity does.
func (w *writer) server() Policy {
	var buckets, objects, versions grants
	for _, n := range w.needs {
		n.addServer(&buckets, &objects)
		n.addServerVersions(&versions)
		if w.file.Sweep.Every > 0 {
			objects.allow(n.objects(), "s3:AbortMultipartUpload")
		}
	}
	var swept []Statement
	if w.file.Sweep.Every > 0 {
		swept = w.lists()
	}
	list := slices.Concat(buckets.statements("Buckets"), swept, objects.statements("Objects"), versions.statements("Versions"), keyStatements(w.needs))
	var roles grants
	if role := w.file.Store.UploadCredentials.RoleARN; role != "" {
		roles.allow(role, "sts:AssumeRole")
	}
	if w.hasScoped() {
		roles.allow(w.file.ScopedCredentials.RoleARN, "sts:AssumeRole")
	}
	return policyOf(append(list, roles.statements("Roles")...))
}

// uploads allows what visitors do with what upload credentials have signed: put objects and parts.
func (w *writer) uploads() Policy {
	var objects grants
	for _, n := range w.needs {
		objects.allow(n.objects(), n.put()...)
	}
	return policyOf(append(objects.statements("Uploads"), keyStatements(w.needs)...))
}

// scoped allows what credentials for one prefix may do, before their session policy limits them to
// that prefix. No profile may have such credentials unless it says so.
func (w *writer) scoped() Policy {
	var objects grants
	var allowed []needs
	for _, n := range w.needs {
		if n.profile.ScopedCredentials {
			objects.allow(n.objects(), "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
			allowed = append(allowed, n)
		}
	}
	return policyOf(append(objects.statements("Uploads"), keyStatements(allowed)...))
}

// trust allows the server to assume a role. Without Options.Principal it is the role's account that
// is trusted, so that an identity of it needs a policy of its own that allows it, as server has.
func (w *writer) trust(externalID string) Policy {
	principal := map[string][]string{"AWS": {w.options.Principal}}
	if w.options.Principal == "" {
		principal["AWS"] = []string{w.names.root()}
	}
	s := Statement{Sid: "Server", Effect: allow, Principal: principal, Action: []string{"sts:AssumeRole"}}
	if externalID != "" {
		s.Condition = map[string]map[string][]string{"StringEquals": {"sts:ExternalId": {externalID}}}
	}
	return policyOf([]Statement{s})
}

func policyOf(list []Statement) Policy { return Policy{Version: "2012-10-17", Statement: list} }

package scoped_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/scoped"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

var alice = uploads.UploadGrant{Subject: "alice", Bucket: "media", Prefix: "users/alice/"}

func with(edit func(*uploads.UploadGrant)) uploads.UploadGrant {
	g := alice
	edit(&g)
	return g
}

func TestSessionPolicyAllowsExactlyTheGrant(t *testing.T) {
	t.Parallel()
	resume := `{"Sid":"Resume","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],"Resource":"arn:aws:s3:::media/users/alice/*"}`
	upload := func(conditions string) string {
		return `{"Version":"2012-10-17","Statement":[{"Sid":"Upload","Effect":"Allow","Action":["s3:PutObject"],` +
			`"Resource":"arn:aws:s3:::media/users/alice/*","Condition":{"StringEqualsIfExists":` + conditions + `}},` + resume + `]}`
	}
	for name, c := range map[string]struct {
		grant     uploads.UploadGrant
		partition string
		want      string
	}{
		"a plain profile": {alice, "aws", upload(`{"s3:x-amz-storage-class":"STANDARD"}`)},
		"a storage class": {with(func(g *uploads.UploadGrant) { g.StorageClass = "STANDARD_IA" }), "aws", upload(`{"s3:x-amz-storage-class":"STANDARD_IA"}`)},
		"encryption by the store": {
			with(func(g *uploads.UploadGrant) { g.Encryption.Mode = "AES256" }), "aws",
			upload(`{"s3:x-amz-server-side-encryption":"AES256","s3:x-amz-storage-class":"STANDARD"}`),
		},
		"encryption with a key": {
			with(func(g *uploads.UploadGrant) { g.Encryption = profile.Encryption{Mode: "aws:kms", KeyID: "k<1>"} }), "aws",
			upload(`{"s3:x-amz-server-side-encryption":"aws:kms","s3:x-amz-server-side-encryption-aws-kms-key-id":"k<1>","s3:x-amz-storage-class":"STANDARD"}`),
		},
		"another partition": {alice, "aws-cn", strings.ReplaceAll(upload(`{"s3:x-amz-storage-class":"STANDARD"}`), "arn:aws:", "arn:aws-cn:")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := scoped.SessionPolicy(c.grant, c.partition)
			if err != nil || got != c.want {
				t.Errorf("policy\n%s error %v, wanted\n%s", got, err, c.want)
			}
		})
	}
}

func TestGrantsThatAPolicyCouldReadAsMoreAreRefused(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*uploads.UploadGrant){
		"no prefix":              func(g *uploads.UploadGrant) { g.Prefix = "" },
		"the whole bucket":       func(g *uploads.UploadGrant) { g.Prefix = "/" },
		"no slash at the end":    func(g *uploads.UploadGrant) { g.Prefix = "users/1" },
		"a star":                 func(g *uploads.UploadGrant) { g.Prefix = "users/*/" },
		"a star in a name":       func(g *uploads.UploadGrant) { g.Prefix = "users/al*ice/" },
		"a question mark":        func(g *uploads.UploadGrant) { g.Prefix = "users/?/" },
		"a policy variable":      func(g *uploads.UploadGrant) { g.Prefix = "users/${aws:username}/" },
		"an escaped star":        func(g *uploads.UploadGrant) { g.Prefix = "users/${*}/" },
		"a lonely dollar":        func(g *uploads.UploadGrant) { g.Prefix = "users/$/" },
		"a backslash":            func(g *uploads.UploadGrant) { g.Prefix = `users\alice/` },
		"a parent directory":     func(g *uploads.UploadGrant) { g.Prefix = "users/../" },
		"a dot":                  func(g *uploads.UploadGrant) { g.Prefix = "users/./" },
		"an empty segment":       func(g *uploads.UploadGrant) { g.Prefix = "users//" },
		"a slash in front":       func(g *uploads.UploadGrant) { g.Prefix = "/users/" },
		"a line break":           func(g *uploads.UploadGrant) { g.Prefix = "users/a\n/" },
		"broken UTF-8":           func(g *uploads.UploadGrant) { g.Prefix = "users/\xff/" },
		"a prefix of 1025 bytes": func(g *uploads.UploadGrant) { g.Prefix = strings.Repeat("a", 1024) + "/" },
		"no bucket":              func(g *uploads.UploadGrant) { g.Bucket = "" },
		"every bucket":           func(g *uploads.UploadGrant) { g.Bucket = "***" },
		"a bucket with a slash":  func(g *uploads.UploadGrant) { g.Bucket = "media/users" },
		"more than a policy may hold": func(g *uploads.UploadGrant) {
			g.Encryption = profile.Encryption{Mode: "aws:kms", KeyID: strings.Repeat("k", 2048)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := scoped.SessionPolicy(with(edit), "aws"); err == nil || got != "" {
				t.Errorf("policy %s, wanted a refusal", got)
			}
		})
	}
}

// matches is how stores compare a resource with a key: * is any text.
func matches(resource, key string) bool {
	before, after, star := strings.Cut(resource, "*")
	return star && after == "" && strings.HasPrefix("arn:aws:s3:::media/"+key, before)
}

// FuzzSessionPolicy asks for any prefix: what comes out is one well-formed document that reaches
// below the prefix and nowhere else.
func FuzzSessionPolicy(f *testing.F) {
	for _, seed := range []string{"users/alice/", "users/*/", `users/","Resource":"*/`, "users/${*}/", "a/b/c/", "é/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, prefix string) {
		encoded, err := scoped.SessionPolicy(with(func(g *uploads.UploadGrant) { g.Prefix = prefix }), "aws")
		if err != nil {
			return
		}
		var document struct{ Statement []struct{ Resource string } }
		if err := json.Unmarshal([]byte(encoded), &document); err != nil || len(document.Statement) != 2 {
			t.Fatalf("%v in %s", err, encoded)
		}
		for _, s := range document.Statement {
			if !matches(s.Resource, prefix+"a.png") || matches(s.Resource, prefix[:len(prefix)-1]) || matches(s.Resource, "x"+prefix) {
				t.Errorf("resource %q isn't the prefix %q", s.Resource, prefix)
			}
		}
	})
}

package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/sigv4"
)

func single(c policy.Condition) []policy.Condition { return []policy.Condition{c} }

func TestConstructors(t *testing.T) {
	t.Parallel()
	for wanted, conditions := range map[string][]policy.Condition{
		`["eq", "$acl", "public-read"]`:                                                                              single(policy.ACL(policy.ACLPublicRead)),
		`["eq", "$Content-Type", "text/plain; charset=utf-8"]`:                                                       single(policy.ContentType("text/plain; charset=utf-8")),
		`["eq", "$Content-Type", "image/svg+xml"]`:                                                                   single(policy.ContentType("image/svg+xml")),
		`["starts-with", "$Content-Type", "image/"]`:                                                                 single(policy.ContentTypePrefix("image/")),
		`["eq", "$Content-Encoding", "gzip, br"]`:                                                                    single(policy.ContentEncoding("gzip, br")),
		`["eq", "$Cache-Control", "max-age=3600, public"]`:                                                           single(policy.CacheControl("max-age=3600, public")),
		`["eq", "$Expires", "Sun, 01 Mar 2026 12:00:00 GMT"]`:                                                        single(policy.Expires(noon.In(time.FixedZone("east", 60)))),
		`["eq", "$success_action_status", "201"]`:                                                                    single(policy.SuccessActionStatus(201)),
		`["eq", "$success_action_redirect", "http://[::1]:8080/x"]`:                                                  single(policy.SuccessActionRedirect("http://[::1]:8080/x")),
		`["eq", "$x-amz-meta-album", "Köln"]`:                                                                        single(policy.Metadata("album", "Köln")),
		`["starts-with", "$x-amz-meta-album", ""]`:                                                                   single(policy.MetadataAny("album")),
		`["starts-with", "$x-amz-meta-album", "a"]`:                                                                  single(policy.MetadataPrefix("album", "a")),
		`["eq", "$x-amz-storage-class", "STANDARD_IA"]`:                                                              single(policy.StorageClass(policy.ClassStandardIA)),
		`["eq", "$x-amz-server-side-encryption", "AES256"]`:                                                          single(policy.SSES3()),
		`["eq", "$x-amz-website-redirect-location", "/a"]`:                                                           single(policy.WebsiteRedirect("/a")),
		`["eq", "$x-ignore-csrf", "1"]`:                                                                              single(policy.Ignored("csrf", "1")),
		`["eq", "$tagging", "<Tagging><TagSet><Tag><Key>stage</Key><Value>in box</Value></Tag></TagSet></Tagging>"]`: single(policy.Tagging(policy.Tag{Key: "stage", Value: "in box"})),
		`["eq", "$Content-Disposition", "attachment; filename=\"a b.pdf\""]`:                                         single(policy.ContentDisposition(`attachment; filename="a b.pdf"`)),
		`["eq", "$x-amz-server-side-encryption", "aws:kms"] ["eq", "$x-amz-server-side-encryption-aws-kms-key-id", "alias/a"] ` +
			`["eq", "$x-amz-server-side-encryption-context", "eyJhIjoiMSIsImIiOiIyIn0="] ["eq", "$x-amz-server-side-encryption-bucket-key-enabled", "true"]`: policy.SSEKMS(policy.KMS{KeyID: "alias/a", Context: map[string]string{"b": "2", "a": "1"}, BucketKey: true}),
		`["eq", "$x-amz-server-side-encryption", "aws:kms:dsse"]`:                                              policy.SSEKMS(policy.KMS{DualLayer: true}),
		`["eq", "$x-amz-checksum-algorithm", "CRC32"] ["eq", "$x-amz-checksum-crc32", "AAAAAA=="]`:             policy.Checksum(policy.CRC32, "AAAAAA=="),
		`["eq", "$x-amz-checksum-algorithm", "CRC64NVME"] ["eq", "$x-amz-checksum-crc64nvme", "AAAAAAAAAAA="]`: policy.Checksum(policy.CRC64NVME, "AAAAAAAAAAA="),
	} {
		var got []string
		for _, c := range conditions {
			got = append(got, c.String())
			if c.Err() != nil {
				t.Error(c.Err())
			}
		}
		if got := strings.Join(got, " "); got != wanted {
			t.Errorf("got %s, wanted %s", got, wanted)
		}
		if _, err := policy.Sign(validDocument(conditions...), formURL, newSigner(t, sigv4.AWS, permanent()), noon); err != nil {
			t.Error(err)
		}
	}
}

func TestConstructorsRefuse(t *testing.T) {
	t.Parallel()
	tags := make([]policy.Tag, 11)
	for i := range tags {
		tags[i].Key = fmt.Sprint(i)
	}
	tests := map[string]struct {
		condition policy.Condition
		wanted    policy.Reason
	}{
		"a comma list of types":               {policy.ContentType("image/png,text/html"), policy.ReasonValue},
		"a type without a slash":              {policy.ContentType("image"), policy.ReasonValue},
		"a type with a slash too many":        {policy.ContentType("image/png/x"), policy.ReasonValue},
		"no type":                             {policy.ContentType(""), policy.ReasonValue},
		"no family":                           {policy.ContentTypePrefix(""), policy.ReasonValue},
		"a family without its slash":          {policy.ContentTypePrefix("image"), policy.ReasonValue},
		"a family in a comma list":            {policy.ContentTypePrefix("image/png,text/"), policy.ReasonValue},
		"a disposition that does not parse":   {policy.ContentDisposition(`attachment; filename="a`), policy.ReasonValue},
		"a coding with a quote":               {policy.ContentEncoding(`gz"ip`), policy.ReasonValue},
		"no cache control":                    {policy.CacheControl(""), policy.ReasonValue},
		"cache control beyond ASCII":          {policy.CacheControl("é"), policy.ReasonValue},
		"an unknown storage class":            {policy.StorageClass("COLD"), policy.ReasonValue},
		"metadata without a name":             {policy.Metadata("", "x"), policy.ReasonValue},
		"metadata with a space in the name":   {policy.Metadata("a b", "x"), policy.ReasonField},
		"a key ID with a space in front":      {policy.SSEKMS(policy.KMS{KeyID: " a"})[1], policy.ReasonValue},
		"a bucket key and two layers":         {policy.SSEKMS(policy.KMS{BucketKey: true, DualLayer: true})[1], policy.ReasonValue},
		"an unknown algorithm":                {policy.Checksum("MD4", "AA==")[0], policy.ReasonValue},
		"a checksum of the wrong length":      {policy.Checksum(policy.SHA256, "AAAAAA==")[1], policy.ReasonValue},
		"a checksum that isn't base64":        {policy.Checksum(policy.CRC32, "AAAAA=")[1], policy.ReasonValue},
		"a website redirect without a scheme": {policy.WebsiteRedirect("//evil.example"), policy.ReasonValue},
		"a website redirect to script":        {policy.WebsiteRedirect("javascript:alert(1)"), policy.ReasonValue},
		"no tags":                             {policy.Tagging(), policy.ReasonValue},
		"more than ten tags":                  {policy.Tagging(tags...), policy.ReasonValue},
		"a tag twice":                         {policy.Tagging(policy.Tag{Key: "a"}, policy.Tag{Key: "a"}), policy.ReasonValue},
		"a tag that begins with aws:":         {policy.Tagging(policy.Tag{Key: "AWS:x"}), policy.ReasonValue},
		"a tag without a key":                 {policy.Tagging(policy.Tag{Value: "a"}), policy.ReasonValue},
		"a tag with markup":                   {policy.Tagging(policy.Tag{Key: "a", Value: "</Value>"}), policy.ReasonValue},
		"a tag's key too long":                {policy.Tagging(policy.Tag{Key: strings.Repeat("k", 129)}), policy.ReasonValue},
		"an expiry beyond four digits":        {policy.Expires(noon.AddDate(9000, 0, 0)), policy.ReasonValue},
	}
	for name, test := range tests {
		if err := test.condition.Err(); !hasReason(err, test.wanted) {
			t.Errorf("%s: got %v, wanted %v", name, err, test.wanted)
		}
		if _, err := policy.Sign(validDocument(test.condition), formURL, newSigner(t, sigv4.AWS, permanent()), noon); !hasReason(err, test.wanted) {
			t.Errorf("%s: signing got %v, wanted %v", name, err, test.wanted)
		}
	}
}

// Equal and StartsWith allow unknown fields and values.
func TestRawConditions(t *testing.T) {
	t.Parallel()
	d := validDocument(policy.Equal("x-amz-storage-class", "NEXT_YEARS_CLASS"), policy.Equal("x-amz-next", "a"), policy.StartsWith("Content-Type", ""), policy.StartsWith("acl", "public"))
	form, err := policy.Sign(d, formURL, newSigner(t, sigv4.AWS, permanent()), noon)
	if err != nil || len(form.VisitorFields) != 2 {
		t.Errorf("got open %q, %v", form.VisitorFields, err)
	}
}

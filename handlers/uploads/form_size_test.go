package uploads_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// longTags are the longest that a profile may have.
func longTags() map[string]string {
	tags := map[string]string{}
	for i := range 10 {
		tags[fmt.Sprint(i, strings.Repeat("n", 127))] = strings.Repeat("v", 256)
	}
	return tags
}

func TestAProfileWhoseFormsAreTooLongIsRefusedWithKeyAndReason(t *testing.T) {
	t.Parallel()
	long := profile.Profile{Name: "photos", Bucket: "media", Key: "in/{id}", Types: []string{"*/*"}, MaxSize: 10, Access: profile.AccessTicket,
		Tags: longTags(), Metadata: map[string]string{"note": strings.Repeat("m", 2000)},
		Encryption: profile.Encryption{Mode: profile.EncryptionKMS, KeyID: strings.Repeat("k", 2048)}}
	short := long
	short.Tags, short.Encryption = map[string]string{"a": "b"}, profile.Encryption{}
	for _, c := range []struct {
		provider string
		limit    int // of the record; 0 is as it is
		of       profile.Profile
		field    string // "" where it loads
	}{
		{"aws", 0, long, "tags"}, {"aws", 0, short, ""}, {"aws", 4000, short, "metadata"},
		{"oss", 0, short, ""}, {"oss", 4000, short, "metadata"}, {"minio", 0, long, "tags"}, {"minio", 1 << 20, long, "tags"},
	} {
		provider, err := uploads.ProviderNamed(c.provider)
		if err != nil {
			t.Fatal(err)
		}
		if c.limit != 0 {
			provider.MaxForm = c.limit
		}
		err = provider.CheckProfile(c.of)
		var refused *profile.SettingError
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v", c.provider, err)
			}
		} else if !errors.As(err, &refused) || refused.Field != c.field || !strings.Contains(refused.Wanted, "bytes of a form before its file") {
			t.Errorf("%s, %d: wanted %s refused, got %v", c.provider, c.limit, c.field, err)
		}
		provider.PostPolicy = false
		if err := provider.CheckProfile(c.of); errors.As(err, &refused) && strings.Contains(refused.Wanted, "before its file") {
			t.Errorf("%s without forms: %v", c.provider, err)
		}
	}
}

package config_test

import (
	"strings"
	"testing"
)

// TestTheRoleOfScopedCredentialsBelongsToTheProvider: Aliyun's token service makes credentials for
// OSS, that of AWS for all others.
func TestTheRoleOfScopedCredentialsBelongsToTheProvider(t *testing.T) {
	t.Parallel()
	const aws, ram = "arn:aws:iam::123456789012:role/uploads", "acs:ram::1234567890123456:role/uploads"
	for _, c := range []struct{ provider, role, refused string }{
		{"aws", aws, ""},
		{"aws", ram, `51:32: scoped_credentials.role_arn: wants an ARN such as arn:aws:iam::123456789012:role/uploads, since RAM roles are for store.provider oss alone, got "` + ram + `"`},
		{"oss", ram, ""},
		{"oss", aws, `51:32: scoped_credentials.role_arn: wants a RAM role such as acs:ram::1234567890123456:role/uploads, since store.provider is oss, got "` + aws + `"`},
		{"oss", "uploads", `wants a RAM role such as acs:ram::1234567890123456:role/uploads`},
	} {
		text := strings.NewReplacer("provider: aws", "provider: "+c.provider, "checksum: crc32", "checksum: md5", aws, c.role, "sweep:", "# sweep:").Replace(good(t))
		switch _, err := load(t, text); {
		case c.refused == "" && err != nil:
			t.Errorf("%s, %s: %v", c.provider, c.role, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s, %s: wanted %s, got %v", c.provider, c.role, c.refused, err)
		}
	}
}

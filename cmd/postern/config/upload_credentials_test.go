package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// loadUploadCredentials loads a small file whose fifth line is store.upload_credentials.
func loadUploadCredentials(t *testing.T, value string) (config.UploadCredentials, error) {
	t.Helper()
	dir := t.TempDir()
	text := `public_url: https://uploads.example.com
keys: {tokens: ["env:TOKEN_KEY"]}
store:
  provider: aws
  upload_credentials: ` + value + `
  region: eu-central-1
profiles:
  files: {bucket: media, key: "in/{id}", types: ["*/*"], size: 1MiB}
`
	for name, content := range map[string]string{"postern.yaml": text, "upload.key": "file-secret\n", "empty.key": "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	environment := map[string]string{"TOKEN_KEY": tokenKey, "UP_ID": "UPLOADER", "UP_SECRET": "upload-secret", "UP_TOKEN": "upload-session"}
	c, err := config.Load(filepath.Join(dir, "postern.yaml"), func(name string) string { return environment[name] })
	if err != nil {
		return config.UploadCredentials{}, err
	}
	return c.Store.UploadCredentials, nil
}

func TestUploadCredentialsAreAKeyARoleOrAProfile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.UploadCredentials{
		`{access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET"}`: {AccessKeyID: "UPLOADER", SecretAccessKey: "upload-secret"},
		`{access_key_id: "env:UP_ID", secret_access_key: "file:upload.key", session_token: "env:UP_TOKEN"}`: {
			AccessKeyID: "UPLOADER", SecretAccessKey: "file-secret", SessionToken: "upload-session"},
		`{role_arn: "arn:aws:iam::123456789012:role/uploads"}`: {RoleARN: "arn:aws:iam::123456789012:role/uploads"},
		`{profile: uploads}`: {Profile: "uploads"},
	} {
		got, err := loadUploadCredentials(t, text)
		if err != nil || got != want {
			t.Errorf("%s: want %+v, got %+v, %v", text, want, got, err)
		}
	}
}

func TestBrokenUploadCredentialsGetOneSentence(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, value, want string }{
		{"nothing", `{}`, `5:23: store.upload_credentials: wants access_key_id and secret_access_key, or role_arn, or profile; leave the key out`},
		{"a key and a role", `{access_key_id: "env:UP_ID", secret_access_key: "env:UP_SECRET", role_arn: "arn:aws:iam::1:role/a"}`, `5:23: store.upload_credentials: wants one of access_key_id with secret_access_key, role_arn and profile, not several`},
		{"a key and a profile", `{access_key_id: "env:UP_ID", profile: uploads}`, `wants one of access_key_id`},
		{"a role and a profile", `{role_arn: "arn:aws:iam::1:role/a", profile: uploads}`, `wants one of access_key_id`},
		{"a key without its secret", `{access_key_id: "env:UP_ID"}`, `store.upload_credentials: wants secret_access_key as well`},
		{"a secret without its key", `{secret_access_key: "env:UP_SECRET"}`, `store.upload_credentials: wants access_key_id as well`},
		{"a secret in the file", `{access_key_id: "env:UP_ID", secret_access_key: "the-secret-itself"}`, `store.upload_credentials.secret_access_key: wants a reference, env:NAME or file:PATH`},
		{"an unset variable", `{access_key_id: "env:UP_ID", secret_access_key: "env:NO_SUCH"}`, `store.upload_credentials.secret_access_key: environment variable NO_SUCH is not set; set it to the secret of that key`},
		{"an empty file", `{access_key_id: "env:UP_ID", secret_access_key: "file:empty.key"}`, `store.upload_credentials.secret_access_key: file:empty.key is empty`},
		{"a role that isn't an ARN", `{role_arn: uploads}`, `5:34: store.upload_credentials.role_arn: wants an ARN such as arn:aws:iam::123456789012:role/uploads, got "uploads"`},
		{"a misspelt key", `{rol_arn: "arn:aws:iam::1:role/a"}`, `unknown key "rol_arn" in store.upload_credentials; did you mean "role_arn"?`},
	}
	for _, c := range cases {
		_, err := loadUploadCredentials(t, c.value)
		var mistake *config.Error
		text := fmt.Sprint(err)
		if !errors.As(err, &mistake) || strings.Contains(text, "\n") || !strings.Contains(text, c.want) {
			t.Errorf("%s: want one sentence with %q, got %s", c.name, c.want, text)
		}
		for _, secret := range []string{"upload-secret", "the-secret-itself", "upload-session", "file-secret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s: the sentence shows %q: %s", c.name, secret, text)
			}
		}
	}
}

package config

import (
	"strings"

	"github.com/postern-dev/postern/policy/sigv4"
)

// uploadCredentials reads what signs for visitors: an access key by references, a role or a
// profile, and not two of them.
func (l *loader) uploadCredentials(d uploadCredentialsSection, provider string) UploadCredentials {
	const path = "store.upload_credentials"
	key := d.AccessKeyID != "" || d.SecretAccessKey != "" || d.SessionToken != ""
	if !key && d.RoleARN == "" && d.Profile == "" {
		if _, written := l.positions[path]; written {
			l.fail(path, "wants access_key_id and secret_access_key, or role_arn, or profile; leave the key out to sign with the server's own")
		}
		return UploadCredentials{}
	}
	if key && d.RoleARN != "" || key && d.Profile != "" || d.RoleARN != "" && d.Profile != "" {
		l.fail(path, "wants one of access_key_id with secret_access_key, role_arn and profile, not several")
		return UploadCredentials{}
	}
	switch {
	case d.RoleARN != "" && provider == "oss":
		l.fail(path+".role_arn", "wants no value, since AWS gives no credentials for store.provider oss: name a key of a RAM user")
	case d.RoleARN != "":
		l.roleARN(path+".role_arn", d.RoleARN)
	}
	if !key {
		return UploadCredentials{RoleARN: d.RoleARN, Profile: d.Profile}
	}
	return l.accessKey(path, d)
}

// accessKey reads the references to an access key. Its length is the store's matter.
func (l *loader) accessKey(path string, d uploadCredentialsSection) UploadCredentials {
	read := func(name, reference, wanted string) string {
		if reference == "" {
			l.fail(path, "wants %s as well, such as \"env:UPLOAD_KEY\": %s", name, wanted)
			return ""
		}
		value, ok := l.referred(path+"."+name, reference, wanted)
		if ok && value == "" {
			l.fail(path+"."+name, "%s is empty; wants %s", shorten(reference), wanted)
		}
		return value
	}
	out := UploadCredentials{
		AccessKeyID:     read("access_key_id", d.AccessKeyID, "the ID of the key that visitors' uploads are signed with"),
		SecretAccessKey: sigv4.Secret(read("secret_access_key", d.SecretAccessKey, "the secret of that key")),
	}
	if d.SessionToken != "" {
		out.SessionToken = sigv4.Secret(read("session_token", d.SessionToken, "the session token of that key"))
	}
	return out
}

func (l *loader) roleARN(path, text string) {
	if !strings.HasPrefix(text, "arn:") {
		l.fail(path, "wants an ARN such as arn:aws:iam::123456789012:role/uploads, got %q", shorten(text))
	}
}

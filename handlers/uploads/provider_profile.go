package uploads

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-dev/postern/policy/profile"
)

// CheckProfile returns, joined, each setting of a profile that the store can't carry out, as a
// *profile.SettingError with the key of the config file: what would otherwise be dropped in silence
// or refused by the store with each upload.
func (p Provider) CheckProfile(of profile.Profile) error {
	p = p.withDefaults()
	var found []error
	refuse := func(ok bool, field string, got any, format string, args ...any) {
		if !ok {
			found = append(found, &profile.SettingError{Profile: of.Name, Field: field,
				Wanted: fmt.Sprintf(format, args...), Got: fmt.Sprint(got)})
		}
	}
	names, store := p.Attributes(), fmt.Sprintf("store.provider %s", p.Name)
	oneOf := func(ok bool, field string, got any, known, can string) {
		if known == "" {
			refuse(ok, field, got, "no value, since %s %s", store, strings.Replace(can, "ANY", "no", 1))
			return
		}
		refuse(ok, field, got, "one of %s, since %s %s", known, store, strings.Replace(can, "ANY", "no other", 1))
	}
	checksums := p.checksumNames()
	oneOf(of.Checksum == "" || slices.Contains(checksums, string(of.Checksum)), "checksum", of.Checksum, joined(checksums), "can verify ANY checksum")
	refuse(of.Redirect == "" || p.PostPolicy, "redirect", of.Redirect, "no value, since %s takes no form posts", store)
	oneOf(of.ACL == "" || slices.Contains(p.CannedACLs, of.ACL), "acl", of.ACL, joined(p.CannedACLs), "knows ANY ACL of an object")
	oneOf(of.StorageClass == "" || slices.Contains(p.Classes, of.StorageClass), "storage_class", of.StorageClass, joined(p.Classes), "knows ANY class")
	mode := of.Encryption.Mode
	oneOf(mode == "" || slices.Contains(p.Encryptions, mode), "encryption.mode", mode, joined(p.Encryptions), "knows ANY mode")
	refuse(of.Expires.IsZero() || p.Name != "gcs", "expires", of.Expires, "no value, since objects of %s have none; use cache_control", store)
	class := of.StorageClass
	refuse(class == "" || !p.PostPolicy || names.StorageClassField != "" && names.ClassName(class) != "", "storage_class", class,
		"no value, since forms of %s have no field for it; give the bucket a default class", store)
	refuse(mode == "" || !p.PostPolicy || names.Encryption != "", "encryption.mode", mode, "no value, since forms of %s have no field for it", store)
	refuse(len(of.Tags) == 0 || p.Tags, "tags", of.Tags, "no value, since objects of %s have no tags", store)
	return errors.Join(append(found, p.checkFormSize(of))...)
}

// joined lists values for an error.
func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, value := range list {
		texts[i] = string(value)
	}
	return strings.Join(texts, ", ")
}

package explain

import (
	"strings"

	"github.com/postern-dev/postern/policy"
)

// storeFields are fields that stores read, besides those with a prefix of the store's own.
var storeFields = map[string]bool{
	"key": true, "policy": true, "signature": true, "acl": true, "file": true, "content-type": true, "content-disposition": true, "content-encoding": true,
	"cache-control": true, "expires": true, "tagging": true, "success_action_status": true, "success_action_redirect": true, "redirect": true, "bucket": true,
	"awsaccesskeyid": true, "googleaccessid": true, "ossaccesskeyid": true, "callback": true,
}

// takeID returns the id of a control without a name if it is a field's name, so that what the form
// was meant to send can be checked, too; else "". Browsers send no control without a name.
func (f *form) takeID(id string) string {
	name := policy.LowerName(id)
	known := storeFields[name] || strings.HasPrefix(name, "x-amz-") || strings.HasPrefix(name, "x-goog-") || strings.HasPrefix(name, "x-oss-")
	if !known || f.isFull() || len(f.controls.unnamed) > maxItems {
		return ""
	}
	f.controls.unnamed = append(f.controls.unnamed, id)
	return id
}

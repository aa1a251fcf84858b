package setup

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/policy/profile"
)

// The codes of findings about lifecycle rules.
const (
	LifecycleMissing  = "lifecycle_missing"      // abandoned parts or quarantined objects stay for ever
	LifecycleOutdated = "lifecycle_outdated"     // our own rule isn't what the config file asks for
	LifecycleEarly    = "lifecycle_aborts_early" // a foreign rule ends uploads that may still be resumed
	PrefixEmpty       = "key_prefix_empty"       // a key template begins with a placeholder
	ServerExpiry      = "uploads_end_by_server"  // a setting of the store's server ends uploads, for all buckets
)

// The kinds of rules, as their IDs name them.
const (
	abortKind  = "abort"
	expireKind = "expire"
)

const day = 24 * time.Hour

// addLifecycle sets the rules for the key prefixes and quarantines of the bucket's profiles. A
// prefix below another needs no rule of its own.
func (w *Wanted) addLifecycle(profiles []profile.Profile) {
	var keys, quarantines []string
	for _, p := range profiles {
		w.uploadLifetime = max(w.uploadLifetime, p.UploadLifetime)
		switch prefix := KeyPrefix(p.Key); {
		case p.MaxSize < p.Multipart.Threshold && w.provider.PostPolicy: // its uploads are forms alone
		case prefix == "":
			w.UnboundedProfiles = append(w.UnboundedProfiles, p.Name)
		default:
			keys = append(keys, prefix)
		}
		if p.Quarantine != "" {
			quarantines = append(quarantines, p.Quarantine)
		}
	}
	days := int32((w.uploadLifetime+day-1)/day) + 1
	if w.provider.Name == "minio" { // takes no AbortIncompleteMultipartUpload (github.com/minio/minio issue 16120)
		w.serverExpiry, keys, w.UnboundedProfiles = len(keys)+len(w.UnboundedProfiles) > 0, nil, nil
	}
	for _, prefix := range outermost(keys) {
		rule := w.newLifecycleRule(abortKind, prefix)
		rule.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(days)}
		w.Lifecycle = append(w.Lifecycle, rule)
	}
	for _, prefix := range outermost(quarantines) {
		rule := w.newLifecycleRule(expireKind, prefix)
		rule.Expiration = &types.LifecycleExpiration{Days: aws.Int32(quarantineDays)}
		w.Lifecycle = append(w.Lifecycle, rule)
	}
}

// KeyPrefix is the constant part of a key template, up to its first placeholder: every key of the
// template begins with it. "" for a template that begins with a placeholder.
func KeyPrefix(template string) string {
	prefix, _, _ := strings.Cut(template, "{")
	return prefix
}

// outermost returns the prefixes that lie below no other, sorted.
func outermost(prefixes []string) (out []string) {
	for _, prefix := range sorted(prefixes) { // a prefix comes before what lies below it
		if !slices.ContainsFunc(out, func(outer string) bool { return strings.HasPrefix(prefix, outer) }) {
			out = append(out, prefix)
		}
	}
	return out
}

func (w Wanted) newLifecycleRule(kind, prefix string) types.LifecycleRule {
	return types.LifecycleRule{ID: aws.String(w.ruleID(kind, prefix)), Status: types.ExpirationStatusEnabled,
		Filter: &types.LifecycleRuleFilter{Prefix: aws.String(prefix)}}
}

// CheckLifecycle compares the rules that a bucket has with those that it should have. A foreign
// rule that does the same for a wider prefix covers ours.
func (w Wanted) CheckLifecycle(there []types.LifecycleRule) (found []findings.Finding) {
	for _, wanted := range w.Lifecycle {
		own := slices.IndexFunc(there, func(r types.LifecycleRule) bool { return w.ownsLifecycle(r) && samePlace(r, wanted) })
		switch {
		case own >= 0 && !sameLifecycle(there[own], wanted):
			found = append(found, w.fault(LifecycleOutdated, "our lifecycle rule isn't what the config file asks for", "rule "+aws.ToString(there[own].ID)))
		case own < 0 && w.needs(wanted) && w.coveredBy(there, wanted) == "":
			found = append(found, w.fault(LifecycleMissing, missingRule(wanted), ""))
		}
	}
	for _, rule := range there {
		if w.ownsLifecycle(rule) && !slices.ContainsFunc(w.Lifecycle, func(wanted types.LifecycleRule) bool { return samePlace(rule, wanted) }) {
			found = append(found, w.fault(LifecycleOutdated, "our lifecycle rule is for a prefix that the config file doesn't name any more", "rule "+aws.ToString(rule.ID)))
		}
		if f, early := w.abortsEarly(rule); early {
			found = append(found, f)
		}
	}
	if w.serverExpiry {
		found = append(found, findings.Finding{Code: ServerExpiry, Severity: findings.Note, Bucket: w.Bucket,
			Sentence: fmt.Sprintf("MinIO itself ends unfinished multipart uploads, after 24 hours unless told otherwise, and a profile's upload_lifetime is %s", w.uploadLifetime),
			Remedy:   w.serverExpirySteps()})
	}
	return append(found, w.prefixNotes(there)...)
}

// needs reports whether a rule is missed where it isn't there: a server that sweeps on a timer
// aborts uploads itself.
func (w Wanted) needs(rule types.LifecycleRule) bool {
	return !w.swept || rule.AbortIncompleteMultipartUpload == nil
}

// missingRule says what happens without a rule.
func missingRule(wanted types.LifecycleRule) string {
	prefix := aws.ToString(wanted.Filter.Prefix)
	if wanted.Expiration != nil {
		return fmt.Sprintf("no lifecycle rule removes refused objects below %q, so they stay and cost", prefix)
	}
	return fmt.Sprintf("no lifecycle rule ends abandoned multipart uploads below %q, so their parts stay and cost", prefix)
}

// abortsEarly reports a foreign rule that ends multipart uploads below our prefixes while they may
// still be resumed.
func (w Wanted) abortsEarly(rule types.LifecycleRule) (findings.Finding, bool) {
	prefix, plain := prefixOf(rule)
	abort := rule.AbortIncompleteMultipartUpload
	if abort == nil || rule.Status != types.ExpirationStatusEnabled || !plain || w.ownsLifecycle(rule) || w.lasts(abort) {
		return findings.Finding{}, false
	}
	reaches := len(w.UnboundedProfiles) > 0 || slices.ContainsFunc(w.Lifecycle, func(r types.LifecycleRule) bool {
		ours := aws.ToString(r.Filter.Prefix)
		return r.AbortIncompleteMultipartUpload != nil && (strings.HasPrefix(ours, prefix) || strings.HasPrefix(prefix, ours))
	})
	f := w.fault(LifecycleEarly, fmt.Sprintf("a lifecycle rule ends multipart uploads after %d days, and a profile's upload_lifetime is %s",
		aws.ToInt32(abort.DaysAfterInitiation), w.uploadLifetime), fmt.Sprintf("rule %q", aws.ToString(rule.ID)))
	f.Remedy = "raise DaysAfterInitiation of that rule, or lower upload_lifetime of the bucket's profiles"
	return f, reaches
}

// lasts reports whether a rule leaves an upload alone as long as it may be resumed.
func (w Wanted) lasts(abort *types.AbortIncompleteMultipartUpload) bool {
	return time.Duration(aws.ToInt32(abort.DaysAfterInitiation))*day >= w.uploadLifetime
}

// prefixNotes names the profiles for whose keys no rule can be made, unless one for the whole
// bucket is there.
func (w Wanted) prefixNotes(there []types.LifecycleRule) (found []findings.Finding) {
	bucketWide := w.newLifecycleRule(abortKind, "")
	bucketWide.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{}
	if len(w.UnboundedProfiles) == 0 || w.coveredBy(there, bucketWide) != "" {
		return nil
	}
	for _, name := range w.UnboundedProfiles {
		found = append(found, findings.Finding{Code: PrefixEmpty, Severity: findings.Note, Bucket: w.Bucket, Profile: name,
			Sentence: "the key template begins with a placeholder, so a lifecycle rule for its abandoned parts would hold for the whole bucket, and setup makes none",
			Remedy:   "begin the template with a folder, such as uploads/{subject}/…; or, where the bucket has nothing else, add a rule for the whole bucket yourself"})
	}
	return found
}

// coveredBy returns the ID of a foreign rule that does what a wanted one does: it is enabled, its
// filter is a prefix of ours, or empty, and it doesn't end uploads early. "" where there is none; a
// rule without an ID is "(without ID)".
func (w Wanted) coveredBy(there []types.LifecycleRule, wanted types.LifecycleRule) string {
	for _, rule := range there {
		prefix, plain := prefixOf(rule)
		if !plain || rule.Status != types.ExpirationStatusEnabled || !strings.HasPrefix(aws.ToString(wanted.Filter.Prefix), prefix) || w.ownsLifecycle(rule) {
			continue
		}
		aborts := wanted.AbortIncompleteMultipartUpload != nil && rule.AbortIncompleteMultipartUpload != nil && w.lasts(rule.AbortIncompleteMultipartUpload)
		expires := wanted.Expiration != nil && rule.Expiration != nil && aws.ToInt32(rule.Expiration.Days) > 0
		if aborts || expires {
			if id := aws.ToString(rule.ID); id != "" {
				return id
			}
			return "(without ID)"
		}
	}
	return ""
}

// prefixOf returns the prefix that a rule is for; false where tags or sizes narrow it.
func prefixOf(rule types.LifecycleRule) (prefix string, plain bool) {
	filter := rule.Filter
	if filter == nil {
		//lint:ignore SA1019 rules were written with it before there were filters, and buckets still have such rules
		return aws.ToString(rule.Prefix), true // as rules were written before there were filters
	}
	if and := filter.And; and != nil {
		return aws.ToString(and.Prefix), len(and.Tags) == 0 && and.ObjectSizeGreaterThan == nil && and.ObjectSizeLessThan == nil
	}
	return aws.ToString(filter.Prefix), filter.Tag == nil && filter.ObjectSizeGreaterThan == nil && filter.ObjectSizeLessThan == nil
}

// ownsLifecycle reports whether a rule is one that this server's setup has put there: its ID is
// that of its own kind and prefix, and it does nothing else.
func (w Wanted) ownsLifecycle(rule types.LifecycleRule) bool {
	prefix, plain := prefixOf(rule)
	kind := abortKind
	rest := rule
	if rule.Expiration != nil {
		kind = expireKind
		rest.Expiration = nil
		plain = plain && rule.Expiration.Date == nil && !aws.ToBool(rule.Expiration.ExpiredObjectDeleteMarker)
	}
	if kind == abortKind {
		rest.AbortIncompleteMultipartUpload = nil
	}
	//lint:ignore SA1019 rules were written with it before there were filters, and buckets still have such rules
	rest.ID, rest.Status, rest.Filter, rest.Prefix = nil, "", nil, nil
	return plain && w.isRuleID(rule.ID, kind, prefix) && reflect.DeepEqual(rest, types.LifecycleRule{})
}

// samePlace reports whether two rules are of one kind and for one prefix.
func samePlace(a, b types.LifecycleRule) bool {
	first, _ := prefixOf(a)
	second, _ := prefixOf(b)
	return first == second && (a.Expiration == nil) == (b.Expiration == nil)
}

// sameLifecycle compares two rules of one place: what they do, and after how many days.
func sameLifecycle(a, b types.LifecycleRule) bool {
	if a.Status != b.Status || a.Expiration != nil && aws.ToInt32(a.Expiration.Days) != aws.ToInt32(b.Expiration.Days) {
		return false
	}
	return reflect.DeepEqual(a.AbortIncompleteMultipartUpload, b.AbortIncompleteMultipartUpload)
}

// mergeLifecycle returns the change after which the bucket has all wanted rules and every foreign
// one; false where nothing changes.
func (w Wanted) mergeLifecycle(there []types.LifecycleRule) (m merge[types.LifecycleRule], changed bool) {
	var foreign []types.LifecycleRule
	fulfilled := make([]bool, len(w.Lifecycle)) // by a rule that stays
	for i, rule := range there {
		if !w.ownsLifecycle(rule) {
			foreign = append(foreign, rule)
			continue
		}
		at := slices.IndexFunc(w.Lifecycle, func(wanted types.LifecycleRule) bool { return samePlace(rule, wanted) })
		if at >= 0 && !fulfilled[at] && sameLifecycle(rule, w.Lifecycle[at]) {
			fulfilled[at] = true
		} else {
			m.drop = append(m.drop, i)
		}
	}
	for i, wanted := range w.Lifecycle {
		if fulfilled[i] || !w.needs(wanted) || w.coveredBy(there, wanted) != "" {
			continue
		}
		wanted.ID = aws.String(freeID(*wanted.ID, func(id string) bool {
			return slices.ContainsFunc(foreign, func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == id })
		}))
		m.add = append(m.add, wanted)
	}
	return m, len(m.drop)+len(m.add) > 0
}

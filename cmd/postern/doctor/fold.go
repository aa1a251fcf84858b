package doctor

import (
	"slices"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
)

// causes lists, gravest first, what makes everything else about a store or a bucket fail.
var causes = []code{endpointWithoutTLS, storeUnreachable, publicUnreachable, notS3, credentialsMissing, credentialsExpired, clockSkew, bucketElsewhere, regionWrong, credentialsRefused, bucketMissing}

// effects are what else fails for want of a right, or of a step before it. The gravest cause comes
// first.
var effects = []struct {
	cause   code
	effects []code
}{
	{rightListBucket, []code{verificationFailed, partsRefused}},
	{rightGetObject, []code{rightCopyObject, rightQuarantine, verificationFailed, objectUnreadable}},
	{rightPutObject, []code{rightCopyObject, rightQuarantine, rightUploadPut, formRefused, putRefused, partsRefused, verificationFailed}},
	{rightUploadPut, []code{formRefused, putRefused, partsRefused}},
	{rightUploadAttributes, []code{formRefused, putRefused, partsRefused}},
	{rightCopyObject, []code{verificationFailed, rightQuarantine}},
	{rightListParts, []code{partsRefused, verificationFailed}},
	{rightGetObjectACL, []code{verificationFailed}},
	{rightGetObjectTagging, []code{verificationFailed}},
	{rightPutObjectTagging, []code{verificationFailed}},
	{objectUnreadable, []code{verificationFailed, formStoredNothing, putStoredNothing}},
	{code(setup.CORSMethod), []code{code(setup.CORSExposed)}},
	{formStoredNothing, []code{verificationFailed, redirectMissing, conditionIgnored, rangeIgnored, coverageIgnored}},
}

// isConsequence reports whether a finding about the store follows from one of causes. leftBehind
// doesn't: mending its cause removes no object that is there already. Nor does stopped.
func isConsequence(f findings.Finding, cause code) bool {
	own := slices.Index(causes, code(f.Code))
	return f.Severity == findings.Fault && code(f.Code) != leftBehind && code(f.Code) != stopped && !strings.HasPrefix(f.Code, "server_") && (own < 0 || own > slices.Index(causes, cause))
}

// fold names for each finding the one that it follows from.
func fold(report *findings.Report) {
	for _, cause := range causes {
		foldInto(report, cause, func(f findings.Finding) bool { return isConsequence(f, cause) })
	}
	for _, e := range effects {
		foldInto(report, e.cause, func(f findings.Finding) bool { return slices.Contains(e.effects, code(f.Code)) })
	}
}

// foldInto folds what follows under each finding of a cause that follows from none itself: of the
// same bucket, where the cause is about one.
func foldInto(report *findings.Report, cause code, follows func(findings.Finding) bool) {
	for _, found := range report.Findings {
		if code(found.Code) != cause || found.Follows != "" {
			continue
		}
		for i := range report.Findings {
			f := &report.Findings[i]
			if f.Follows == "" && f.Code != found.Code && follows(*f) && (found.Bucket == "" || found.Bucket == f.Bucket) {
				f.Follows = found.Code
			}
		}
	}
}

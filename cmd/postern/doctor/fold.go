package doctor

import (
	"slices"

	"github.com/postern-dev/postern/cmd/postern/findings"
)

// causes lists, gravest first, what makes everything else about a store or a bucket fail.
var causes = []code{endpointWithoutTLS, storeUnreachable, credentialsMissing, credentialsExpired, clockSkew, bucketElsewhere, regionWrong, credentialsRefused, bucketMissing, bucketDenied}

// consequences are the findings that follow from one of the causes above, where it is there: those
// about the store.
func isConsequence(f findings.Finding, cause code) bool {
	own := slices.Index(causes, code(f.Code))
	return f.Severity == findings.Fault && (own < 0 || own > slices.Index(causes, cause))
}

// fold names for each finding the one that it follows from.
func fold(report *findings.Report) {
	for _, cause := range causes {
		for _, found := range report.Findings {
			if code(found.Code) != cause || found.Follows != "" {
				continue
			}
			for i := range report.Findings {
				f := &report.Findings[i]
				if f.Follows == "" && f.Code != found.Code && isConsequence(*f, cause) && (found.Bucket == "" || found.Bucket == f.Bucket) {
					f.Follows = found.Code
				}
			}
		}
	}
}

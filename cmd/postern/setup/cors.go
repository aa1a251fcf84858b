package setup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/postern-dev/postern/cmd/postern/findings"
)

// The codes of findings about CORS rules.
const (
	CORSMissing  = "cors_missing"  // no rule is for any of our pages
	CORSOrigin   = "cors_origin"   // one of our pages' origins has no rule
	CORSMethod   = "cors_method"   // a method isn't allowed
	CORSHeader   = "cors_header"   // a header that uploads send isn't allowed
	CORSExposed  = "cors_exposed"  // scripts can't read a header of the answer
	CORSOutdated = "cors_outdated" // our own rule allows what the config file doesn't name
)

// CheckCORS compares the rules that a bucket has with what uploads need. It returns no finding
// where they suffice, whoever made them: a wider rule covers ours.
func (w Wanted) CheckCORS(there []types.CORSRule) []findings.Finding {
	if gaps := w.corsGaps(there); len(gaps) > 0 {
		return gaps
	}
	for _, rule := range there {
		if w.ownsCORS(rule) && !sameCORS(rule, w.CORS) {
			return []findings.Finding{w.fault(CORSOutdated, "our CORS rule isn't what the config file asks for", "rule "+aws.ToString(rule.ID))}
		}
	}
	return nil
}

// fault is a finding about this bucket that the remedy mends.
func (w Wanted) fault(code, sentence, evidence string) findings.Finding {
	return findings.Finding{Code: code, Severity: findings.Fault, Sentence: sentence, Remedy: w.remedy, Evidence: evidence, Bucket: w.Bucket}
}

// corsGaps are the requests of our pages that the rules don't allow, each kind once: where an
// origin has no rule, its methods aren't named as well.
func (w Wanted) corsGaps(there []types.CORSRule) (found []findings.Finding) {
	gaps := map[string][]string{}
	add := func(code string, names ...string) { gaps[code] = append(gaps[code], names...) }
	for _, origin := range w.CORS.AllowedOrigins {
		if !slices.ContainsFunc(there, func(r types.CORSRule) bool { return matchesAny(r.AllowedOrigins, origin) }) {
			add(CORSOrigin, origin)
			continue
		}
		for _, method := range w.CORS.AllowedMethods {
			if code, names := w.requestGap(there, origin, method); code != "" {
				add(code, names...)
			}
		}
	}
	if len(gaps[CORSOrigin]) == len(w.CORS.AllowedOrigins) {
		return []findings.Finding{w.fault(CORSMissing, "the bucket has no CORS rule for our pages, so browsers refuse to upload",
			fmt.Sprintf("%d rules, none for %s", len(there), strings.Join(w.CORS.AllowedOrigins, ", ")))}
	}
	for _, kind := range []struct{ code, sentence string }{
		{CORSOrigin, "no CORS rule allows the origin %s"},
		{CORSMethod, "the CORS rules don't allow %s"},
		{CORSHeader, "the CORS rules don't allow the header %s, which uploads send"},
		{CORSExposed, "the CORS rule that answers our uploads doesn't expose %s"},
	} {
		if names := sorted(gaps[kind.code]); len(names) > 0 {
			found = append(found, w.fault(kind.code, fmt.Sprintf(kind.sentence, strings.Join(names, ", ")), ""))
		}
	}
	return found
}

// requestGap says what keeps a page of an origin from one kind of request; "" where nothing does. A
// preflight is answered by the first rule that allows origin, method and all headers; the request
// itself names no headers to compare and is answered by the first rule for origin and method.
func (w Wanted) requestGap(there []types.CORSRule, origin, method string) (code string, names []string) {
	var answering []types.CORSRule
	for _, rule := range there {
		if matchesAny(rule.AllowedOrigins, origin) && slices.Contains(rule.AllowedMethods, method) {
			answering = append(answering, rule)
		}
	}
	if len(answering) == 0 {
		return CORSMethod, []string{method + " from " + origin}
	}
	var sent []string
	if method == "PUT" { // the others send no header that a rule has to allow
		sent = w.CORS.AllowedHeaders
	}
	if !slices.ContainsFunc(answering, func(r types.CORSRule) bool { return len(unmatched(r.AllowedHeaders, sent)) == 0 }) {
		return CORSHeader, unmatched(answering[0].AllowedHeaders, sent)
	}
	if hidden := unmatched(answering[0].ExposeHeaders, w.CORS.ExposeHeaders); len(hidden) > 0 {
		return CORSExposed, hidden
	}
	return "", nil
}

// unmatched are the names that no pattern matches. Header names have no case.
func unmatched(patterns, names []string) (out []string) {
	for _, name := range names {
		if !slices.ContainsFunc(patterns, func(p string) bool { return matches(strings.ToLower(p), strings.ToLower(name)) }) {
			out = append(out, name)
		}
	}
	return out
}

func matchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, text) })
}

// matches compares text with a pattern in which one * stands for any characters ("AllowedOrigin"
// and "AllowedHeader" in the S3 User Guide).
func matches(pattern, text string) bool {
	before, after, wildcard := strings.Cut(pattern, "*")
	if !wildcard {
		return pattern == text
	}
	return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// ownsCORS reports whether a rule is one that this server's setup has put there: by its ID, and by
// its purpose, so that a rule which somebody made from ours for something else is nobody's but
// theirs.
func (w Wanted) ownsCORS(rule types.CORSRule) bool {
	ours := []string{"GET", "HEAD", "POST", "PUT"}
	return w.isRuleID(rule.ID, "cors", "") && slices.Contains(rule.AllowedOrigins, originOf(w.publicURL)) &&
		!slices.ContainsFunc(rule.AllowedMethods, func(m string) bool { return !slices.Contains(ours, m) }) &&
		!slices.ContainsFunc(rule.AllowedOrigins, func(o string) bool { return strings.Contains(o, "*") })
}

// sameCORS compares what two rules allow, whatever their IDs and the order of their lists.
func sameCORS(a, b types.CORSRule) bool {
	return slices.Equal(sorted(a.AllowedOrigins), sorted(b.AllowedOrigins)) && slices.Equal(sorted(a.AllowedMethods), sorted(b.AllowedMethods)) &&
		slices.Equal(sorted(a.AllowedHeaders), sorted(b.AllowedHeaders)) && slices.Equal(sorted(a.ExposeHeaders), sorted(b.ExposeHeaders)) &&
		aws.ToInt32(a.MaxAgeSeconds) == aws.ToInt32(b.MaxAgeSeconds)
}

// mergeCORS returns the rules that the bucket should have, which keep every foreign one, and
// whether they differ from those there. Ours is the last, or the first where a foreign rule would
// answer our requests and hide what scripts have to read.
func (w Wanted) mergeCORS(there []types.CORSRule) (merged merge[types.CORSRule], changed bool) {
	var own []int
	var foreign []types.CORSRule
	for i, rule := range there {
		if w.ownsCORS(rule) {
			own = append(own, i)
		} else {
			foreign = append(foreign, rule)
		}
	}
	if len(own) <= 1 && len(w.CheckCORS(there)) == 0 {
		return merged, false
	}
	rule := w.CORS
	rule.ID = aws.String(freeID(*w.CORS.ID, func(id string) bool {
		return slices.ContainsFunc(foreign, func(r types.CORSRule) bool { return aws.ToString(r.ID) == id })
	}))
	first := len(w.corsGaps(append(slices.Clone(foreign), rule))) > 0
	return merge[types.CORSRule]{drop: own, add: []types.CORSRule{rule}, first: first}, true
}

// merge is a change of a bucket's rules: those at the indexes of drop go, those of add come.
type merge[Rule any] struct {
	drop  []int
	add   []Rule
	first bool // add comes before all others, not behind them
}

// apply returns the rules after the change.
func (m merge[Rule]) apply(there []Rule) []Rule {
	var kept []Rule
	for i, rule := range there {
		if !slices.Contains(m.drop, i) {
			kept = append(kept, rule)
		}
	}
	if m.first {
		return append(slices.Clone(m.add), kept...)
	}
	return append(kept, m.add...)
}

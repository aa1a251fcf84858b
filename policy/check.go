package policy

import "time"

// Rule is why a store refuses a form.
type Rule string

// The rules, as Check tells them apart.
const (
	RuleExpired       Rule = "expired"
	RuleMissing       Rule = "missing"        // a condition's field isn't in the form
	RuleMismatch      Rule = "mismatch"       // the value isn't the one wanted
	RulePrefix        Rule = "prefix"         // the value doesn't start as wanted
	RuleList          Rule = "list"           // one item of a comma list of types doesn't
	RuleVariable      Rule = "variable"       // ${filename} where an exact value is wanted
	RuleExtra         Rule = "extra"          // a field that no condition covers
	RuleRepeated      Rule = "repeated"       // a field that is there twice
	RuleAfterFile     Rule = "after-file"     // a field behind the file
	RuleTooLarge      Rule = "too-large"      // the file
	RuleTooSmall      Rule = "too-small"      // the file
	RuleFormTooLarge  Rule = "form-too-large" // over 20,480 bytes before the file
	RuleKeyTooLong    Rule = "key-too-long"   // over 1,024 bytes
	RuleKeyMissing    Rule = "key-missing"    // no key field, or an empty one
	RuleEncoding      Rule = "encoding"       // not UTF-8
	RuleUnconditional Rule = "unconditional"  // bucket or token without a condition
	RuleInvalidValue  Rule = "invalid-value"  // a value the field never allows
)

// Violation is one reason why a store would refuse a form.
type Violation struct {
	Rule      Rule
	Code      string    // the store's own, such as "AccessDenied"
	Status    int       // the store's HTTP status
	Message   string    // the store's sentence, as S3 writes it
	Field     string    // the field it is about, "" for the file or the form
	Condition Condition // the condition not met, zero if there is none
	Wanted    string
	Got       string
}

// Check tells what a store would say to a form with these fields and a file of
// size bytes, posted at now. It returns every violation, none if the store
// accepts.
func Check(d Document, fields []Field, size int64, now time.Time) []Violation { return nil }

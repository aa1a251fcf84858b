package explain

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/postern-dev/postern/policy"
)

// hidden stands in the place of a secret.
const hidden = "(not repeated here)"

// maxRepeatedBytes bounds what a report repeats of one text; twice as much is looked through for
// secrets.
const maxRepeatedBytes = 300

// hideSecrets replaces what may be a secret in a text from the input: what a name, a scheme or a
// header's name says is one, and words of the length and mixture of letters that keys, signatures
// and tokens have. Texts are cut first, as reports repeat only their beginning.
func hideSecrets(text string) string {
	if len(text) < 6 {
		return text
	}
	text = text[:min(len(text), 2*maxRepeatedBytes)]
	if lower := policy.LowerName(text); containsAny(lower, secretStems) {
		for _, p := range secretPatterns {
			text = p.ReplaceAllString(text, "${1}"+hidden)
		}
	}
	return hideShapes(text)
}

// secretNames are parts of the names of fields, headers and parameters whose values are secrets, in
// lower case and without - and _.
var secretNames = []string{
	"secret", "token", "passw", "passphrase", "passcode", "pwd", "session", "sessid", "jwt", "csrf", "xsrf", "apikey", "authkey", "privatekey", "accountkey",
	"encryptionkey", "customerkey", "copysourcekey", "authorization", "bearer", "cookie", "credentialkey", "tempurlkey",
}

// namesSecret reports whether a field's name says that its value is a secret: a token of a framework
// against forged requests, a password, a customer's encryption key. The session token of a signature
// and the MD5 sum of an encryption key are none of them.
func namesSecret(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", ".", "").Replace(policy.LowerName(name))
	return containsAny(name, secretNames) && !strings.HasSuffix(name, "securitytoken") && !strings.HasSuffix(name, "md5")
}

// hideOfField returns what a finding says about a field, without the field's value if that is a
// secret.
func hideOfField(field, text string) string {
	switch {
	case text == "", text == "a condition", text == "before the file", text == "the value that was signed", !namesSecret(field):
		return text
	}
	return hidden
}

func containsAny(text string, stems []string) bool {
	for _, stem := range stems {
		if strings.Contains(text, stem) {
			return true
		}
	}
	return false
}

// secretStems are in every text that one of secretPatterns matches.
var secretStems = []string{
	"auth", "cookie", "token", "sig", "secret", "apikey", "api-key", "api_key", "keysecret", "accountkey", "account_key", "private", "pass", "pwd", "credential=",
	"bearer", "basic", "digest", "negotiate", "sharedkey", "aws ", "aws4-hmac-sha256 ", "oss ", "goog1 ", "-key:", "-key=", "://",
	"jwt", "session", "sessid", "srf", "customer-key", "encryption-key", "key provided", "sk-", "sk_", "pk-", "pk_", "rk_", "hf_", "gho_", "ghp_", "ghs_", "ghu_", "glpat-", "xox",
}

// secretPatterns find secrets by what stands before them, which is kept.
var secretPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(?is)()-----BEGIN[^-]*PRIVATE KEY.*?(?:-----END[^-]*-----|$)`),
	regexp.MustCompile(`(?i)(\b(?:proxy-)?authorization["']?\s*(?:=>|[:=])\s*["']?)[^"'\r\n<]+`),
	regexp.MustCompile(`(?i)(\b(?:set-)?cookie2?["']?\s*(?:=>|[:=])\s*["']?)[^"'\r\n<]+`),
	regexp.MustCompile(`(?i)(\b(?:bearer|basic|digest|negotiate|sharedkey(?:lite)?)\s+)[A-Za-z0-9._~+/=:-]{3,}`),
	regexp.MustCompile(`(?i)(\b(?:aws|oss|goog1)\s+[^\s:]{3,128}:)\S+`),
	regexp.MustCompile(`(?i)((?:signature|token|\bsig|secret(?:[_-]?access)?(?:[_-]?key)?|api[_-]?key|keysecret|account[_-]?key|password|passwd|passphrase|pwd|private[_-]?key(?:[_-]?id)?|temp[_-]?url[_-]?(?:key|sig)|auth[_-]?key|[a-z-]*-key)["']?\s*(?:=>|[:=])\s*\\?["']?)[^\s"'&,;<>(){}\\]+`),
	regexp.MustCompile(`(?i)((?:jwt|session(?:[_-]?id)?|sessid|[cx]srf)["']?\s*(?:=>|[:=])\s*\\?["']?)[^\s"'&,;<>(){}\\]+`),
	regexp.MustCompile(`(?i)(\$[\w-]{0,64}(?:secret|token|passw|passphrase|pwd|session|jwt|[cx]srf|api[_-]?key|sessid|authorization|cookie|(?:customer|encryption|auth|private|account)[_-]?key)[\w-]{0,64}\\?["']?\s*,\s*\\?["']?)[^"',\]\\]+`),
	regexp.MustCompile(`(?i)(\bkey provided: ?)\S+`),
	regexp.MustCompile(`()\b(?:sk|pk|rk|hf|gh[opsu]|glpat|xox[abprs])[-_][A-Za-z0-9_-]{8,}`),
	regexp.MustCompile(`(://[^/\s:@]{0,128}:)[^/\s@]+@`),
}

// hideShapes replaces words that look like keys, signatures or tokens.
func hideShapes(text string) string {
	var b strings.Builder
	from := 0
	for i := 0; i < len(text); {
		n := wordLength(text[i:])
		if n >= 20 && isSecretShape(text[i:i+n]) {
			b.WriteString(text[from:i] + hidden)
			from = i + n
		}
		i += n
		if n == 0 {
			i += separatorLength(text[i:])
		}
	}
	if from == 0 {
		return text
	}
	return b.String() + text[from:]
}

// separatorLength returns the length of what begins a text between words: the two digits of a
// percent-encoded character belong to no word.
func separatorLength(text string) int {
	const digits = "0123456789abcdefABCDEF"
	if len(text) >= 3 && text[0] == '%' && strings.Trim(text[1:3], digits) == "" {
		return 3
	}
	return 1
}

// wordLength returns the length of the word of base64's letters, of either alphabet, that begins a
// text; %2B, %2F and %3D count as letters.
func wordLength(text string) (n int) {
	for n < len(text) {
		c := text[n]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '_' || c == '-':
			n++
		case c == '=' && n >= 20: // the padding, not what follows a name
			n++
		case c == '%' && isEncodedLetter(text[n:min(n+3, len(text))]):
			n += 3
		default:
			return n
		}
	}
	return n
}

// isEncodedLetter reports whether three bytes are a letter of base64, or its padding, in a query.
func isEncodedLetter(text string) bool {
	return strings.EqualFold(text, "%2B") || strings.EqualFold(text, "%2F") || strings.EqualFold(text, "%3D")
}

// isSecretShape reports whether a word has the length and the mixture of a key, a signature, a
// token or a policy. Paths of usual words, dates, UUIDs and MD5 sums have not.
func isSecretShape(word string) bool {
	word = strings.TrimPrefix(word, "/")
	word = strings.NewReplacer("%2B", "+", "%2b", "+", "%2F", "/", "%2f", "/", "%3D", "=", "%3d", "=").Replace(word)
	if bare := strings.TrimRight(word, "="); isSecretWord(word, bare) || len(bare) >= 60 && isMixed(bare) {
		return true
	}
	for part := range strings.SplitSeq(word, "/") {
		if bare := strings.TrimRight(part, "="); isSecretWord(part, bare) || len(bare) >= 24 && isMixed(bare) {
			return true
		}
		if slices.ContainsFunc(strings.FieldsFunc(part, separatesHex), isSecretHex) {
			return true
		}
	}
	return false
}

// separatesHex reports whether a letter of base64 can stand before a value in a query.
func separatesHex(r rune) bool { return r == '=' || r == '+' }

// isSecretHex reports whether a word is a signature or key in base16: not one letter again and again.
func isSecretHex(word string) bool {
	return len(word) >= 40 && word != emptyHash && strings.Trim(word, "0123456789abcdefABCDEF") == "" && strings.Trim(word, word[:3]) != ""
}

// isSecretWord knows the lengths of signatures and keys; bare is the word without its padding.
func isSecretWord(word, bare string) bool {
	switch {
	case word == emptyHash:
		return false
	case strings.HasPrefix(word, "eyJ") || strings.HasPrefix(word, "beyJ"): // base64 of {"
		return true
	case strings.Trim(bare, "0123456789abcdefABCDEF") == "":
		return isSecretHex(bare)
	case len(word) == 28 && len(bare) == 27, len(word) == 44 && len(bare) == 43, len(bare) == 40 || len(bare) == 43 || len(bare) == 86:
		return isMixed(bare)
	}
	return false
}

// isMixed reports whether capital letters, small ones and digits take turns as in random text.
func isMixed(word string) bool {
	var upper, lower, digits, turns int
	previous := 0
	for _, r := range word {
		class := 0
		switch {
		case unicode.IsUpper(r):
			class, upper = 1, upper+1
		case unicode.IsLower(r):
			class, lower = 2, lower+1
		case unicode.IsDigit(r):
			class, digits = 3, digits+1
		}
		if class != previous {
			turns++
		}
		previous = class
	}
	return upper > 1 && lower > 1 && (digits > 0 || turns*2 > len(word)) && turns*3 >= len(word)
}

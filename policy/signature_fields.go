package policy

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/sigv4"
)

// seal is what one signing key adds to every document of its day: the conditions and fields about
// who signs. It is written and read back once.
type seal struct {
	key     *sigv4.SigningKey
	dialect *sigv4.Dialect
	token   string
	before  string // JSON up to the timestamp
	after   string // JSON behind it, to the end
	fields  int    // how many form fields there are
	size    int    // their bytes in the form, without policy and signature
}

func newSeal(s *sigv4.Signer, key *sigv4.SigningKey) (seal, error) {
	d := s.Dialect()
	l := seal{key: key, dialect: d, token: string(s.SessionToken())}
	json := append(appendExact(nil, d.AlgorithmField(), d.Algorithm()), ',')
	json = append(appendExact(json, d.CredentialField(), key.Credential()), ',')
	json = append(append(append(json, `{"`...), d.DateField()...), `":"`...)
	l.before, l.after = string(json), `"}]}`
	if l.token != "" {
		l.after = string(append(appendExact([]byte(`"},`), d.SecurityTokenField(), l.token), "]}"...))
	}
	if !l.readsBack() {
		return seal{}, errReadback
	}
	l.measure()
	return l, nil
}

// readsBack says whether the JSON means the seal and nothing else.
func (l *seal) readsBack() bool {
	r := readback{text: []byte(l.before + l.after)}
	r.exact(l.dialect.AlgorithmField(), l.dialect.Algorithm())
	r.literal(",")
	r.exact(l.dialect.CredentialField(), l.key.Credential())
	r.literal(",")
	r.exact(l.dialect.DateField(), "")
	if l.token != "" {
		r.literal(",")
		r.exact(l.dialect.SecurityTokenField(), l.token)
	}
	r.literal("]}")
	return !r.bad && r.pos == len(r.text)
}

func (l *seal) measure() {
	var f Form
	l.appendFields(&f, "", "20060102T150405Z")
	l.fields, l.size = len(f.Fields), FormBytes(f.Fields)
}

// appendFields lists the signature's own fields.
func (l *seal) appendFields(f *Form, signature, date string) {
	f.Fields = append(f.Fields,
		Field{l.dialect.AlgorithmField(), l.dialect.Algorithm()},
		Field{l.dialect.CredentialField(), l.key.Credential()},
		Field{l.dialect.DateField(), date})
	if l.token != "" {
		f.Fields = append(f.Fields, Field{l.dialect.SecurityTokenField(), l.token})
	}
	f.Fields = append(f.Fields, Field{"policy", f.Policy}, Field{l.dialect.SignatureField(), signature})
}

// head is the beginning of the JSON. The day in it is written and read back once; what changes from
// document to document is the time of day.
type head struct {
	day   int64 // since 1970
	known bool
	text  [len(headLayout)]byte
}

const (
	headLayout = `{"expiration":"2006-01-02T15:04:05.000Z","conditions":[`
	dayAt      = len(`{"expiration":"`)
	clockAt    = dayAt + len(`2006-01-02T`)
	clockEnd   = clockAt + len(`15:04:05`)

	secondsPerDay = 24 * 60 * 60
)

// set writes an instant, in whole seconds.
func (h *head) set(at time.Time) error {
	unix := at.Unix()
	day, second := unix/secondsPerDay, unix%secondsPerDay
	if second < 0 {
		day, second = day-1, second+secondsPerDay
	}
	if !h.known || h.day != day {
		if err := h.setDay(at, day); err != nil {
			return err
		}
	}
	clock := h.text[clockAt:clockEnd]
	hours, minutes, seconds := second/3600, second/60%60, second%60
	clock[0], clock[1] = byte('0'+hours/10), byte('0'+hours%10)
	clock[3], clock[4] = byte('0'+minutes/10), byte('0'+minutes%10)
	clock[6], clock[7] = byte('0'+seconds/10), byte('0'+seconds%10)
	return nil
}

func (h *head) setDay(at time.Time, day int64) error {
	h.known = false
	if err := checkExpiration(at); err != nil {
		return err
	}
	json := append(h.text[:0], `{"expiration":"`...)
	json = appendExpiration(json, time.Unix(at.Unix(), 0))
	_ = append(json, `","conditions":[`...)
	r := readback{text: h.text[:]}
	r.literal(`{"expiration":"`)
	r.instant(at)
	r.literal(`","conditions":[`)
	if r.bad || r.pos != len(headLayout) {
		return errReadback
	}
	h.day, h.known = day, true
	return nil
}

// checkAction looks at where the form is to post.
func checkAction(url string) error {
	rest, ok := strings.CutPrefix(url, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(url, "http://")
	}
	if !ok || rest == "" || rest[0] == '/' || !isAction(rest) {
		return errors.New("policy: form URL " + strconv.Quote(url) + ": wanted the bucket's, https:// or http://, without a query")
	}
	return nil
}

func isAction(rest string) bool {
	for i := range len(rest) {
		switch b := rest[i]; b {
		case '?', '#', '@', '\\', '"', '<', '>':
			return false
		default:
			if b <= ' ' || b > '~' {
				return false
			}
		}
	}
	return true
}

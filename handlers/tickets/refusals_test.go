package tickets_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/profile"
)

// refusals are tickets that open nothing. A config that isn't given is the plain one.
var refusals = map[string]struct {
	ticket string
	config tickets.Config
	want   error
}{
	"no algorithm at all":            {ticket: pack(`{"alg":"none"}`, asJSON(good()), nil), want: tickets.ErrAlgorithm},
	"no algorithm, no signature":     {ticket: unsigned(`{"alg":"none"}`, asJSON(good())), want: tickets.ErrAlgorithm},
	"algorithm None in capitals":     {ticket: unsigned(`{"alg":"NONE"}`, asJSON(good())), want: tickets.ErrAlgorithm},
	"algorithm missing":              {ticket: pack(`{"typ":"JWT"}`, asJSON(good()), []byte(secret)), want: tickets.ErrAlgorithm},
	"HS512 by the right secret":      {ticket: pack(`{"alg":"HS512"}`, asJSON(good()), []byte(secret)), want: tickets.ErrAlgorithm},
	"RS256 where no key set is":      {ticket: pack(`{"alg":"RS256"}`, asJSON(good()), []byte(secret)), want: tickets.ErrAlgorithm},
	"another secret":                 {ticket: pack(`{"alg":"HS256"}`, asJSON(good()), []byte("x")), want: tickets.ErrSignature},
	"signature cut off":              {ticket: unsigned(`{"alg":"HS256"}`, asJSON(good())), want: tickets.ErrSignature},
	"typ of another kind of token":   {ticket: pack(`{"alg":"HS256","typ":"at+jwt"}`, asJSON(good()), []byte(secret)), want: tickets.ErrMalformed},
	"typ that isn't text":            {ticket: pack(`{"alg":"HS256","typ":1}`, asJSON(good()), []byte(secret)), want: tickets.ErrMalformed},
	"critical extension":             {ticket: pack(`{"alg":"HS256","crit":["b64"],"b64":false}`, asJSON(good()), []byte(secret)), want: tickets.ErrMalformed},
	"two parts":                      {ticket: "e30.e30", want: tickets.ErrMalformed},
	"four parts":                     {ticket: packed(good()) + ".e30", want: tickets.ErrMalformed},
	"header isn't JSON":              {ticket: pack("{", asJSON(good()), []byte(secret)), want: tickets.ErrMalformed},
	"payload isn't JSON":             {ticket: packedText(`{"sub":"alice"`), want: tickets.ErrMalformed},
	"payload is a list":              {ticket: packedText(`[]`), want: tickets.ErrClaim},
	"payload is null":                {ticket: packedText(`null`), want: tickets.ErrClaim},
	"payload isn't UTF-8":            {ticket: packedText("{\"sub\":\"\xff\"}"), want: tickets.ErrMalformed},
	"over 8 KiB":                     {ticket: packed(with(object{"pad": strings.Repeat("x", 8<<10)})), want: tickets.ErrMalformed},
	"expired beyond the leeway":      {ticket: packed(with(object{"exp": noon.Add(-31 * time.Second).Unix()})), want: tickets.ErrExpired},
	"no expiry":                      {ticket: packed(with(object{"exp": nil})), want: tickets.ErrClaim},
	"expiry is text":                 {ticket: packed(with(object{"exp": "1772366460"})), want: tickets.ErrClaim},
	"expiry is null":                 {ticket: packedText(`{"exp":null}`), want: tickets.ErrClaim},
	"expiry is beyond all time":      {ticket: packedText(`{"exp":1e300}`), want: tickets.ErrClaim},
	"expiry is negative":             {ticket: packedText(`{"exp":-1}`), want: tickets.ErrClaim},
	"expiry is zero":                 {ticket: packed(with(object{"exp": 0})), want: tickets.ErrClaim},
	"not before is null":             {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"nbf":null,`, 1)), want: tickets.ErrClaim},
	"issuer is null":                 {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"iss":null,`, 1)), want: tickets.ErrClaim},
	"origin is null":                 {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"origin":null,`, 1)), want: tickets.ErrClaim},
	"largest size is null":           {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"max_size":null,`, 1)), want: tickets.ErrClaim},
	"metadata is null":               {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"metadata":null,`, 1)), want: tickets.ErrClaim},
	"metadata with null":             {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"metadata":{"a":null},`, 1)), want: tickets.ErrClaim},
	"custom claims with null":        {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"claims":{"a":null},`, 1)), want: tickets.ErrClaim},
	"an audience that is null":       {ticket: packed(with(object{"aud": []any{"postern", nil}})), want: tickets.ErrClaim},
	"a custom claim twice":           {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"team":"a","team":"b",`, 1)), want: tickets.ErrClaim},
	"a member twice, deep inside":    {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"groups":[{"a":1,"a":2}],`, 1)), want: tickets.ErrClaim},
	"lives a year, without iat":      {ticket: packed(with(object{"iat": nil, "exp": noon.AddDate(1, 0, 0).Unix()})), want: tickets.ErrLifetime},
	"lives long, nearly over":        {ticket: packed(with(object{"iat": noon.AddDate(0, 0, -9).Unix()})), want: tickets.ErrLifetime},
	"longer than this server allows": {ticket: packed(with(object{"exp": noon.Unix() + 91})), config: tickets.Config{MaxLifetime: time.Minute}, want: tickets.ErrLifetime},
	"not valid yet":                  {ticket: packed(with(object{"nbf": noon.Add(31 * time.Second).Unix()})), want: tickets.ErrNotYetValid},
	"issued in the future":           {ticket: packed(with(object{"iat": noon.Add(31 * time.Second).Unix()})), want: tickets.ErrNotYetValid},
	"no audience":                    {ticket: packed(with(object{"aud": nil})), want: tickets.ErrClaim},
	"audience of upload tokens":      {ticket: packed(with(object{"aud": "postern-upload"})), want: tickets.ErrAudience},
	"audience in capitals":           {ticket: packed(with(object{"aud": "Postern"})), want: tickets.ErrAudience},
	"audience is a number":           {ticket: packed(with(object{"aud": 1})), want: tickets.ErrClaim},
	"no issuer where one is asked":   {ticket: packed(good()), config: tickets.Config{Issuer: "https://id.example"}, want: tickets.ErrClaim},
	"another issuer":                 {ticket: packed(with(object{"iss": "https://id.example/"})), config: tickets.Config{Issuer: "https://id.example"}, want: tickets.ErrIssuer},
	"no subject":                     {ticket: packed(with(object{"sub": nil})), want: tickets.ErrClaim},
	"empty subject":                  {ticket: packed(with(object{"sub": ""})), want: tickets.ErrClaim},
	"subject is a number":            {ticket: packed(with(object{"sub": 7})), want: tickets.ErrClaim},
	"subject only as Sub":            {ticket: packed(with(object{"sub": nil, "Sub": "alice"})), want: tickets.ErrClaim},
	"subject twice":                  {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"sub":"bob",`, 1)), want: tickets.ErrClaim},
	"subject with a line break":      {ticket: packed(with(object{"sub": "a\nb"})), want: tickets.ErrClaim},
	"subject of half a surrogate":    {ticket: packedText(strings.Replace(asJSON(good()), "alice", `\ud800`, 1)), want: tickets.ErrMalformed},
	"subject of 257 bytes":           {ticket: packed(with(object{"sub": strings.Repeat("a", 257)})), want: tickets.ErrClaim},
	"no profiles":                    {ticket: packed(with(object{"profiles": nil})), want: tickets.ErrClaim},
	"empty list of profiles":         {ticket: packed(with(object{"profiles": []string{}})), want: tickets.ErrClaim},
	"profiles as one string":         {ticket: packed(with(object{"profiles": "photos"})), want: tickets.ErrClaim},
	"a profile that is null":         {ticket: packed(with(object{"profiles": []any{"photos", nil}})), want: tickets.ErrClaim},
	"a profile without a name":       {ticket: packed(with(object{"profiles": []string{""}})), want: tickets.ErrClaim},
	"largest size zero":              {ticket: packed(with(object{"max_size": 0})), want: tickets.ErrClaim},
	"largest size negative":          {ticket: packed(with(object{"max_size": -1})), want: tickets.ErrClaim},
	"largest size with a fraction":   {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"max_size":1.5,`, 1)), want: tickets.ErrClaim},
	"largest size with an exponent":  {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"max_size":1e3,`, 1)), want: tickets.ErrClaim},
	"largest size over int64":        {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"max_size":9223372036854775808,`, 1)), want: tickets.ErrClaim},
	"largest size as text":           {ticket: packed(with(object{"max_size": "100"})), want: tickets.ErrClaim},
	"metadata that is a list":        {ticket: packed(with(object{"metadata": []string{"a"}})), want: tickets.ErrClaim},
	"metadata with a number":         {ticket: packed(with(object{"metadata": object{"a": 1}})), want: tickets.ErrClaim},
	"metadata named twice":           {ticket: packedText(strings.Replace(asJSON(good()), `{`, `{"metadata":{"a":"1","a":"2"},`, 1)), want: tickets.ErrClaim},
	"metadata of 65 members":         {ticket: packed(with(object{"metadata": many(65)})), want: tickets.ErrClaim},
	"custom claim at both places":    {ticket: packed(with(object{"tenant": "a", "claims": object{"tenant": "b"}})), want: tickets.ErrClaim},
	"origin with a path":             {ticket: packed(with(object{"origin": "https://a.example/"})), want: tickets.ErrClaim},
	"origin with a user":             {ticket: packed(with(object{"origin": "https://a@b.example"})), want: tickets.ErrClaim},
	"origin null":                    {ticket: packed(with(object{"origin": "null"})), want: tickets.ErrClaim},
	"origin in capitals":             {ticket: packed(with(object{"origin": "https://A.example"})), want: tickets.ErrClaim},
	"origin by script":               {ticket: packed(with(object{"origin": "javascript://a"})), want: tickets.ErrClaim},
	"origin with its default port":   {ticket: packed(with(object{"origin": "https://a.example:443"})), want: tickets.ErrClaim},
}

func TestWrongTicketsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, ok, err := verifier(t, c.config).Identify(request("Bearer " + c.ticket))
			if !errors.Is(err, c.want) {
				t.Errorf("error %v, wanted %v", err, c.want)
			}
			if ok || !reflect.DeepEqual(id, profile.Identity{}) {
				t.Errorf("identity %+v, wanted none", id)
			}
			checkRefusal(t, err, c.ticket)
		})
	}
}

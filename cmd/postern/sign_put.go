package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// runPut prints a presigned PUT: what there is in place of a form where the store takes none.
func (s *signCommand) runPut(c *console, access aws.Config, store uploads.Store, now time.Time) error {
	headers, err := s.putHeaders(store.Provider)
	if err != nil {
		return err
	}
	signer, err := newSigner(c, access, store)
	if err != nil {
		return err
	}
	expires, err := s.expiration(signer, now)
	if err != nil {
		return usageError{oneLine(err)}
	}
	bucketURL, err := store.BucketURL(s.Bucket)
	if err != nil {
		return badUsage("--bucket %q: %v", s.Bucket, err)
	}
	signed, err := signer.PresignURL(sigv4.PresignRequest{Method: "PUT", Bucket: s.Bucket, URL: sigv4.ObjectURL(bucketURL, s.Key),
		Headers: headers, Expires: expires}, now)
	if err != nil {
		return usageError{oneLine(err)}
	}
	if _, err := fmt.Fprintf(c.stderr, "postern: %s takes no form posts (no POST policies); this is a presigned PUT for one object\n", store.Provider.Name); err != nil {
		return err
	}
	fields := make([]policy.Field, len(headers))
	for i, h := range headers {
		fields[i] = policy.Field(h)
	}
	return signedPut{URL: signed, Method: "PUT", Headers: fields, Expiration: expires.Format(time.RFC3339)}.print(c.stdout, s.Format)
}

// putHeaders are the headers that a PUT has to be sent with. What a URL can't limit is refused.
func (s *signCommand) putHeaders(provider uploads.Provider) ([]sigv4.Param, error) {
	none := fmt.Sprintf("%s takes no form posts (no POST policies), and a presigned PUT", provider.Name)
	for _, given := range []struct {
		flag string
		set  bool
		why  string
	}{
		{"--format", s.Format == "html", "isn't a page; use --format curl or json"},
		{"--key-prefix", s.KeyPrefix != "", "is for one key; use --key"},
		{"--redirect", s.Redirect != "", "redirects nobody"},
		{"--status", s.Status != 0, "answers 200"},
		{"--condition", len(s.Condition) > 0, "has no conditions"},
		{"--field", len(s.Field) > 0, "has no fields"},
		{"--type", strings.HasSuffix(s.Type, "/*"), "has one type, such as image/png"},
	} {
		if given.set {
			return nil, badUsage("%s: %s %s", given.flag, none, given.why)
		}
	}
	var list []sigv4.Param
	if s.Size != "" {
		smallest, largest, err := profile.ParseRange(s.Size)
		if err != nil || smallest != largest {
			return nil, badUsage("--size %q: %s has one exact size, such as 4096..4096", s.Size, none)
		}
		list = append(list, sigv4.Param{Name: "content-length", Value: strconv.FormatInt(largest, 10)})
	}
	names := provider.Attributes()
	for _, h := range []sigv4.Param{{Name: "content-type", Value: s.Type}, {Name: names.ACLHeader, Value: s.ACL}} {
		if h.Value != "" {
			list = append(list, h)
		}
	}
	for _, text := range s.Meta {
		name, value, err := parsePair("--meta", text)
		if err != nil {
			return nil, err
		}
		list = append(list, sigv4.Param{Name: names.MetadataPrefix + strings.ToLower(name), Value: value})
	}
	return list, nil
}

// signedPut is a presigned PUT as it is printed.
type signedPut struct {
	URL        string         `json:"url"`
	Method     string         `json:"method"`
	Headers    []policy.Field `json:"headers"` // to be sent with exactly these values
	Expiration string         `json:"expiration"`
}

func (p signedPut) print(w io.Writer, format string) error {
	if format == "json" {
		return printJSON(w, p)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "curl --fail-with-body --upload-file FILE")
	for _, h := range p.Headers {
		if h.Name != "content-length" { // curl sends the file's
			fmt.Fprintf(&b, " \\\n  --header %s", shellQuote(h.Name+": "+h.Value))
		}
	}
	fmt.Fprintf(&b, " \\\n  %s\n", shellQuote(p.URL))
	_, err := io.WriteString(w, b.String())
	return err
}

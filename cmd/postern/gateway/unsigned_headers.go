package gateway

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v3"

	"github.com/postern-dev/postern/policy/sigv4"
)

// signUnsignedHeaders makes the store obey what it otherwise refuses, in the buckets that the
// options name: a presigned request whose signature is right is signed again, with all its x-amz-
// headers. Every other request is left to the store as it came.
func (g *Gateway) signUnsignedHeaders(ctx fiber.Ctx) error {
	request := ctx.Request()
	bucket, _, _ := strings.Cut(strings.TrimPrefix(string(request.URI().PathOriginal()), "/"), "/")
	if !slices.Contains(g.options.InsecureUnsignedHeaders, bucket) {
		return ctx.Next()
	}
	p, ok := g.readPresigned(ctx)
	if !ok || p.sign(p.signed) != p.query.Encode() {
		return ctx.Next()
	}
	if len(request.Header.Peek("X-Amz-Copy-Source")) > 0 { // as stores do that obey such a header: the body of a copy isn't read
		if body := request.BodyStream(); body != nil {
			_, _ = io.Copy(io.Discard, body)
		}
		request.SetBodyRaw(nil)
		request.Header.SetContentLength(0)
	}
	all := slices.Clone(p.signed)
	for name := range request.Header.All() {
		if lower := strings.ToLower(string(name)); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(all, lower) {
			all = append(all, lower)
		}
	}
	request.URI().SetQueryString(p.sign(all))
	return ctx.Next()
}

// presigned is a presigned request as its URL describes it.
type presigned struct {
	signer  *sigv4.Signer
	query   url.Values // as it came, the signature included
	signed  []string   // names of the signed headers
	request sigv4.PresignRequest
	at      time.Time
	header  func(name string) string
}

// readPresigned reads a presigned request; false is any other, or one of an unknown account.
func (g *Gateway) readPresigned(ctx fiber.Ctx) (presigned, bool) {
	uri := ctx.Request().URI()
	query, err := url.ParseQuery(string(uri.QueryString()))
	at, errDate := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	lifetime, errExpires := time.ParseDuration(query.Get("X-Amz-Expires") + "s")
	access, _, _ := strings.Cut(query.Get("X-Amz-Credential"), "/")
	signer, errSigner := sigv4.NewSigner(sigv4.AWS, g.options.Region, sigv4.Credentials{AccessKeyID: access, SecretAccessKey: g.secretOf(access)})
	if err != nil || errDate != nil || errExpires != nil || errSigner != nil {
		return presigned{}, false
	}
	p := presigned{signer: signer, query: query, at: at, signed: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"),
		header: func(name string) string { return ctx.Get(name) }}
	p.request = sigv4.PresignRequest{Method: ctx.Method(), URL: "http://" + ctx.Host() + string(uri.PathOriginal()), Expires: at.Add(lifetime)}
	for name, values := range query {
		if !strings.HasPrefix(name, "X-Amz-") {
			p.request.Query = append(p.request.Query, sigv4.Param{Name: name, Value: values[0]})
		}
	}
	return p, true
}

func (g *Gateway) secretOf(access string) sigv4.Secret {
	switch access {
	case g.options.AccessKey:
		return sigv4.Secret(g.options.SecretKey)
	case g.options.Uploader.AccessKey:
		return sigv4.Secret(g.options.Uploader.SecretKey)
	}
	return ""
}

// sign returns the query of the same request with these headers signed; "" where they can't be.
func (p presigned) sign(headers []string) string {
	r := p.request
	for _, name := range headers {
		if name != "host" {
			r.Headers = append(r.Headers, sigv4.Param{Name: name, Value: p.header(http.CanonicalHeaderKey(name))})
		}
	}
	signed, err := p.signer.PresignURL(r, p.at)
	if err != nil {
		return ""
	}
	u, err := url.Parse(signed)
	if err != nil {
		return ""
	}
	return u.Query().Encode()
}

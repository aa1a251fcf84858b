package doctor

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
	"github.com/postern-dev/postern/policy/sigv4"
)

// foreignOrigin is the origin of no page: the store shouldn't allow it.
const foreignOrigin = "https://" + Subject + ".invalid"

// checkRules compares the CORS and lifecycle rules that the buckets have with those that uploads
// need, as `postern setup` does. The server has no use for the right to read them, so that it is a
// note where it lacks that.
func (t *trial) checkRules(ctx context.Context) {
	client, ok := t.Store.Client.(*s3.Client)
	if !ok {
		return
	}
	task := setup.Task{File: t.Config, Store: t.Store, Client: client, Config: t.ConfigName}
	if t.Learn {
		task.Store.Provider.CORSCalls, task.Store.Provider.LifecycleCalls = true, true
	}
	result, err := task.Run(ctx)
	if err != nil {
		return // the config was compiled before
	}
	unknown := false
	for _, f := range result.Findings {
		switch f.Code {
		case setup.Denied:
			f.Severity, unknown = findings.Note, true
			f.Remedy = t.inConfig("setup", "") + "   # with the operator's credentials"
		case setup.Failed, setup.BucketMissing:
			unknown = true
		}
		t.found = append(t.found, f)
	}
	if unknown {
		return
	}
	t.observe("cors_calls", !hasCode(result.Findings, setup.NoCORSCall))
	if len(t.lifecycleWanted()) > 0 {
		t.observe("lifecycle_calls", !hasCode(result.Findings, setup.NoRuleCall))
	}
}

func hasCode(list []findings.Finding, code string) bool {
	return slices.ContainsFunc(list, func(f findings.Finding) bool { return f.Code == code })
}

// joinCORS makes one finding of two where the store takes no CORS rules by S3's call. setup can't
// tell then whether browsers may upload; a preflight can. What is missing is set by the store's own
// tools.
func joinCORS(list []findings.Finding) (joined []findings.Finding) {
	gaps := []string{setup.CORSMissing, setup.CORSOrigin, setup.CORSMethod, setup.CORSHeader, setup.CORSExposed}
	noCall := map[string]findings.Finding{} // by bucket
	for _, f := range list {
		if f.Code == setup.NoCORSCall {
			noCall[f.Bucket] = f
		} else {
			joined = append(joined, f)
		}
	}
	for i, f := range joined {
		if steps, ok := noCall[f.Bucket]; ok && slices.Contains(gaps, f.Code) {
			joined[i].Remedy = steps.Remedy
		}
	}
	return joined
}

// lifecycleWanted are the buckets that should have a lifecycle rule: of the others setup doesn't
// ask for any.
func (t *trial) lifecycleWanted() (buckets []string) {
	wanted, err := setup.WantedOf(t.Config, t.Store, "")
	for _, w := range wanted {
		if err == nil && len(w.Lifecycle) > 0 {
			buckets = append(buckets, w.Bucket)
		}
	}
	return buckets
}

// pages is what the pages of one bucket send to it.
type pages struct {
	*trial
	setup.Wanted
	url string // of an object that there needn't be
}

// checkCORS asks, as browsers do, whether the bucket takes what our pages send: for each origin and
// method. Then it reads a real answer as a script would.
func (t *trial) checkCORS(ctx context.Context) {
	wanted, err := setup.WantedOf(t.Config, t.Store, "")
	at := slices.IndexFunc(wanted, func(w setup.Wanted) bool { return w.Bucket == t.bucket })
	address, errAddress := t.Store.BucketURL(t.bucket)
	if err != nil || errAddress != nil || at < 0 {
		return // the config was compiled before
	}
	p := pages{t, wanted[at], address}
	allowed := p.allowedOrigins(ctx)
	if len(allowed) == 0 {
		return
	}
	for _, origin := range allowed {
		p.checkMethods(ctx, origin)
	}
	p.checkExposed(ctx, allowed[0])
	if a := p.preflight(ctx, foreignOrigin, http.MethodPut, nil); allows(a, foreignOrigin) && !slices.Contains(p.CORS.AllowedOrigins, "*") {
		t.add(corsForeign, "Access-Control-Allow-Origin: "+clip(a.header.Get("Access-Control-Allow-Origin")), "the bucket's CORS rules allow pages of any origin",
			"nothing, where that is meant: only who has a form or URL can upload; else name the origins: "+t.inConfig("setup", ""))
	}
}

// setCORS is the remedy of whatever is missing in the rules.
func (p pages) setCORS() string {
	if p.Store.Provider.CORSCalls {
		return setup.ApplyCommand(p.ConfigName)
	}
	return p.inConfig("setup", "--format steps")
}

// allowedOrigins reports the origins of our pages that the bucket has no rule for, and returns the
// others.
func (p pages) allowedOrigins(ctx context.Context) (allowed []string) {
	var missing []string
	var last answer
	for _, origin := range p.CORS.AllowedOrigins {
		if p.allowsAny(ctx, origin, &last) {
			allowed = append(allowed, origin)
		} else {
			missing = append(missing, origin)
		}
	}
	switch {
	case last.err != nil: // who doesn't answer is reported by checkCredentials
	case len(allowed) == 0:
		p.add(code(setup.CORSMissing), last.String(), "the bucket allows no page of ours to upload: browsers refuse", p.setCORS())
	case len(missing) > 0:
		p.add(code(setup.CORSOrigin), last.String(), "the bucket doesn't allow pages of "+strings.Join(missing, ", "), p.setCORS())
	}
	return allowed
}

// allowsAny reports whether an origin may use any of the methods, with or without headers.
func (p pages) allowsAny(ctx context.Context, origin string, last *answer) bool {
	for _, method := range p.CORS.AllowedMethods {
		a := p.preflight(ctx, origin, method, nil)
		if allows(a, origin) {
			return true
		}
		*last = a
	}
	return false
}

// checkMethods asks for each method with the headers that uploads send by it.
func (p pages) checkMethods(ctx context.Context, origin string) {
	for _, method := range p.CORS.AllowedMethods {
		a := p.preflight(ctx, origin, method, nil)
		if !allows(a, origin) || !lists(a, "Access-Control-Allow-Methods", method) {
			p.add(code(setup.CORSMethod), a.String(), "the bucket doesn't allow "+method+" from "+origin, p.setCORS())
			continue
		}
		if method != http.MethodPut { // forms and links send no header that a rule has to allow
			continue
		}
		var missing []string
		for _, header := range p.CORS.AllowedHeaders {
			if a = p.preflight(ctx, origin, method, []string{header}); !allows(a, origin) || !lists(a, "Access-Control-Allow-Headers", header) {
				missing = append(missing, header)
			}
		}
		if len(missing) > 0 {
			p.add(code(setup.CORSHeader), a.String(), "the bucket doesn't allow the header "+strings.Join(missing, ", ")+", which uploads send, from "+origin, p.setCORS())
		}
	}
}

// preflight asks as a browser does before it sends.
func (p pages) preflight(ctx context.Context, origin, method string, headers []string) answer {
	ask := []sigv4.Param{{Name: "Origin", Value: origin}, {Name: "Access-Control-Request-Method", Value: method}}
	if len(headers) > 0 {
		ask = append(ask, sigv4.Param{Name: "Access-Control-Request-Headers", Value: strings.Join(headers, ",")})
	}
	address := p.url
	if method != http.MethodPost {
		address = sigv4.ObjectURL(p.url, Subject+"/preflight")
	}
	return p.request(ctx, http.MethodOptions, address, ask, nil)
}

// allows reports whether an answer lets pages of an origin read it.
func allows(a answer, origin string) bool {
	allowed := a.header.Get("Access-Control-Allow-Origin")
	return a.ok() && (allowed == origin || allowed == "*")
}

// lists reports whether a header of an answer, which is a list, has a name.
func lists(a answer, header, name string) bool {
	for _, value := range a.header.Values(header) {
		for listed := range strings.SplitSeq(value, ",") {
			if listed = strings.TrimSpace(listed); listed == "*" || strings.EqualFold(listed, name) {
				return true
			}
		}
	}
	return false
}

// checkExposed sends a file as a page of an origin does, and looks which headers of the answer a
// script could read.
func (p pages) checkExposed(ctx context.Context, origin string) {
	for _, t := range p.sameBucket() {
		issued, err := t.issue(ctx, t.puts, formSize)
		if err != nil {
			continue // checkPut reports it
		}
		a := t.put(ctx, issued, sampleOf(t.served(t.puts)).content(formSize), sigv4.Param{Name: "Origin", Value: origin})
		if !a.ok() {
			continue
		}
		var hidden []string
		for _, header := range p.CORS.ExposeHeaders {
			if !lists(a, "Access-Control-Expose-Headers", header) {
				hidden = append(hidden, header)
			}
		}
		if len(hidden) > 0 {
			p.add(code(setup.CORSExposed), "Access-Control-Expose-Headers: "+clip(a.header.Get("Access-Control-Expose-Headers")),
				"scripts can't read the header "+strings.Join(hidden, ", ")+" of an answer to an upload", p.setCORS())
		}
		return
	}
}

// sameBucket are the profiles of this bucket whose keys are nobody else's.
func (t *trial) sameBucket() (list []*trial) {
	for _, p := range t.Config.Profiles {
		if p.Bucket == t.bucket && !sharesKeys(p) {
			list = append(list, &trial{run: t.run, bucket: p.Bucket, profile: p})
		}
	}
	return list
}

// Package doctor tries every step of an upload for real, and names what is wrong and how to mend
// it.
//
// One call does everything:
//
//	result, err := doctor.Run(ctx, doctor.Options{Config: file, ConfigName: name, Store: store})
//
// It uploads as a visitor does: under each profile's own key template, with subject
// "postern-doctor", by forms and URLs that package uploads signs. Checks run side by side, and one
// failure stops no other. What one finding brings about is folded under it (findings.Finding,
// Follows). Everything that was written is removed at the end, also where the context ends before.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/awscreds"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// Subject is who uploads: keys show by it which objects are the doctor's.
const Subject = "postern-doctor"

const (
	concurrency    = 6               // checks at once
	checkTimeout   = 5 * time.Minute // of one check
	cleanUpTimeout = time.Minute     // of all that is removed at the end
)

// Options say what is tried. Config, ConfigName and Store have no default.
type Options struct {
	// Config is the server's config file, with its secrets.
	Config *config.Config
	// ConfigName is the file's name as the operator wrote it, for the commands that remedies name.
	ConfigName string
	// Store is the store as the server has it, with both credentials.
	Store uploads.Store
	// HTTP sends what browsers would send; nil is a client of its own. It must not follow
	// redirects.
	HTTP *http.Client
	// Learn tries what the provider's record says that the store can't do, too.
	Learn bool
}

// Result is what Run found.
type Result struct {
	findings.Report
	// Checks is how many checks were made to their end.
	Checks int `json:"checks"`
	// Can are the abilities that the store showed and that differ from the provider's record, by
	// their names in store.can; empty unless Options.Learn is set.
	Can map[string]bool `json:"can,omitempty"`
}

// run is one call of Run.
type run struct {
	Options
	now     func() time.Time
	http    *http.Client
	server  caller // with the server's own credentials, at the server's address of the store
	visitor caller // with the upload credentials, at the browsers' address
	written *manifest

	forms   *uploads.Service // issues forms, and parts from 1 MiB up
	puts    *uploads.Service // issues presigned PUT, as for a store without POST policies
	expired *uploads.Service // issues forms that have expired

	unanswered atomic.Int64 // requests in a row that got no answer
	mayArrive  atomic.Bool  // one of them may still arrive at the store

	mu       sync.Mutex // guards observed
	observed map[string]bool
}

// Run makes all checks and removes what they wrote. The error says that the config can't be served.
func Run(ctx context.Context, o Options) (Result, error) {
	r, err := newRun(o)
	if err != nil {
		return Result{}, err
	}
	trials := r.trials()
	r.try(ctx, trials)
	var result Result
	for _, t := range trials {
		if t.ended { // one that was stopped says nothing
			addNew(&result.Report, t.found)
			result.Checks++
		}
	}
	result.Findings = joinCORS(result.Findings)
	left := r.written.cleanUp(context.WithoutCancel(ctx))
	if ctx.Err() != nil { // also where that was during the clean-up: who stops a command isn't told that all is well
		result.Findings = slices.Insert(result.Findings, 0, r.interrupted(result.Checks, len(trials), len(left) == 0))
	}
	result.Add(left...)
	fold(&result.Report)
	result.Sort()
	if o.Learn {
		result.Can = r.learned()
	}
	return result, nil
}

// interrupted says that the doctor was stopped, and how far it had come.
func (r *run) interrupted(made, all int, removed bool) findings.Finding {
	end := "test objects removed"
	if !removed {
		end = "test objects are left, see left_behind"
	}
	return findings.Finding{Code: string(stopped), Severity: codes[stopped].severity,
		Sentence: fmt.Sprintf("interrupted, %d of %d checks done, %s", made, all, end), Remedy: r.inConfig("doctor", "")}
}

// addNew adds findings, except what an earlier check has found in another way: the bucket's rules
// say no more than a preflight has shown.
func addNew(report *findings.Report, found []findings.Finding) {
	before := slices.Clone(report.Findings)
	for _, f := range found {
		known := func(b findings.Finding) bool {
			return b.Code == f.Code && b.Bucket == f.Bucket && b.Profile == f.Profile
		}
		if !slices.ContainsFunc(before, known) {
			report.Add(f)
		}
	}
}

// MissingCredentials is the result of a run that couldn't begin, as there are no credentials; err
// says which and why.
func MissingCredentials(err error) Result {
	var result Result
	result.Add(findings.Finding{Code: string(credentialsMissing), Severity: codes[credentialsMissing].severity, Sentence: err.Error(),
		Remedy: "set what the sentence names in the environment that the server has, and run the doctor there"})
	return result
}

// newRun prepares the services that issue what visitors get.
func newRun(o Options) (*run, error) {
	r := &run{Options: o, now: time.Now, observed: map[string]bool{}}
	r.http = cmp.Or(o.HTTP, newHTTPClient())
	own := o.Store
	own.PublicEndpoint = ""
	r.server = r.newCaller("the server's own credentials", own, false)
	r.visitor = r.newCaller("the upload credentials", o.Store, true)
	r.written = &manifest{run: r, arrived: map[string]bool{}}
	put := o.Store
	put.Provider.PostPolicy = false
	form := o.Store
	form.Provider.PostPolicy = form.Provider.PostPolicy || o.Learn
	var err error
	if r.forms, err = r.serve(form, small, time.Now); err != nil {
		return nil, err
	}
	if r.puts, err = r.serve(put, smallPut, time.Now); err != nil {
		return nil, err
	}
	r.expired, err = r.serve(form, small, func() time.Time { return time.Now().Add(-2 * lifetime) })
	return r, err
}

// lifetime is how long the forms and URLs of the checks are valid.
const lifetime = 10 * time.Minute

// serve makes a service with small copies of the profiles.
func (r *run) serve(store uploads.Store, smaller func(profile.Profile) profile.Profile, now func() time.Time) (*uploads.Service, error) {
	c := uploads.Config{PublicURL: r.Config.PublicURL, Store: store, TokenKeys: r.Config.TokenKeys, Now: now, Logger: slog.New(slog.DiscardHandler)}
	for _, name := range slices.Sorted(maps.Keys(r.Config.Profiles)) {
		c.Profiles = append(c.Profiles, smaller(r.Config.Profiles[name]))
	}
	return uploads.New(c)
}

// small is a profile with sizes that a check can afford: from 1 MiB on a file goes in parts. All
// else that the store is asked for stays.
func small(p profile.Profile) profile.Profile {
	p.MinSize, p.MaxSize = 0, 64*profile.MiB
	p.Multipart = profile.Multipart{Threshold: profile.MiB, PartSize: profile.MinPartSize}
	p.Lifetime, p.UploadLifetime, p.Removable, p.Unclaimed = lifetime, time.Hour, 0, 0
	p.Quota, p.MaxOpen, p.ScopedCredentials, p.Quarantine = profile.Quota{}, 0, false, ""
	return p
}

// smallPut is a small profile without a checksum, which a presigned PUT can't have.
func smallPut(p profile.Profile) profile.Profile {
	p = small(p)
	p.Checksum = ""
	return p
}

// newCaller makes a caller of a store, with the credentials for visitors or the server's own.
func (r *run) newCaller(name string, store uploads.Store, visitors bool) caller {
	provider := store.Credentials
	if visitors && store.UploadCredentials != nil {
		provider = store.UploadCredentials
	}
	return caller{name: name, store: store, signers: awscreds.NewSource(provider, store.Provider.Dialect, store.SigningRegion(), nil)}
}

// twoCredentials reports whether visitors' forms and URLs are signed with credentials of their own.
func (r *run) twoCredentials() bool { return r.Store.UploadCredentials != nil }

// try makes all trials, several at a time.
func (r *run) try(ctx context.Context, trials []*trial) {
	var wait sync.WaitGroup
	places := make(chan struct{}, concurrency)
	for _, t := range trials {
		wait.Add(1)
		go func() {
			defer wait.Done()
			places <- struct{}{}
			defer func() { <-places }()
			if ctx.Err() != nil {
				return
			}
			bounded, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			t.check.do(t, bounded)
			t.ended = ctx.Err() == nil
		}()
	}
	wait.Wait()
}

package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// check is one thing that is tried.
type check struct {
	name string // for the documentation
	do   func(*trial, context.Context)
}

// The checks in the order of their causes: what an earlier one finds may bring about what a later
// one does.
var (
	onceChecks = []check{
		{"address", (*trial).checkAddress},
		{"credentials", (*trial).checkCredentials},
		{"clock", (*trial).checkClock},
	}
	bucketChecks = []check{
		{"bucket", (*trial).checkBucket},
		{"CORS", (*trial).checkCORS},
		{"unfinished uploads", (*trial).checkListing},
	}
	// serverCheck comes behind those of the store.
	serverCheck = check{"server", (*trial).checkServer}
	// rulesCheck comes last: what a preflight has shown is told with what was seen.
	rulesCheck    = check{"bucket's rules", (*trial).checkRules}
	profileChecks = []check{
		{"rights of the server", (*trial).checkServerRights},
		{"rights of visitors", (*trial).checkUploadRights},
		{"form", (*trial).checkForm},
		{"form without script", (*trial).checkPlainForm},
		{"conditions of a form", (*trial).checkConditions},
		{"form for another bucket", (*trial).checkOtherBucket},
		{"presigned PUT", (*trial).checkPut},
		{"length of a presigned PUT", (*trial).checkPutLength},
		{"unsigned headers", (*trial).checkUnsigned},
		{"multipart upload", (*trial).checkParts},
		{"conditional completion", (*trial).checkConditionalComplete},
		{"checksums", (*trial).checkChecksums},
		{"public objects", (*trial).checkPublic},
	}
)

// trial is one check of one bucket or profile, and what it has found.
type trial struct {
	*run
	check   check
	bucket  string
	profile profile.Profile // as the config file has it; zero for a check of a bucket
	found   []findings.Finding
	ended   bool // the check was made to its end
}

// trials lists every check, of the whole store, of each bucket and of each profile.
func (r *run) trials() (list []*trial) {
	names := slices.Sorted(maps.Keys(r.Config.Profiles))
	for _, c := range onceChecks {
		list = append(list, &trial{run: r, check: c})
	}
	for _, c := range bucketChecks {
		for _, bucket := range r.Config.Buckets() {
			list = append(list, &trial{run: r, check: c, bucket: bucket})
		}
	}
	for _, c := range profileChecks {
		for _, name := range names {
			if p := r.Config.Profiles[name]; !sharesKeys(p) {
				list = append(list, &trial{run: r, check: c, bucket: p.Bucket, profile: p})
			}
		}
	}
	list = append(list, &trial{run: r, check: serverCheck}, &trial{run: r, check: rulesCheck})
	for _, name := range names {
		if p := r.Config.Profiles[name]; sharesKeys(p) {
			list = append(list, &trial{run: r, check: check{do: (*trial).skipSharedKeys}, bucket: p.Bucket, profile: p})
		}
	}
	return list
}

// sharesKeys reports whether a key of the profile may be another object's: nothing is written
// there.
func sharesKeys(p profile.Profile) bool { return !strings.Contains(p.Key, "{id}") }

func (t *trial) skipSharedKeys(context.Context) {
	t.add(keyShared, "", "uploads weren't tried, since a key without {id} can be that of another object",
		"profiles."+t.profile.Name+".key: put {id} into the template, or try one upload by hand")
}

// add reports a finding with the severity of its code.
func (t *trial) add(c code, evidence, sentence, remedy string) {
	t.found = append(t.found, findings.Finding{Code: string(c), Severity: codes[c].severity, Sentence: sentence, Remedy: remedy,
		Evidence: evidence, Bucket: t.bucket, Profile: t.profile.Name})
}

// observe remembers that the store showed an ability of store.can, or that it lacks it. What lacks
// it once lacks it.
func (r *run) observe(ability string, can bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, known := r.observed[ability]; !known || before {
		r.observed[ability] = can
	}
}

// learned are the observed abilities that differ from the record of the provider.
func (r *run) learned() map[string]bool {
	out := map[string]bool{}
	for _, a := range uploads.Abilities() {
		can, known := r.observed[a.Name]
		if known && can != (uploads.EvidenceOf(r.Config.Store.Provider, a) != uploads.EvidenceNo) {
			out[a.Name] = can
		}
	}
	return out
}

// canLine is the line of the config file that sets one ability.
func canLine(ability string, can bool) string {
	return fmt.Sprintf("store.can: {%s: %t}", ability, can)
}

// inConfig is a command of ours about this config file.
func (r *run) inConfig(command, flags string) string {
	return strings.TrimSpace("postern " + command + " --config " + shellQuote(r.ConfigName) + " " + flags)
}

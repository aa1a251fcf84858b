package main_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// replacedNames are names of the first version that were hard to understand. They were replaced by
// words of the field and must not come back in the folders where they stood.
var replacedNames = []struct {
	folder  string // "x/..." is x and all below it
	names   string
	comment string // what replaced them, in order
}{
	{"handlers/...", "gate held hold holding landed", "servedProfile, openUpload, openFromPath"},
	{"handlers/...", "verdicts reject retype announce accept absent",
		"refusals, removeRefused, setContentType, finishUpload, verifyUpload or acceptAttribute, whyMissing"},
	{"handlers/...", "spliced slot beyond text() assemble dismiss doors",
		"formCache, placeholder, without, optional, completeMultipart, abortIgnoringErrors, pickerLabels"},
	{"handlers/...", "bareChecksums putTogether most mintAfter apart against counted",
		"withoutSDKChecksums, longCallFactor, timeout, appendToken, isolate, isOppositeDirection, plural"},
	{"policy", "survey seal head role mark spelled readsBack only",
		"conditionCheck, signatureFields, expirationHead, fieldKind, nameHash, knownFields, matchesDocument, require"},
	{"policy", "Rule Class Algorithm Open MetadataOpen", "Reason, S3Class, ChecksumAlgorithm, VisitorFields, MetadataAny"},
	{"policy/sigv4", "Key Presign Parts Header Latest Margin",
		"SigningKey, PresignRequest, PartsRequest, Param, LatestExpiration, ExpiryMargin"},
	{"policy/profile", "Done Issue Signable", "PostOptions, IssueParams, CheckDialect"},
	{"handlers/...", "Scope Scoper", "UploadGrant, CredentialsMaker"},
	{"policy/explain", "find judge beside nothing letters goesOn over take",
		"add, checkForm, coverage, emptyChecksums, shortOptions, lineContinues, atEnd, setOption"},
	{"cmd/...", "tongue place broke whole measured patient abilities production",
		"pageLanguage, addresses, stopCause, rejectTruncatedBody, exactLengthReader, extendWriteDeadline, checkProvider, server"},
}

// replacedTestNames are those of replacedNames that tests and their files had, anywhere: "lying
// store", "site", "pickers", "proxy", "ticket server", "two origins" replaced them.
var replacedTestNames = strings.Fields("liar world doors wire office apart closed")

// replacedScriptNames are those that the browser modules had: "concurrency", "retry", "Retrier",
// "Announcer", "handshake", "applyTheme", "updateFormValue", "resolveTicket", "sendParts",
// "file-sources" and "messages" replaced them.
var replacedScriptNames = strings.Fields("lanes abreast insist Patience Teller shake dress assess admit travel intake words")

func TestReplacedNamesAreNotDeclared(t *testing.T) {
	t.Parallel()
	for _, f := range parsed(t) {
		for _, row := range replacedNames {
			if within(f.folder, row.folder) && slices.Contains(strings.Fields(row.names), strings.TrimSuffix(path.Base(f.name), ".go")) {
				t.Errorf("%s is a name that was replaced: see %s", f.name, row.comment)
			}
		}
		for _, d := range declarations(f.syntax) {
			for _, row := range replacedNames {
				callable := d.kind == "func" || d.kind == "method"
				if names := strings.Fields(row.names); within(f.folder, row.folder) && (slices.Contains(names, d.name) || callable && slices.Contains(names, d.name+"()")) {
					t.Errorf("%s: %s %s is a name that was replaced: see %s", positions.Position(d.pos), d.kind, d.name, row.comment)
				}
			}
			if f.test && slices.Contains(replacedTestNames, d.name) {
				t.Errorf("%s: %s %s is a name that was replaced", positions.Position(d.pos), d.kind, d.name)
			}
		}
		base := strings.TrimSuffix(path.Base(f.name), "_test.go")
		if f.test && slices.ContainsFunc(replacedTestNames, func(name string) bool { return base == name || strings.HasPrefix(base, name+"_") }) {
			t.Errorf("%s has a name that was replaced", f.name)
		}
	}
}

// scriptText matches what in a module isn't code, as far as the names above need: comments and
// strings between quotes.
var scriptText = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|'[^'\n]*'|"[^"\n]*"`)

func TestReplacedNamesAreNotInTheBrowserModules(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob(root + "/static/*.js")
	if err != nil || len(modules) < 10 {
		t.Fatalf("%d modules in static, %v, wanted at least 10", len(modules), err)
	}
	for _, module := range modules {
		text, err := os.ReadFile(module)
		if err != nil {
			t.Fatal(err)
		}
		code := scriptText.ReplaceAll(text, nil)
		for _, name := range replacedScriptNames {
			if filepath.Base(module) == name+".js" {
				t.Errorf("%s has a name that was replaced", module)
			}
			if regexp.MustCompile(`\b` + name + `\b`).Match(code) {
				t.Errorf("%s: %s is a name that was replaced", module, name)
			}
		}
	}
}

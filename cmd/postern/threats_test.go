package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// threats lists, for each kind of attack, the tests that show it is refused. The attacks themselves
// are in cmd/postern/attacks.
var threats = []struct {
	attack string
	tests  []string
}{
	{"key missing, empty prefix, prefix without a slash", []string{"TestEveryAttackIsRefused", "TestCompileRefusesContradictions", "TestSubjectsNeverShareAPrefix", "TestConstructorsRefuse"}},
	{"file names that climb, look alike or hide", []string{"TestEveryAttackIsRefused", "TestAMillionFileNamesGiveKeysBelowThePrefix", "FuzzKeys", "TestCleanFilenameRefusesWhatNamesNoFile"}},
	{"quotes, braces and newlines that rewrite the policy", []string{"TestEveryAttackIsRefused", "TestHostileTextsAreStoredAsText", "FuzzSign", "FuzzEncode"}},
	{"control, bidi and zero-width characters in names", []string{"TestHostileTextsAreStoredAsText", "TestCleanFilenameRemovesInvisibleCharacters", "TestHostileTextIsShownUnchangedAsText"}},
	{"markup in any field, key, redirect or error text", []string{"TestEveryAttackIsRefused", "TestPagesMatchTheirGoldenFiles", "TestHostileTextsAreStoredAsText"}},
	{"pages and drawings as pictures, type lies, polyglots", []string{"TestEveryAttackIsRefused", "TestWithoutScriptAFileOfAFalseTypeIsDeletedAndExplained", "TestBytesAreComparedWithTheDeclaredType"}},
	{"the client chooses acl, tags, metadata, storage class, redirect", []string{"TestEveryAttackIsRefused", "TestTheStoreRefusesChangedForms", "TestTheDocumentHasAConditionForEachSetting"}},
	{"redirects to elsewhere", []string{"TestEveryAttackIsRefused", "TestRedirects"}},
	{"a forged landing page call", []string{"TestEveryAttackIsRefused", "TestWithoutScriptAForgedLandingPageChangesNothing"}},
	{"lies about size, bigger bodies, extra parts", []string{"TestEveryAttackIsRefused", "TestTheStoreRefusesChangedParts", "TestPartsOutsideThePlanAreNotSigned"}},
	{"somebody else's upload", []string{"TestVisitorsCannotReachEachOthersUploads", "TestAnUploadOfSomebodyElseLooksLikeOneThatDoesNotExist"}},
	{"token confusion", []string{"TestEveryAttackIsRefused", "TestTokenConfusion", "TestPublicKeyIsNoSecret", "FuzzTokens"}},
	{"replay, overwriting an accepted object", []string{"TestEveryAttackIsRefused", "TestAnExpiredFormIsRefused", "TestAPresignedPutDoesNotReplaceAnObject"}},
	{"abandoned parts", []string{"TestOpenMultipartUploadsAreLimited", "TestAnAbortedUploadLeavesNoParts"}},
	{"cross-origin calls on issuing", []string{"TestEveryAttackIsRefused", "TestCrossOriginCalls", "TestPreflights"}},
	{"clickjacking, framing by others", []string{"TestOnlyListedPagesCanFrameTheWidget", "TestPagesOtherThanTheWidgetAreNeverFramed"}},
	{"messages from or to the wrong window", []string{"TestOnlyListedPagesCanFrameTheWidget"}},
	{"origins by query or Referer, look-alike or null", []string{"TestEveryAttackIsRefused", "TestOnlyListedPagesCanFrameTheWidget"}},
	{"credentials and signatures in logs, errors, caches, referrers", []string{"TestEveryAttackIsRefused", "TestNoCredentialIsLogged", "TestSecretsStayHidden", "TestSecurityHeaders"}},
	{"signing oracle", []string{"TestEveryAttackIsRefused"}},
	{"large, deep, slow, endless requests", []string{"TestEveryAttackIsRefused", "TestRequestsThatNeverEndAreCutOff", "TestOversizedHeadersAreRefused", "TestSlowHeadersAreCutOff"}},
	{"bad numbers, odd durations", []string{"TestEveryAttackIsRefused", "TestBrokenFilesGetOneSentence"}},
	{"DNS rebinding, foreign Host", []string{"TestWhichHostsAreOurs", "TestForeignHostsAreRefusedBeforeAnythingElse", "TestDevRefusesForeignHostsToo", "TestAnOriginIsNeverOursBecauseTheRequestNamesItsHost"}},
	{"a proxy's header believed with a port, or an IPv6 visitor hopping through a /48", []string{"TestOnlyTrustedProxiesTellTheVisitorsAddress", "TestVisitorsBehindAProxyAreToldApartByWhatItSends", "TestAVisitorWhoHopsThroughIPv6NetworksIsLimited", "TestQuotasOfGuestsHoldForWholeIPv6Networks"}},
	{"a store that ignores conditions", []string{"TestEveryAttackIsRefused", "TestObjectsThatBreakThePlanAreRemovedWhateverTheStoreEnforced"}},
	{"unsigned headers on a presigned PUT or part URL", []string{"TestEveryAttackIsRefused", "TestObeyedHeadersNeverGiveAnAcceptedObjectAForeignAttribute", "TestServeWarnsWhereOneSetOfCredentialsDoesBoth", "TestWhatVisitorsHoldIsSignedWithTheUploadCredentials"}},
}

func TestEveryThreatHasATest(t *testing.T) {
	t.Parallel()
	tests := testsBelow(t, "../..")
	for _, threat := range threats {
		for _, name := range threat.tests {
			if !tests[name] {
				t.Errorf("%s: there is no %s", threat.attack, name)
			}
		}
	}
}

// testsBelow lists the names of all tests and fuzz targets below a folder.
func testsBelow(t *testing.T, root string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

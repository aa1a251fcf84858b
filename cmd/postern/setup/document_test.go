package setup

import (
	"encoding/xml"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestRulesAreCutOutAndPutInAndAllElseStays(t *testing.T) {
	t.Parallel()
	const text = "\ufeff<?xml version=\"1.0\"?>\n<!-- c --><C a=\"1\"> <R>1<R/></R>\n<Other/>\t<R x=\"y\"/><R>3 &amp;</R> </C>\n<!-- end -->"
	for _, c := range []struct {
		text, added string
		drop        []int
		first       bool
		want        string
	}{
		{text: text, want: text},
		{text: text, added: "<R>9</R>", want: strings.Replace(text, " </C>", " <R>9</R></C>", 1)},
		{text: text, added: "<R>9</R>", first: true, want: strings.Replace(text, "> <R>1", "><R>9</R> <R>1", 1)},
		{text: text, drop: []int{0}, want: strings.Replace(text, "<R>1<R/></R>", "", 1)},
		{text: text, drop: []int{1, 2}, added: "<R/>", want: strings.Replace(text, "<R x=\"y\"/><R>3 &amp;</R> ", " <R/>", 1)},
		{text: "<C/>", added: "<R/>", want: "<C><R/></C>"},
		{text: `<C xmlns="u" />`, added: "<R/>", want: `<C xmlns="u" ><R/></C>`},
		{text: "<C></C>", added: "<R/>", first: true, want: "<C><R/></C>"},
	} {
		d, err := parseDocument([]byte(strings.TrimPrefix(c.text, "\ufeff")), "C", "R")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, want := string(d.with(c.drop, []byte(c.added), c.first)), strings.TrimPrefix(c.want, "\ufeff")
		if got != want {
			t.Errorf("%v, %q: got\n%s\nwanted\n%s", c.drop, c.added, got, want)
		}
	}
}

func TestDocumentsThatCantBeChangedAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "<Other></Other>", "<C><R>", "<C><R></C>", `<s:C xmlns:s="u"><s:R/></s:C>`, `<C xmlns:s="u"><s:R/></C>`, "{}", "<C"} {
		d, err := parseDocument([]byte(text), "C", "R")
		if err == nil {
			t.Errorf("%q was read: %+v", text, d)
		}
	}
}

func TestElementsThatTheSDKHasNoMemberForAreNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<L><Rule><ID>a</ID><Filter><And><Prefix>p</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Transition><Days>1</Days></Transition></Rule></L>":      "",
		"<L><Rule><DelMarkerExpiration><Days>1</Days></DelMarkerExpiration><Expiration><ExpiredObjectAllVersions>true</ExpiredObjectAllVersions></Expiration></Rule></L>": "DelMarkerExpiration ExpiredObjectAllVersions",
		"<L><ResponseVary>true</ResponseVary><Rule><ID><b>x</b></ID></Rule></L>":                                                                                          "ResponseVary b",
	} {
		if got := strings.Join(unknownElements([]byte(text), reflect.TypeFor[types.LifecycleRule](), "Rule"), " "); got != want {
			t.Errorf("%s: got %q, wanted %q", text, got, want)
		}
	}
}

func TestOurRulesAreWrittenAsS3HasThem(t *testing.T) {
	t.Parallel()
	w := Wanted{publicURL: "https://uploads.example.com"}
	rule := w.newLifecycleRule(abortKind, "a&b/")
	rule.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{}
	text, err := xml.Marshal(lifecycleXML(rule))
	const want = "<Filter><Prefix>a&amp;b/</Prefix></Filter><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>0</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>"
	if err != nil || !strings.HasSuffix(string(text), want) || strings.Contains(string(text), "Expiration") {
		t.Errorf("%s, %v", text, err)
	}
}

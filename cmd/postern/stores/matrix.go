package stores

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// Matrix writes the table of abilities by provider in Markdown, from the records of package uploads.
func Matrix() string {
	names := uploads.ProviderNames()
	var b strings.Builder
	b.WriteString("| `store.can` | what it means | " + strings.Join(names, " | ") + " |\n")
	b.WriteString(strings.Repeat("|---", len(names)+2) + "|\n")
	for _, ability := range uploads.Abilities() {
		fmt.Fprintf(&b, "| `%s` | %s |", ability.Name, ability.About)
		for _, name := range names {
			fmt.Fprintf(&b, " %s |", uploads.EvidenceOf(name, ability))
		}
		b.WriteString("\n")
	}
	for _, row := range damageRows {
		fmt.Fprintf(&b, "| | a flipped bit in %s is found |", row.of)
		for _, name := range names {
			fmt.Fprintf(&b, " %s |", damageFound(name, row.method))
		}
		b.WriteString("\n")
	}
	b.WriteString("| | most bytes of a form before its file |")
	for _, name := range names {
		fmt.Fprintf(&b, " %s |", formLimit(name))
	}
	b.WriteString("\n\nSources of the records:\n\n")
	for _, name := range names {
		fmt.Fprintf(&b, "- **%s**: %s\n", name, strings.Join(uploads.SourcesOf(name), ", "))
	}
	return b.String()
}

// damageRows are the rows about damage on the way. Each method stands for all that send alike: a form
// by script is as little checked as one without.
var damageRows = []struct {
	of     string
	method profile.Method
}{
	{"a part", profile.MethodMultipart}, {"a presigned PUT", profile.MethodPut}, {"a form", profile.MethodPost},
}

// damageFound is an entry of such a row: "by crc32, md5", "not found", or "no such upload" for forms of
// a store that takes none.
func damageFound(name string, method profile.Method) string {
	provider, err := uploads.ProviderNamed(name)
	if err != nil || method == profile.MethodPost && !provider.PostPolicy {
		return "no such upload"
	}
	if by := provider.FindsDamage(method); len(by) > 0 {
		return "by " + strings.Join(by, ", ")
	}
	return "not found"
}

// formLimit is the limit of the record, or "no forms". Where the store documents none, S3's holds.
func formLimit(name string) string {
	provider, err := uploads.ProviderNamed(name)
	switch {
	case err != nil || !provider.PostPolicy:
		return "no forms"
	case provider.MaxForm == 0:
		return fmt.Sprintf("%d, as S3", policy.MaxFormBytes)
	case provider.MaxForm > policy.MaxFormBytes:
		return fmt.Sprintf("%d, of which %d are used", provider.MaxForm, policy.MaxFormBytes)
	}
	return fmt.Sprint(provider.MaxForm)
}

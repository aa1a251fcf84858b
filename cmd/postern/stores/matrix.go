package stores

import (
	"fmt"
	"strings"

	"github.com/postern-dev/postern/handlers/uploads"
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
	b.WriteString("\nSources of the records:\n\n")
	for _, name := range names {
		fmt.Fprintf(&b, "- **%s**: %s\n", name, strings.Join(uploads.SourcesOf(name), ", "))
	}
	return b.String()
}

package templates_test

import (
	"io"
	"testing"

	"github.com/postern-dev/postern/templates"
)

// BenchmarkForm renders the page that most visits begin with.
func BenchmarkForm(b *testing.B) {
	view := normalForm()
	b.ReportAllocs()
	for b.Loop() {
		if err := templates.Form(view).Render(b.Context(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

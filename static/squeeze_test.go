package static

import (
	"io/fs"
	"testing"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"
)

// TestSqueezedModulesAreTheSamePrograms compares what a parser makes of each
// module before and after: our scanner knows tokens, not grammar.
func TestSqueezedModulesAreTheSamePrograms(t *testing.T) {
	t.Parallel()
	m := minify.New()
	m.AddFunc("text/javascript", (&js.Minifier{KeepVarNames: true}).Minify)
	names, err := fs.Glob(sources, "*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("modules: %v, %v", names, err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, err := sources.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			wanted, err := m.String("text/javascript", string(source)) // Bytes would write into it
			if err != nil {
				t.Fatalf("the source: %v", err)
			}
			got, err := m.String("text/javascript", string(squeeze(source)))
			if err != nil {
				t.Fatalf("squeezed: %v", err)
			}
			if got != wanted {
				t.Errorf("squeezing changed the program:\n%s\nwanted:\n%s", got, wanted)
			}
		})
	}
}

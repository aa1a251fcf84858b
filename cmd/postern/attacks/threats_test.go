package attacks

import (
	"os"
	"strings"
	"testing"
)

// threats is the page that lists every kind of attack. It is read before the store changes the
// working directory.
var threats, threatsError = os.ReadFile("../../../static/docs/threats.md")

// fewestAttacks is how many attacks there have to be for each row of the page that names
// TestEveryAttackIsRefused.
const fewestAttacks = 5

func TestEveryThreatHasItsAttacks(t *testing.T) {
	t.Parallel()
	if threatsError != nil {
		t.Fatal(threatsError)
	}
	counts := map[string]int{}
	for _, k := range attacks() {
		counts[k.class]++
	}
	for line := range strings.Lines(string(threats)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.Contains(cells[3], "`TestEveryAttackIsRefused`") {
			continue
		}
		class := strings.TrimSpace(cells[1])
		if counts[class] < fewestAttacks {
			t.Errorf("%s: wanted at least %d attacks of this class, got %d", class, fewestAttacks, counts[class])
		}
		delete(counts, class)
	}
	for class, count := range counts {
		t.Errorf("threats.md: wanted a row for the class %q with %d attacks, which names TestEveryAttackIsRefused; got none", class, count)
	}
}

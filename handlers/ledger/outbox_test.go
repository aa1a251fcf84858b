package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/uploads"
)

// listener is an application that is told.
type listener struct {
	mu   sync.Mutex
	told []string
	fail error
}

func (a *listener) tell(_ context.Context, d Delivery) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, fmt.Sprint(d.Upload, " ", d.Event, " ", d.Sequence))
	if a.fail == nil && d.Upload == "panics" {
		panic("at the application's")
	}
	return a.fail
}

// deliver has the application told of what is due.
func (l testLedger) deliver(t *testing.T, by *Ledger, tell Tell) int {
	t.Helper()
	n, err := by.DeliverDue(t.Context(), "application", tell)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var _ = onBoth(
	sentence{"the application is told of each event once where all goes well", func(t *testing.T, l testLedger) {
		var a listener
		l.decided(t, "a", uploads.StateAccepted)
		l.decided(t, "a", uploads.StateRemoved)
		l.decided(t, "b", uploads.StateRefused)
		l.deliver(t, l.Ledger, a.tell)
		l.deliver(t, l.another(t), a.tell)
		slices.Sort(a.told)
		if fmt.Sprint(a.told) != "[a accepted 1 a removed 2 b refused 1]" {
			t.Errorf("told of %v", a.told)
		}
	}},
	sentence{"an application that fails is told again after pauses that grow, and never given up", func(t *testing.T, l testLedger) {
		a := listener{fail: errors.New("the application's database is locked")}
		l.decided(t, "a", uploads.StateAccepted)
		var pauses []time.Duration
		for range 14 {
			l.deliver(t, l.Ledger, a.tell)
			d := l.deliveries(t)[0]
			if d.Receiver != "application" {
				d = l.deliveries(t)[1]
			}
			if d.State != DeliveryWaiting || d.Reason != a.fail.Error() {
				t.Fatalf("the delivery is %+v", d)
			}
			pauses = append(pauses, d.Due.Sub(l.clock.read()))
			l.clock.move(d.Due.Sub(l.clock.read()) - time.Millisecond)
			if l.deliver(t, l.Ledger, a.tell) != 0 {
				t.Fatal("told before the pause has ended")
			}
			l.clock.move(time.Millisecond)
		}
		if pauses[0] != 5*time.Second || pauses[1] != 10*time.Second || pauses[13] != time.Hour {
			t.Errorf("pauses are %v", pauses)
		}
		a.fail = nil
		l.deliver(t, l.Ledger, a.tell)
		l.clock.move(longestPause)
		if l.deliver(t, l.Ledger, a.tell) != 0 || len(a.told) != 15 {
			t.Errorf("told %d times, wanted 15", len(a.told))
		}
	}},
	sentence{"a process that ends while it tells leaves that to another one", func(t *testing.T, l testLedger) {
		var a listener
		l.decided(t, "a", uploads.StateAccepted)
		l.taken(t, l.Ledger, "application") // and it ends here
		other := l.another(t)
		l.clock.move(LeaseTime - time.Millisecond)
		if l.deliver(t, other, a.tell) != 0 {
			t.Error("told while another process may be telling")
		}
		l.clock.move(time.Millisecond)
		if l.deliver(t, other, a.tell) != 1 || fmt.Sprint(a.told) != "[a accepted 1]" {
			t.Errorf("told of %v", a.told)
		}
	}},
	sentence{"a failure whose text is cut within a letter, or isn't text, is stored as any other", func(t *testing.T, l testLedger) {
		for i, text := range []string{"x" + strings.Repeat("ä", maxReason), "NUL \x00 and broken UTF-8 \xff"} {
			a := listener{fail: errors.New(text)}
			id := fmt.Sprint("upload", i)
			l.decided(t, id, uploads.StateRefused)
			l.deliver(t, l.Ledger, a.tell)
			for _, d := range l.deliveries(t) {
				if d.Upload == id && (d.Reason == "" || !d.Due.After(l.clock.read())) {
					t.Errorf("the delivery is %+v", d)
				}
			}
		}
	}},
	sentence{"a panic of the application's is a failure like any other", func(t *testing.T, l testLedger) {
		var a listener
		l.decided(t, "panics", uploads.StateRefused)
		l.deliver(t, l.Ledger, a.tell)
		if d := l.deliveries(t)[0]; d.State != DeliveryWaiting || len(d.Reason) == 0 || len(d.Reason) > maxReason {
			t.Errorf("the delivery is %+v", d)
		}
	}},
	sentence{"whoever delivers is told at once of what was committed, and of nothing else", func(t *testing.T, l testLedger) {
		isAdded := func(receiver string) bool {
			select {
			case <-l.Added(receiver):
				return true
			default:
				return false
			}
		}
		ctx := l.canceledAt(t, "commit")
		if _, _, err := l.Decide(ctx, entry("a"), l.decision(uploads.StateAccepted)); err == nil {
			t.Error("the decision was recorded")
		}
		if isAdded("application") || isAdded("hook") {
			t.Error("told of a transaction that was rolled back")
		}
		l.reached = func(string) {}
		l.clock.move(awayPause)
		l.decided(t, "a", uploads.StateRefused)
		l.decided(t, "b", uploads.StateRefused)
		if !isAdded("application") || isAdded("application") || isAdded("hook") {
			t.Error("wanted one value for the application, and none for the hook, which wants no refusals")
		}
	}},
	sentence{"deliveries go on until their context ends", func(t *testing.T, l testLedger) {
		for i := range 20 {
			l.decided(t, fmt.Sprint("upload", i), uploads.StateAccepted)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		told := 0
		l.Deliver(ctx, "application", func(context.Context, Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			if told++; told == 20 {
				cancel()
			}
			return nil
		})
		if told != 20 {
			t.Errorf("told %d times, wanted 20", told)
		}
	}},
)

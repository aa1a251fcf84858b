package load

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testpostgres"
)

const (
	ledgerClients = 64
	ledgerTurn    = 2000 // requests of a turn by 64 clients
	soloTurn      = 200  // requests of a turn by one client
)

// BenchmarkLedger compares the form page of `postern serve` with a ledger and without one. Its
// servers run at the same time, each a process of its own, and take turns. It reports the medians:
// the ratios of requests per second for 64 clients, those of the server's own processor time (the
// database and the clients run on the same processors), and how much longer one client waits for
// the median page.
func BenchmarkLedger(b *testing.B) {
	servers := startServers(b, "", "sqlite:postern.db", testpostgres.Start(b, "fsync=on").Database(b))
	names := []string{"", "sqlite", "postgres"}
	ratios, waits, work := make([][]float64, len(servers)), make([][]float64, len(servers)), make([][]float64, len(servers))
	for b.Loop() {
		var speed, wait, cpu [3]float64
		for i, s := range servers {
			before := cpuTime(b, s.PID())
			took := s.formPages(b, ledgerClients, ledgerTurn)
			speed[i], cpu[i] = 1/took.all.Seconds(), (cpuTime(b, s.PID()) - before).Seconds()
			wait[i] = s.formPages(b, 1, soloTurn).median.Seconds() * 1000
			ratios[i], waits[i] = append(ratios[i], speed[i]/speed[0]), append(waits[i], wait[i]-wait[0])
			work[i] = append(work[i], cpu[0]/cpu[i])
		}
	}
	for i, name := range names[1:] {
		b.ReportMetric(median(ratios[i+1]), name+"-of-none-speed")
		b.ReportMetric(median(work[i+1]), name+"-of-none-cpu")
		b.ReportMetric(median(waits[i+1]), name+"-ms-longer")
	}
}

// TestMemoryStaysFlatWithALedger takes as long as -load says. Without it each server gets one turn:
// that answers and logs no warning, and says nothing of memory.
func TestMemoryStaysFlatWithALedger(t *testing.T) {
	servers := startServers(t, "sqlite:postern.db", testpostgres.Start(t, "fsync=on").Database(t))
	end := time.Now().Add(*minDuration)
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() {
			var progress atomic.Int64
			stop, sampled := make(chan struct{}), make(chan []sample, 1)
			go func() { sampled <- s.sampleMemory(t, &progress, stop) }()
			for first := true; first || time.Now().Before(end) && !t.Failed(); first = false {
				s.formPages(t, ledgerClients/len(servers), ledgerTurn)
				progress.Add(ledgerTurn)
			}
			close(stop)
			samples := <-sampled
			if *minDuration > 0 {
				t.Log([]string{"SQLite", "PostgreSQL"}[i])
				requireBoundedMemory(t, samples)
			}
		})
	}
	all.Wait()
	for _, s := range servers {
		if warnings := s.warnings(t); warnings != nil {
			t.Errorf("log of a server: wanted no warnings and errors, got\n%s", warnings)
		}
	}
}

// took is for how long clients waited.
type took struct{ all, median time.Duration }

// formPages asks for so many form pages by so many clients, each with a connection of its own.
func (s *server) formPages(t testing.TB, clients int, count int64) took {
	t.Helper()
	page := target{"form", s.address, request("GET", publicHost, "/forms/photos", ""), 200, `name="policy"`}
	var sent atomic.Int64
	var mu sync.Mutex // guards durations
	var durations []time.Duration
	var wait sync.WaitGroup
	conns := make([]*connection, clients)
	for i := range conns {
		c, err := connect(s.address)
		must(t, err)
		defer func() { _ = c.conn.Close() }()
		conns[i] = c
	}
	began := time.Now()
	for _, c := range conns {
		wait.Go(func() {
			var own []time.Duration
			for n := sent.Add(1); n <= count; n = sent.Add(1) {
				begun := time.Now()
				if err := page.send(c, n); err != nil {
					t.Error(err)
					return
				}
				own = append(own, time.Since(begun))
			}
			mu.Lock()
			defer mu.Unlock()
			durations = append(durations, own...)
		})
	}
	wait.Wait()
	all := time.Since(began)
	slices.Sort(durations)
	return took{all, durations[len(durations)/2]}
}

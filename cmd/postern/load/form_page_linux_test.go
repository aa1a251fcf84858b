package load

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-dev/postern/handlers/tickets"
)

// connections keep the one core of the server busy.
const connections = 16

// pageServer is a process of its own with one core for serving pages.
type pageServer struct {
	pid        int
	form, bare string // addresses
	size       int    // of the page, in bytes
}

func startPages(t testing.TB) *pageServer {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), pagesEnv+"=1", "GOMAXPROCS=1")
	// The access log is written, line by line, to where it costs no disk.
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	command.Stderr = null
	stop, err := command.StdinPipe()
	must(t, err)
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		_ = stop.Close()
		if err := command.Wait(); err != nil {
			t.Errorf("pages: %v", err)
		}
		_ = null.Close()
	})
	p := &pageServer{pid: command.Process.Pid}
	ready, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	if _, err := fmt.Sscan(ready, &p.form, &p.bare, &p.size); err != nil {
		t.Fatalf("ready line %q: %v", ready, err)
	}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cpuTime is the processor time that a process has used.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	must(t, err)
	var sum time.Duration
	for _, name := range threads {
		text, err := os.ReadFile(name)
		must(t, err)
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		must(t, err)
		sum += time.Duration(ns)
	}
	return sum
}

// target is one thing to ask for over and over.
type target struct {
	name    string
	address string
	request []byte
	text    string // that each answer holds
}

func (p *pageServer) targets(t testing.TB) []target {
	t.Helper()
	ticket, err := tickets.Mint(tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}, Lifetime: time.Hour}, ticketKey, time.Now())
	must(t, err)
	get := func(address string, header ...string) []byte {
		return request("GET", address, "/forms/photos", "", header...)
	}
	body := `{"profile":"photos","filename":"garden.png","type":"image/png","size":1000000}`
	return []target{
		{"bare", p.bare, get(p.bare), "xxxx"},
		{"form", p.form, get(p.form), `name="policy"`},
		{"form-by-ticket", p.form, get(p.form, "Authorization: Bearer "+ticket), `users/alice/`},
		{"plan-by-ticket", p.form, request("POST", p.form, "/uploads", body, "Authorization: Bearer "+ticket), `"method":"post"`},
	}
}

// turn is what one round came to.
type turn struct {
	perSecond     float64       // requests in a second of the clock
	cpuPerRequest time.Duration // processor time of the server for one request
}

// run sends requests over all connections until more says no.
func (p *pageServer) run(t testing.TB, w target, more func() bool) turn {
	t.Helper()
	var asked atomic.Int64
	var wait sync.WaitGroup
	lines := make([]*connection, connections)
	for i := range lines {
		l, err := connect(w.address)
		must(t, err)
		defer func() { _ = l.conn.Close() }()
		lines[i] = l
	}
	before, began := cpuTime(t, p.pid), time.Now()
	for _, l := range lines {
		wait.Go(func() {
			for more() {
				if err := w.send(l, asked.Add(1)); err != nil {
					t.Errorf("%s: %v", w.name, err)
					return
				}
			}
		})
	}
	wait.Wait()
	took, used, n := time.Since(began), cpuTime(t, p.pid)-before, asked.Load()
	return turn{float64(n) / took.Seconds(), used / time.Duration(max(n, 1))}
}

// send looks at the whole answer now and then, and at its status always.
func (w target) send(l *connection, n int64) error {
	text := w.text
	if n%64 != 1 {
		text = ""
	}
	status := 200
	if strings.HasPrefix(w.name, "plan") {
		status = 201
	}
	_, err := l.doExpecting(w.request, status, text)
	return err
}

func (p *pageServer) runFor(t testing.TB, w target, span time.Duration) turn {
	end := time.Now().Add(span)
	return p.run(t, w, func() bool { return time.Now().Before(end) })
}

// TestFormPageKeepsPace compares the whole form page with a bare page of the same size, both on the
// server's one core, in short turns. What other processes take away is least in the best turns, so
// these are compared.
func TestFormPageKeepsPace(t *testing.T) {
	p := startPages(t)
	ways, span := p.targets(t), 200*time.Millisecond
	rounds := max(3, int(*duration/span)/len(ways))
	all := map[string][]turn{}
	for range rounds {
		for _, w := range ways {
			all[w.name] = append(all[w.name], p.runFor(t, w, span))
		}
	}
	bare := best(all["bare"])
	t.Logf("page of %d bytes, best of %d turns of %s, %d connections", p.size, rounds, span, connections)
	for _, w := range ways {
		m := best(all[w.name])
		t.Logf("%-15s %8.0f requests/s (%.2f of bare) %8s processor time each (%.2f)",
			w.name, m.perSecond, m.perSecond/bare.perSecond, m.cpuPerRequest, float64(bare.cpuPerRequest)/float64(m.cpuPerRequest))
	}
	// The goal is 0.5. Noise is a tenth of that in a long run on a busy machine, and a smoke has
	// nothing to say about speed.
	const long, least = 20 * time.Second, 0.45
	if ratio := float64(bare.cpuPerRequest) / float64(best(all["form"]).cpuPerRequest); *duration >= long && ratio < least {
		t.Errorf("the form page reaches %.2f of a bare page, wanted %.2f", ratio, least)
	}
}

// best takes the middle of the best quarter, so that one lucky turn decides nothing.
func best(list []turn) turn {
	var perSecond []float64
	var cost []time.Duration
	for _, p := range list {
		perSecond, cost = append(perSecond, p.perSecond), append(cost, p.cpuPerRequest)
	}
	slices.Sort(perSecond)
	slices.Sort(cost)
	return turn{perSecond[len(perSecond)-1-len(perSecond)/8], cost[len(cost)/8]}
}

func BenchmarkPages(b *testing.B) {
	p := startPages(b)
	for _, w := range p.targets(b) {
		b.Run(w.name, func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			m := p.run(b, w, func() bool { return left.Add(-1) >= 0 })
			b.ReportMetric(m.perSecond, "requests/s")
			b.ReportMetric(float64(m.cpuPerRequest.Nanoseconds()), "server-ns/request")
		})
	}
}

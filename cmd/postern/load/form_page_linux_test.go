package load

import (
	"bufio"
	"flag"
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

// leastRatio makes BenchmarkFormPage fail below a ratio; the project's target is 0.55.
var leastRatio = flag.Float64("least-ratio", 0, "least ratio of the form page to a bare page for BenchmarkFormPage")

const (
	connections     = 16  // enough to keep the server's one processor busy
	requestsPerTurn = 500 // about 30 ms
)

// pageServer is a process of its own that serves pages on one processor.
type pageServer struct {
	pid        int
	form, bare string // addresses of Postern and of the bare page
	size       int    // of the page in bytes
}

// startPages starts the server until the test ends.
func startPages(t testing.TB) *pageServer {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), pagesEnv+"=1", "GOMAXPROCS=1")
	// The access log is written as in production, to a device that costs no time.
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
			t.Errorf("server of pages: %v", err)
		}
		_ = null.Close()
	})
	p := &pageServer{pid: command.Process.Pid}
	ready, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	if _, err := fmt.Sscan(ready, &p.form, &p.bare, &p.size); err != nil {
		t.Fatalf("first line of the server of pages: wanted two addresses and a size, got %q: %v", ready, err)
	}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cpuTime returns the processor time that a process has used.
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

// target is a request that is sent again and again, and what its response has to be.
type target struct {
	name    string
	address string
	request []byte
	status  int
	text    string // that the body contains
}

func (p *pageServer) targets(t testing.TB) []target {
	t.Helper()
	ticket, err := tickets.Mint(tickets.Ticket{Subject: "alice", Profiles: []string{"photos"}, Lifetime: time.Hour}, ticketKey, time.Now())
	must(t, err)
	get := func(address string, headers ...string) []byte {
		return request("GET", address, "/forms/photos", "", headers...)
	}
	bearer := "Authorization: Bearer " + ticket
	return []target{
		{"bare", p.bare, get(p.bare), 200, "xxxx"},
		{"form", p.form, get(p.form), 200, `name="policy"`},
		{"form-by-ticket", p.form, get(p.form, bearer), 200, `users/alice/`},
		{"plan-by-ticket", p.form, request("POST", p.form, "/uploads", planBody, bearer), 201, `"method":"post"`},
	}
}

// turn is the result of some hundred requests.
type turn struct {
	perSecond     float64       // requests per second
	cpuPerRequest time.Duration // processor time of the server for one request
}

// run sends so many requests over all connections.
func (p *pageServer) run(t testing.TB, w target, count int64) turn {
	t.Helper()
	var sent atomic.Int64
	var wait sync.WaitGroup
	conns := make([]*connection, connections)
	for i := range conns {
		c, err := connect(w.address)
		must(t, err)
		defer func() { _ = c.conn.Close() }()
		conns[i] = c
	}
	before, began := cpuTime(t, p.pid), time.Now()
	for _, c := range conns {
		wait.Go(func() {
			for n := sent.Add(1); n <= count; n = sent.Add(1) {
				if err := w.send(c, n); err != nil {
					t.Errorf("%s: %v", w.name, err)
					return
				}
			}
		})
	}
	wait.Wait()
	took, used := time.Since(began), cpuTime(t, p.pid)-before
	return turn{float64(count) / took.Seconds(), used / time.Duration(count)}
}

// send checks the status of every response, and the body of every 64th.
func (w target) send(c *connection, n int64) error {
	text := w.text
	if n%64 != 1 {
		text = ""
	}
	_, err := c.doExpecting(w.request, w.status, text)
	return err
}

func TestEveryTargetOfTheBenchmarksAnswers(t *testing.T) {
	p := startPages(t)
	for _, w := range p.targets(t) {
		p.run(t, w, connections)
	}
}

// BenchmarkFormPage compares the whole form page with a bare Echo page of the same size, both on
// one processor, in turns that alternate. It reports the medians: the ratio of requests per second,
// which is what -least-ratio is about, and that of processor time.
func BenchmarkFormPage(b *testing.B) {
	p := startPages(b)
	targets := p.targets(b)
	bare, form := targets[0], targets[1]
	var speed, cpu []float64
	for b.Loop() {
		page, least := p.run(b, form, requestsPerTurn), p.run(b, bare, requestsPerTurn)
		speed = append(speed, page.perSecond/least.perSecond)
		cpu = append(cpu, float64(least.cpuPerRequest)/float64(page.cpuPerRequest))
	}
	ratio := median(cpu)
	b.ReportMetric(ratio, "of-bare-cpu")
	b.ReportMetric(median(speed), "of-bare-speed")
	b.ReportMetric(float64(p.size), "page-bytes")
	if ratio < *leastRatio {
		b.Errorf("form page: wanted at least %.2f of a bare page by processor time, got %.2f, the median of %d turns", *leastRatio, ratio, len(cpu))
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// BenchmarkPages measures each target by itself.
func BenchmarkPages(b *testing.B) {
	p := startPages(b)
	for _, w := range p.targets(b) {
		b.Run(w.name, func(b *testing.B) {
			result := p.run(b, w, int64(b.N))
			b.ReportMetric(result.perSecond, "requests/s")
			b.ReportMetric(float64(result.cpuPerRequest.Nanoseconds()), "server-ns/request")
		})
	}
}

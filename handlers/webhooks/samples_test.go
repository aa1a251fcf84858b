package webhooks_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/testtools"
	"github.com/postern-dev/postern/handlers/webhooks"
	"github.com/postern-dev/postern/policy/sigv4"
)

// samplesPage has the receivers, each a block of code that names its file in the first two lines.
const samplesPage = "../../static/docs/webhooks.md"

// sample is one receiver of the page.
type sample struct {
	language, file, program string
	judge                   []string // judges vectors
	serve                   []string // serves
	drivers                 []string // of testdata/drivers, beside it
	listening               string   // matches the address that serve prints
}

var samples = []sample{
	{"go", "receiver.go", "go", []string{"go", "run", ".", "vectors"}, []string{"./receiver", "127.0.0.1:0"}, []string{"vectors.go.txt"}, "listening on (.+)"},
	{"python", "receiver.py", "python3", []string{"python3", "vectors.py"}, []string{"python3", "receiver.py", "0"}, []string{"vectors.py"}, "listening on (.+)"},
	{"js", "receiver.mjs", "node", []string{"node", "vectors.mjs"}, []string{"node", "receiver.mjs", "0"}, []string{"vectors.mjs"}, "listening on (.+)"},
	{"php", "receiver.php", "php", []string{"php", "vectors.php"}, []string{"php", "-S", "127.0.0.1:0", "receiver.php"}, []string{"vectors.php"}, `\(http://(.+)\) started`},
	{"ruby", "receiver.rb", "ruby", []string{"ruby", "vectors.rb"}, []string{"ruby", "rack.rb", "0"}, []string{"vectors.rb", "rack.rb"}, "listening on (.+)"},
}

// extract writes the sample and its drivers to a folder of its own.
func (s sample) extract(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(samplesPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)\n```"+s.language+"\n((?:[^\n]*\n)?[^\n]*"+regexp.QuoteMeta(s.file)+".*?\n)```\n").FindAllSubmatch(page, -1)
	if len(blocks) != 1 {
		t.Fatalf("%s has %d blocks with %s, wanted one", samplesPage, len(blocks), s.file)
	}
	folder := t.TempDir()
	files := map[string][]byte{s.file: blocks[0][1]}
	for _, driver := range s.drivers {
		if files[driver], err = os.ReadFile(filepath.Join("testdata", "drivers", driver)); err != nil {
			t.Fatal(err)
		}
	}
	if s.language == "go" {
		files["vectors.go"], files["go.mod"] = files["vectors.go.txt"], []byte("module receiver\n\ngo 1.26\n")
		delete(files, "vectors.go.txt")
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestTheSamplesDecideTheVectorsAlike(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	var requests bytes.Buffer
	for _, c := range v.Cases {
		if err := json.NewEncoder(&requests).Encode(map[string]any{"id": c.ID, "timestamp": c.Timestamp, "signature": c.Signature, "body": c.Body, "secrets": v.Secrets, "now": v.Now}); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range samples {
		t.Run(s.language, func(t *testing.T) {
			t.Parallel()
			testtools.Want(t, s.program)
			command := exec.Command(s.judge[0], s.judge[1:]...)
			command.Dir, command.Stdin, command.Stderr = s.extract(t), bytes.NewReader(requests.Bytes()), t.Output()
			printed, err := command.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, printed)
			}
			answers := json.NewDecoder(bytes.NewReader(printed))
			for _, c := range v.Cases {
				var got struct{ ID, Refused string }
				if err := answers.Decode(&got); err != nil {
					t.Fatalf("%s: %v in %s", c.Name, err, printed)
				}
				if got.Refused != c.Refused || c.Refused == "" && got.ID != c.ID {
					t.Errorf("%s: got %+v, wanted refused: %q", c.Name, got, c.Refused)
				}
			}
		})
	}
}

// running is a sample that serves.
type running struct {
	url string

	mu    sync.Mutex
	lines []string // that begin with "taken:", from there on
}

// start runs the sample until stop is called or the test ends.
func (s sample) start(t *testing.T, folder string, secrets ...string) (r *running, stop func()) {
	t.Helper()
	if s.language == "go" {
		build := exec.Command("go", "build", "-o", "receiver", s.file)
		build.Dir = folder
		if printed, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
	}
	command := exec.Command(s.serve[0], s.serve[1:]...)
	command.Dir = folder
	command.Env = append(os.Environ(), "HOOK_SECRETS="+strings.Join(secrets, " "), "HOOK_STORE="+filepath.Join(folder, "store"))
	output, writer := io.Pipe()
	command.Stdout, command.Stderr = writer, writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	r = &running{}
	address, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		r.read(output, regexp.MustCompile(s.listening), address, t.Output())
	}()
	stop = sync.OnceFunc(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = writer.Close()
		<-read
	})
	t.Cleanup(stop)
	select {
	case at := <-address:
		r.url = "http://" + at + "/"
	case <-read:
		t.Fatal("the receiver ended before it listened")
	case <-time.After(time.Minute):
		t.Fatal("the receiver doesn't listen after a minute")
	}
	return r, stop
}

// read notes what a sample prints, and sends the address that it listens at.
func (r *running) read(output io.Reader, listening *regexp.Regexp, address chan<- string, log io.Writer) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		fmt.Fprintln(log, lines.Text())
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			address <- match[1]
		}
		if _, taken, ok := strings.Cut(lines.Text(), "taken: "); ok {
			r.mu.Lock()
			r.lines = append(r.lines, taken)
			r.mu.Unlock()
		}
	}
}

func (r *running) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}

// endpoint is a sender to the sample.
func (r *running) endpoint(t *testing.T, secrets ...string) *webhooks.Endpoint {
	return endpoint(t, func(c *webhooks.EndpointConfig) {
		c.URL, c.Networks, c.Secrets = r.url, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, nil
		for _, secret := range secrets {
			c.Secrets = append(c.Secrets, sigv4.Secret(secret))
		}
	})
}

// waitFor waits until the sample has printed a line for each of these, in this order.
func (r *running) waitFor(t *testing.T, wanted ...string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(r.taken()) < len(wanted) && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if got := r.taken(); strings.Join(got, ", ") != strings.Join(wanted, ", ") {
		t.Fatalf("taken: got %q, wanted %q", got, wanted)
	}
}

func event(t *testing.T, id string, kind webhooks.Type, sequence int64) webhooks.Message {
	t.Helper()
	e := accepted()
	e.Type, e.Sequence = kind, sequence
	m, err := webhooks.NewMessage(id, e)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Each sample gets real deliveries: genuine, forged, repeated, at once, late, and after a restart.
func TestTheSamplesTakeEachDeliveryOnce(t *testing.T) {
	t.Parallel()
	const newer, older, foreign = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "an-older-secret-as-it-is-32-bytes", "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"
	for _, s := range samples {
		t.Run(s.language, func(t *testing.T) {
			t.Parallel()
			testtools.Want(t, s.program)
			folder := s.extract(t)
			r, stop := s.start(t, folder, newer, older)
			first, second, late := event(t, "msg_1", webhooks.Accepted, 1), event(t, "msg_3", webhooks.Removed, 3), event(t, "msg_2", webhooks.Replaced, 2)
			send := func(m webhooks.Message, status int, secrets ...string) {
				t.Helper()
				if a := r.endpoint(t, secrets...).Send(t.Context(), m); a.Status != status {
					t.Fatalf("%s: got %+v, wanted %d", m.ID, a, status)
				}
			}
			send(first, 401, foreign)
			send(first, 204, newer)
			send(first, 204, older) // repeated, by the other secret
			r.waitFor(t, "0195a1b2 upload.accepted")
			var together sync.WaitGroup
			e := r.endpoint(t, foreign, older) // the second signature is the right one
			for range 8 {
				together.Go(func() {
					if a := e.Send(t.Context(), second); a.Status != 204 {
						t.Errorf("%s: got %+v, wanted 204", second.ID, a)
					}
				})
			}
			together.Wait()
			r.waitFor(t, "0195a1b2 upload.accepted", "0195a1b2 upload.removed")
			send(late, 204, newer) // overtaken: the newer state stays
			r.waitFor(t, "0195a1b2 upload.accepted", "0195a1b2 upload.removed", "0195a1b2 upload.removed")
			forge(t, r.url, first)
			stop()
			r, _ = s.start(t, folder, newer)
			send(first, 204, newer)
			send(second, 204, newer)
			send(event(t, "msg_4", webhooks.Refused, 4), 401, older) // which was taken out
			send(event(t, "msg_5", webhooks.Refused, 5), 204, newer)
			r.waitFor(t, "0195a1b2 upload.refused")
		})
	}
}

// forge posts a message without signature, and with one of long ago.
func forge(t *testing.T, url string, m webhooks.Message) {
	t.Helper()
	for _, header := range []http.Header{
		{},
		{"Webhook-Id": {"msg_9"}, "Webhook-Timestamp": {fmt.Sprint(time.Now().Unix())}},
		{"Webhook-Id": {"msg_9"}, "Webhook-Timestamp": {"1614265330"}, "Webhook-Signature": {signature(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_9", time.Unix(1614265330, 0), string(m.Body))}},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%v: got %d, wanted 401", header, answer.StatusCode)
		}
	}
}

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testserver"
)

func TestVersionIsOneLine(t *testing.T) {
	got := invoke(t, nil, "version")
	if got.code != 0 || !strings.HasPrefix(got.stdout, "postern ") || strings.Count(got.stdout, "\n") != 1 || got.stderr != "" {
		t.Errorf("version: got %+v", got)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	got := invoke(t, nil, "--help")
	if got.code != 0 {
		t.Errorf("help: exit code %d", got.code)
	}
	for _, name := range []string{"dev", "serve", "sign", "explain", "ticket", "version", "healthcheck", "setup", "sweep", "doctor", "deliveries"} {
		if !strings.Contains(got.stdout, "\n  "+name+" ") {
			t.Errorf("help doesn't name %s:\n%s", name, got.stdout)
		}
	}
}

func TestHelpOfACommandNeedsNoFlags(t *testing.T) {
	for _, name := range []string{"dev", "serve", "sign", "explain", "ticket", "version", "healthcheck", "setup", "sweep", "doctor", "deliveries"} {
		got := invoke(t, nil, name, "--help")
		if got.code != exitDone || got.stderr != "" || !strings.HasPrefix(got.stdout, "Usage: postern "+name) {
			t.Errorf("%s --help: got %+v", name, got)
		}
	}
}

func TestMistakesExitTwoWithOneSentence(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "broken.yaml"), "lisen: 127.0.0.1:8080\n")
	write(t, filepath.Join(dir, "bad", ticketKeyFile), "short\n")
	write(t, filepath.Join(dir, "open", tokenKeyFile), strings.Repeat("ab", keyBytes)+"\n")
	if err := os.Chmod(filepath.Join(dir, "open", tokenKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "huge", tokenKeyFile), strings.Repeat("ab", 1<<20))
	for name, mode := range map[string]os.FileMode{"shared": 0o777, "grouped": 0o770, "shown/store": 0o755} {
		write(t, filepath.Join(dir, name, "file"), "")
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"open", "huge"} {
		write(t, filepath.Join(dir, kind+".yaml"), serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "env:TOKEN_KEY", "file:"+kind+"/"+tokenKeyFile, "{secret: \"env:TICKET_KEY\"}", "{}"))
	}
	write(t, filepath.Join(dir, "pipe.yaml"), serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "env:TOKEN_KEY", "file:pipe", "{secret: \"env:TICKET_KEY\"}", "{}"))
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	ticket := []string{"ticket", "--profile", "files", "--subject", "alice"}
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"a misspelt flag", []string{"--lisen", "127.0.0.1:0"}, `unknown flag --lisen, did you mean "--listen"?`},
		{"a command there isn't", []string{"doctr"}, `"doctr" is not a command; the commands are dev,`},
		{"an argument dev doesn't take", []string{"dev", "now"}, `unexpected argument now`},
		{"an address without port", []string{"dev", "--listen", "localhost"}, `--listen "localhost": wanted host:port`},
		{"a port out of range", []string{"dev", "--listen", "127.0.0.1:99999"}, `--listen "127.0.0.1:99999": wanted host:port`},
		{"a store port that isn't one", []string{"dev", "--s3-listen", "127.0.0.1:http"}, `--s3-listen "127.0.0.1:http": wanted host:port`},
		{"dev for the whole network", []string{"dev", "--listen", "0.0.0.0:0"}, `--listen 0.0.0.0:0: dev is for this machine alone`},
		{"dev's store for the whole network", []string{"dev", "--listen", "127.0.0.1:0", "--s3-listen", ":0"}, `--s3-listen :0: dev is for this machine alone`},
		{"an origin with a path", []string{"dev", "--listen", "127.0.0.1:0", "--data", dir, "--origin", "http://localhost:3000/"}, `--origin "http://localhost:3000/": wanted an origin as browsers send it`},
		{"an unknown checksum", []string{"dev", "--checksum", "md5"}, `--checksum must be one of`},
		{"a data folder that is a file", []string{"dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "broken.yaml")}, `data folder: mkdir`},
		{"a key others can read", []string{"dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "open")}, `other users can read it (mode 0644); make it 0600`},
		{"a huge key", []string{"dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "huge")}, `larger than 16384 bytes`},
		{"a data folder that everybody may change", []string{"dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "shared")}, `other users can read or change it (mode 0777); make it 0700`},
		{"a data folder that a group may change", []string{"dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "grouped")}, `other users can read or change it (mode 0770); make it 0700`},
		{"uploads that others may read", []string{"dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "shown")}, `store": other users can read or change it (mode 0755); make it 0700`},
		{"serve with a key others can read", []string{"serve", "--config", filepath.Join(dir, "open.yaml")}, `open.yaml:4:17: keys.tokens[0]: can't read the secret: secret file`},
		{"serve with a huge key", []string{"serve", "--config", filepath.Join(dir, "huge.yaml")}, `larger than 16384 bytes`},
		{"serve with a pipe for a key", []string{"serve", "--config", filepath.Join(dir, "pipe.yaml")}, `wanted a regular file, got a named pipe`},
		{"a ticket by a key others can read", append(ticket, "--config", filepath.Join(dir, "open.yaml")), `other users can read it (mode 0644); make it 0600`},
		{"a ticket for nobody", []string{"ticket", "--profile", "files"}, `--subject`},
		{"a ticket for nothing", []string{"ticket", "--subject", "alice"}, `--profile`},
		{"a ticket without its server's folder", append(ticket, "--data", filepath.Join(dir, "none")), `no ticket key in`},
		{"a ticket with a broken key", append(ticket, "--data", filepath.Join(dir, "bad")), `wanted 32 bytes as hex`},
		{"a ticket from two sources", append(ticket, "--data", dir, "--config", "x.yaml"), `--data and --config can't be used together`},
		{"a ticket for a year", append(ticket, "--data", dir, "--lifetime", "8760h"), `--lifetime 8760h0m0s: wanted`},
		{"a lifetime that isn't one", append(ticket, "--data", dir, "--lifetime", "soon"), `--lifetime`},
		{"a ticket by a config that isn't there", append(ticket, "--config", filepath.Join(dir, "none.yaml")), `none.yaml: no such file`},
		{"serve without config", []string{"serve"}, `--config`},
		{"serve with a config that isn't there", []string{"serve", "--config", filepath.Join(dir, "none.yaml")}, `none.yaml: no such file`},
		{"serve with a misspelt key", []string{"serve", "--config", filepath.Join(dir, "broken.yaml")}, `broken.yaml:1:1: unknown key "lisen" at the top of the file; did you mean "listen"?`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := invoke(t, nil, c.args...)
			if got.code != exitUsage || got.stdout != "" {
				t.Errorf("want exit code 2 and nothing on standard output, got %d and %q", got.code, got.stdout)
			}
			if strings.Count(got.stderr, "\n") != 1 || !strings.HasPrefix(got.stderr, "postern: ") || !strings.Contains(got.stderr, c.want) {
				t.Errorf("message:\n got %q\nwant one line with %q", got.stderr, c.want)
			}
		})
	}
}

func TestAPortInUseExitsOne(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	for _, flag := range []string{"--listen", "--s3-listen"} {
		args := testserver.DevArgs(filepath.Join(t.TempDir(), "data"), flag, address)
		got := invoke(t, nil, args...)
		want := "postern: " + address + " is already in use, perhaps by another postern: stop that one, or choose another address with " + flag + " (port 0 picks a free one)\n"
		if got.code != exitFailed || got.stderr != want || got.stdout != "" {
			t.Errorf("%s:\n got %d %q\nwant 1 %q", flag, got.code, got.stderr, want)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

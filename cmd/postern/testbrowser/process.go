package testbrowser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// errEnded says that a process has ended, so that waiting for it is in vain.
var errEnded = errors.New("testbrowser: the process has ended")

// endPatience is how long a process may take to end by itself.
const endPatience = 2 * time.Second

// process is a program that was started here, with all that it starts: they are one process group.
type process struct {
	cmd   *exec.Cmd
	log   string // path of its output
	ended chan struct{}
}

// start runs a program with its output in a file. Extra files are its descriptors from 3 on.
func start(log string, env []string, extra []*os.File, name string, args ...string) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("testbrowser: %w", err)
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = append(os.Environ(), env...), out, out, extra
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("testbrowser: start %s (bash .ci/test installs it if it is missing): %w", name, err)
	}
	p := &process{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// running returns an error that wraps errEnded and shows the output if the process has ended.
func (p *process) running() error {
	select {
	case <-p.ended:
		text, _ := os.ReadFile(p.log)
		return fmt.Errorf("%w: %s: %s", errEnded, p.cmd.Path, text)
	default:
		return nil
	}
}

// end ends the process group: first with SIGTERM, then, once the process itself is gone or has not
// ended in time, with SIGKILL. A nil process has ended.
func (p *process) end() {
	if p == nil {
		return
	}
	group := -p.cmd.Process.Pid
	_ = syscall.Kill(group, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(endPatience):
	}
	_ = syscall.Kill(group, syscall.SIGKILL)
	<-p.ended
}

// firstInstalled returns the first of some programs that is on the path, or the first of all.
func firstInstalled(names ...string) string {
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	return names[0]
}

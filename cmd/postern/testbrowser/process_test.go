package testbrowser

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A process that ignores SIGTERM, as a browser that hangs, and its child.
const stubborn = `trap "" TERM; sleep 1000 & echo started; wait; wait`

func TestEndEndsAProcessAndAllThatItStarted(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{"one that ends when asked": `sleep 1000 & echo started; wait`, "one that doesn't": stubborn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := start(filepath.Join(t.TempDir(), "log"), nil, nil, "sh", "-c", script)
			if err != nil {
				t.Fatal(err)
			}
			started := func() error {
				if text, _ := os.ReadFile(p.log); string(text) != "started\n" {
					return errors.New("the process prints nothing")
				}
				return p.running()
			}
			if err := retry(Timeout, started); err != nil {
				t.Fatal(err)
			}
			p.end()
			if err := p.running(); !errors.Is(err, errEnded) {
				t.Errorf("after end: wanted errEnded, got %v", err)
			}
			gone := func() error {
				if err := syscall.Kill(-p.cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
					return errors.New("the group has processes left")
				}
				return nil
			}
			if err := retry(endPatience+10*time.Second, gone); err != nil {
				t.Error(err)
			}
		})
	}
}

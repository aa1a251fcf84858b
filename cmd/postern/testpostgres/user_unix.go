//go:build unix

package testpostgres

import (
	"os"
	"os/exec"
	"syscall"
)

// nobody is the ID of the user and the group without rights, on Debian and most other systems.
const nobody = 65534

// asOrdinaryUser lets a program that is started by root run as nobody: PostgreSQL refuses root. The
// program ends by the same signals as any other, but not with its parent's terminal.
func asOrdinaryUser(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

// giveAway makes a folder that of the user as whom PostgreSQL runs.
func giveAway(folder string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(folder, nobody, nobody)
}

// endAtOnce asks for an immediate shutdown: no process of the server finishes anything ("pg_ctl stop
// --mode immediate" in the PostgreSQL documentation).
func endAtOnce(p *os.Process) { p.Signal(syscall.SIGQUIT) }

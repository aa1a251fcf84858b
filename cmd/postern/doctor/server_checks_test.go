package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// TestOnlyARefusedConnectionAndAnUnknownNameAreAServerThatDoesntRun: a server that accepts a
// connection and gives no whole answer is a fault of the way to it.
func TestOnlyARefusedConnectionAndAnUnknownNameAreAServerThatDoesntRun(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		err  error
		want code
	}{
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), serverUnreachable},
		{dial(&net.DNSError{Err: "no such host", Name: "uploads.invalid", IsNotFound: true}), serverUnreachable},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "uploads.invalid"}), serverBroken},
		{dial(os.ErrDeadlineExceeded), serverBroken},
		{io.EOF, serverBroken},
		{io.ErrUnexpectedEOF, serverBroken},
		{fmt.Errorf("read: %w", syscall.ECONNRESET), serverBroken},
		{context.DeadlineExceeded, serverBroken},
	} {
		r := &trial{run: &run{Options: Options{Config: &config.Config{}}}}
		r.reportNoServer(c.err)
		if len(r.found) != 1 || code(r.found[0].Code) != c.want {
			t.Errorf("%v: wanted %s, got %+v", c.err, c.want, r.found)
		}
	}
}

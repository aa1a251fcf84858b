// Command postern lets browsers upload files straight to a bucket, within signed limits.
//
// Without arguments it runs `postern dev`: everything on this machine, with an embedded S3 store.
// `postern --help` lists the other commands.
//
// Each command has a file of its own: a struct whose fields are its flags and whose Run gets a
// console. Results go to standard output, where a script can read them; logs and errors go to
// standard error. Exit codes: 0 for success, 1 for a run that failed, 2 for a bad flag, file or
// environment, and for a panic.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// From one second after the first signal, another one ends the process at once, without a
	// drain. A terminal and a shell can both pass on one signal; so earlier ones don't count.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// commands lists the commands in the order of the help.
type commands struct {
	Dev        devCommand        `cmd:"" default:"withargs" help:"Run everything on this machine, with an embedded S3 store (the default)."`
	Serve      serveCommand      `cmd:"" help:"Run the server that a config file describes."`
	Sign       signCommand       `cmd:"" help:"Print one signed form."`
	Explain    explainCommand    `cmd:"" help:"Explain a policy, form, curl command, presigned URL or error of a store, and why an upload is refused."`
	Ticket     ticketCommand     `cmd:"" help:"Mint an upload ticket."`
	Receipt    receiptCommand    `cmd:"" help:"Verify a receipt."`
	Setup      setupCommand      `cmd:"" help:"Compare the buckets' CORS and lifecycle rules with what uploads need, and put them there."`
	Sweep      sweepCommand      `cmd:"" help:"List abandoned multipart uploads, or abort them."`
	Doctor     doctorCommand     `cmd:"" help:"Try every step of an upload for real, and name what is wrong and how to mend it."`
	IAM        iamCommand        `cmd:"" name:"iam" help:"Print the least rights that a config needs, as policies of the store."`
	Deliveries deliveriesCommand `cmd:"" help:"List webhook deliveries, or send some again."`
	Version    versionCommand    `cmd:"" help:"Print the version."`

	Healthcheck healthcheckCommand `cmd:"" help:"Tell by the exit code whether a server is ready (for images without curl)."`
}

// console is what a command has of its environment.
type console struct {
	context.Context // ends with SIGINT or SIGTERM
	getenv          func(string) string
	stdin           io.Reader
	stdout, stderr  io.Writer
}

// The exit codes of the package comment.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in a flag, file or environment variable, in one sentence.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// badUsage formats a usageError.
func badUsage(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// exitCode ends a command that has printed everything already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run runs the program in the given environment and returns its exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c := &console{Context: ctx, getenv: getenv, stdin: os.Stdin, stdout: stdout, stderr: stderr}
	return c.report(c.dispatch(args))
}

// dispatch runs the command that args name. Kong prints help itself and then calls Exit with the
// exit code; after that, an error of Parse doesn't matter.
func (c *console) dispatch(args []string) error {
	var ended error
	parser, err := kong.New(&commands{},
		kong.Name("postern"),
		kong.Description("Uploads from browsers straight to S3 buckets, within signed limits."),
		kong.Writers(c.stdout, c.stderr),
		durationFlags,
		kong.Exit(func(code int) { ended = exitCode(code) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if ended != nil {
		return ended
	}
	if err != nil {
		return usageError{unknownCommand(parser, args, err)}
	}
	return parsed.Run(c)
}

// unknownCommand returns a better error if the first word is no command: kong takes it for an
// argument of the default command.
func unknownCommand(parser *kong.Kong, args []string, err error) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return err
	}
	var names []string
	for _, command := range parser.Model.Children {
		if command.Name == args[0] {
			return err
		}
		names = append(names, command.Name)
	}
	return fmt.Errorf("%q is not a command; the commands are %s", args[0], strings.Join(names, ", "))
}

// report prints an error in one line and returns its exit code.
func (c *console) report(err error) int {
	var code exitCode
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &usage):
		fmt.Fprintf(c.stderr, "postern: %s\n", usage)
		return exitUsage
	}
	fmt.Fprintf(c.stderr, "postern: %s\n", err)
	return exitFailed
}

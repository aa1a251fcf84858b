// Command postern lets browsers upload files straight into a bucket, and nothing else through.
//
// Without arguments it is `postern dev`: everything on this machine, with an embedded S3 store.
// `postern --help` lists the rest.
//
// Each command has a file of its own: a struct whose fields are its flags and whose Run gets a
// console. What a script may read goes to standard output; everything meant for people goes to
// standard error. Exit codes: 0 when all went well, 1 when a run failed, 2 for a bad flag, file or
// environment.
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
	// Whoever asks a second time doesn't want to wait for the drain; what comes at once is the same
	// wish sent twice.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// commands is the command line, in the order help shows it.
type commands struct {
	Dev     devCommand     `cmd:"" default:"withargs" help:"Run everything on this machine, with an embedded S3 store (the default)."`
	Serve   serveCommand   `cmd:"" help:"Run the server of a config file."`
	Sign    signCommand    `cmd:"" help:"Print one signed form, from flags."`
	Explain explainCommand `cmd:"" help:"Say what a policy, form, curl command, presigned URL or store's error means, and why an upload is refused."`
	Ticket  ticketCommand  `cmd:"" help:"Mint an upload ticket."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// console is all a command sees of the world around it.
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

// usageError is a mistake of whoever typed the command, named in one sentence.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// badUsage makes a usageError as fmt.Errorf would.
func badUsage(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// exitCode ends a command that has already said what there was to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run is the program, with everything it touches passed in. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c := &console{Context: ctx, getenv: getenv, stdin: os.Stdin, stdout: stdout, stderr: stderr}
	return c.exit(c.dispatch(args))
}

// dispatch runs the command that args name. Kong prints help itself and then calls Exit with the
// exit code; after that, whatever else Parse says of the arguments doesn't matter.
func (c *console) dispatch(args []string) error {
	var ended error
	parser, err := kong.New(&commands{},
		kong.Name("postern"),
		kong.Description("A gate for browsers' uploads into S3 buckets."),
		kong.Writers(c.stdout, c.stderr),
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

// unknownCommand says so where the first word is one: kong takes it for an argument of the default
// command.
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
	return fmt.Errorf("%q is no command; there are %s", args[0], strings.Join(names, ", "))
}

// exit prints what went wrong, in one line, and returns the exit code for it.
func (c *console) exit(err error) int {
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

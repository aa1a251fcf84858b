package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/explain"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

type explainCommand struct {
	File     string   `arg:"" optional:"" help:"A policy, form, curl command, presigned URL or store's error; standard input if left out or -."`
	Form     []string `help:"A field of the upload to simulate; repeat it for more." placeholder:"NAME=VALUE" sep:"none"`
	FileSize string   `help:"Size of the file to simulate, in bytes or such as 10MiB." placeholder:"SIZE"`
	At       string   `help:"Explain as of then (RFC 3339); now if left out." placeholder:"INSTANT"`
	JSON     bool     `help:"Print JSON: accepted, and the findings."`
}

// Run prints what the input means. The exit code is 1 where an upload would be refused.
func (e *explainCommand) Run(c *console) error {
	options, err := e.options(c)
	if err != nil {
		return err
	}
	text, err := e.read(c)
	if err != nil {
		return err
	}
	report, err := explain.Explain(text, options)
	if err != nil {
		return badUsage("%s: %s", e.source(), strings.TrimPrefix(err.Error(), "explain: input: "))
	}
	if err := e.print(c.stdout, report); err != nil {
		return err
	}
	if !report.Accepted {
		return exitCode(exitFailed)
	}
	return nil
}

// options turns the flags into options for explain; a bad flag is a usage error.
func (e *explainCommand) options(c *console) (o explain.Options, err error) {
	if o.Now, err = instantFlag("--at", e.At); err != nil {
		return o, err
	}
	for _, text := range e.Form {
		name, value, err := pair("--form", text)
		if err != nil {
			return o, err
		}
		o.Form = append(o.Form, policy.Field{Name: name, Value: value})
	}
	if e.FileSize != "" {
		size, err := profile.ParseSize(e.FileSize)
		if err != nil {
			return o, badUsage("--file-size %q: wanted bytes, or a size such as 10MiB", e.FileSize)
		}
		o.Size = &size
	}
	o.Secret = secretOf(c)
	return o, nil
}

// secretOf lets signatures be checked with the credentials of the environment, where they are of
// the same access key.
func secretOf(c *console) func(string) (sigv4.Secret, bool) {
	return func(accessKeyID string) (sigv4.Secret, bool) {
		secret := c.getenv("AWS_SECRET_ACCESS_KEY")
		return sigv4.Secret(secret), secret != "" && accessKeyID == c.getenv("AWS_ACCESS_KEY_ID")
	}
}

func (e *explainCommand) source() string {
	if e.File == "" || e.File == "-" {
		return "standard input"
	}
	return e.File
}

// read takes the file, standard input, or the argument itself where it is a URL. It stops behind
// what can be explained.
func (e *explainCommand) read(c *console) (string, error) {
	if strings.HasPrefix(e.File, "https://") || strings.HasPrefix(e.File, "http://") {
		text := e.File
		e.File = "the URL"
		return text, nil
	}
	in := c.stdin
	if e.File != "" && e.File != "-" {
		file, err := os.Open(e.File)
		if err != nil {
			var path *os.PathError
			errors.As(err, &path)
			return "", badUsage("%s: %s", e.File, path.Err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, explain.MaxInput+1))
	if err != nil {
		return "", badUsage("%s: it can't be read", e.source())
	}
	return string(text), nil
}

func (e *explainCommand) print(w io.Writer, report explain.Report) error {
	if !e.JSON {
		_, err := io.WriteString(w, report.Text())
		return err
	}
	return printJSON(w, report)
}

// printJSON prints a value as people and programs can read it.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

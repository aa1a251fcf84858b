package main

import (
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
	File     string   `arg:"" optional:"" help:"A policy, form, curl command, presigned URL or error of a store; default, and for -: standard input."`
	Form     []string `help:"A field of the upload to simulate; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	FileSize string   `help:"Size of the file to simulate, in bytes or such as 10MiB." placeholder:"SIZE"`
	At       string   `help:"Time of the upload (RFC 3339); default now." placeholder:"INSTANT"`
	JSON     bool     `help:"Print JSON: accepted, and the findings."`
}

// Run prints an explanation of the input. The exit code is 1 if an upload would be refused.
func (e *explainCommand) Run(c *console) error {
	options, err := e.options(c)
	if err != nil {
		return err
	}
	name, text, err := e.input(c)
	if err != nil {
		return err
	}
	report, err := explain.Explain(text, options)
	if err != nil {
		return badUsage("%s: %s", name, strings.TrimPrefix(err.Error(), "explain: input: "))
	}
	if e.JSON {
		err = printJSON(c.stdout, report)
	} else {
		_, err = io.WriteString(c.stdout, report.Text())
	}
	if err == nil && !report.Accepted {
		err = exitCode(exitFailed)
	}
	return err
}

// options turns the flags into options for explain; a bad flag is a usage error.
func (e *explainCommand) options(c *console) (o explain.Options, err error) {
	if o.Now, err = parseInstant("--at", e.At); err != nil {
		return o, err
	}
	for _, text := range e.Form {
		name, value, err := parsePair("--form", text)
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
	// Signatures are checked if the environment has credentials of the same access key.
	o.Secret = func(accessKeyID string) (sigv4.Secret, bool) {
		secret := c.getenv("AWS_SECRET_ACCESS_KEY")
		return sigv4.Secret(secret), secret != "" && accessKeyID == c.getenv("AWS_ACCESS_KEY_ID")
	}
	return o, nil
}

// input returns the text to explain and its name in errors. The argument is a URL, which is the
// text itself, a file, or "-" or nothing for standard input. At most one byte more than
// explain.MaxInput is read.
func (e *explainCommand) input(c *console) (name, text string, err error) {
	if strings.HasPrefix(e.File, "https://") || strings.HasPrefix(e.File, "http://") {
		return "the URL", e.File, nil
	}
	name, in := "standard input", c.stdin
	if e.File != "" && e.File != "-" {
		file, err := os.Open(e.File)
		if err != nil {
			var path *os.PathError
			errors.As(err, &path)
			return "", "", badUsage("%s: %s", e.File, path.Err)
		}
		defer file.Close()
		name, in = e.File, file
	}
	var content strings.Builder
	if _, err := io.Copy(&content, io.LimitReader(in, explain.MaxInput+1)); err != nil {
		return "", "", badUsage("%s: it can't be read", name)
	}
	return name, content.String(), nil
}

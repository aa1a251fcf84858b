package main

import (
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
)

type setupCommand struct {
	Config string `help:"Config file of postern serve." required:"" placeholder:"FILE"`
	Apply  bool   `help:"Write what is missing, and nothing else."`
	Format string `help:"What to print: diff, terraform, or steps with the store's own tools." enum:"diff,terraform,steps" default:"diff" placeholder:"NAME"`
	JSON   bool   `name:"json" help:"Print the rules as JSON, as the AWS CLI takes them, with the findings."`
}

// Help says what is compared and which exit codes there are.
func (s *setupCommand) Help() string {
	return `Compares the CORS and lifecycle rules of each bucket with what the uploads of its profiles need.
--apply adds what is missing and keeps every rule of others. Run it with credentials that may read
and write these rules; the server needs no such rights.

Exit codes: 0 all is well, 1 something has to be mended, 2 a bad file or flag.`
}

// Run compares the buckets' CORS and lifecycle rules with what uploads need.
func (s *setupCommand) Run(c *console) error {
	if s.JSON && s.Format != "diff" {
		return badUsage("--json and --format %s can't be used together: each says what to print", s.Format)
	}
	at, err := openOperatorStore(c, s.Config)
	if err != nil {
		return err
	}
	task := setup.Task{File: at.file, Store: at.store, Client: at.client, Config: s.Config, Apply: s.Apply}
	result, err := task.Run(c)
	if err != nil {
		return usageError{err}
	}
	if s.JSON || s.Format != "diff" {
		result.NoteLosses()
	}
	text := map[string]func() string{
		"diff": result.Diff, "terraform": result.Terraform, "steps": func() string { return result.Steps(s.Config) },
	}[s.Format]()
	if s.Format == "diff" {
		return c.printReport(s.JSON, result, text, &result.Report)
	}
	// What is printed is for another program, so the findings go elsewhere.
	if err := c.printReport(false, nil, text, &findings.Report{}); err != nil {
		return err
	}
	quiet := *c
	quiet.stdout = c.stderr
	return quiet.printReport(false, nil, "", &result.Report)
}

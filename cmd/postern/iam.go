package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/iam"
)

type iamCommand struct {
	Config     string   `help:"Config file; its secrets aren't read." required:"" type:"path" placeholder:"FILE"`
	Format     string   `help:"aws, terraform or ram (Aliyun); the default is aws, for provider oss ram." enum:",aws,terraform,ram" default:"" placeholder:"FORMAT"`
	Document   string   `help:"Print one document alone, as a file for the store's own tools, by its name in the full list." placeholder:"NAME"`
	Principal  string   `help:"ARN of the server's own identity, which alone may then assume the roles." placeholder:"ARN"`
	PublicRead []string `help:"Profile whose objects everybody may read, by the bucket's policy; may be repeated." placeholder:"PROFILE"`
	JSON       bool     `help:"Print documents and findings as JSON." name:"json"`
}

// Help says what is printed and which exit codes there are.
func (i *iamCommand) Help() string {
	return `Prints policies for the server's own identity, for store.upload_credentials, for the role of
scoped_credentials, for whoever runs setup and sweep, and for each bucket. No store is asked.

Exit codes: 0 all is well, 1 something has to be mended, 2 a bad file or flag.`
}

// Run prints the least rights that a config needs. It asks nobody: everything follows from the
// file.
func (i *iamCommand) Run(c *console) error {
	file, err := config.LoadWithoutSecrets(i.Config)
	if err != nil {
		return usageError{err}
	}
	isOSS := file.Store.Provider == "oss"
	switch {
	case isOSS && i.Format != "" && i.Format != "ram":
		return badUsage("--format %s: store.provider oss has policies of Aliyun's RAM: wanted ram", i.Format)
	case !isOSS && i.Format == "ram":
		return badUsage("--format ram is for store.provider oss, and %s has %q: wanted aws or terraform", i.Config, file.Store.Provider)
	case i.JSON && (i.Format == "terraform" || i.Document != ""):
		return badUsage("--json prints every policy as JSON: leave out --document and --format terraform")
	}
	list, report, err := iam.Documents(file, iam.Options{Principal: i.Principal, PublicRead: i.PublicRead})
	if err != nil {
		return usageError{err}
	}
	if i.Document != "" {
		return i.printOne(c, list, report)
	}
	text := iam.Text(list)
	if i.Format == "terraform" {
		text = iam.Terraform(list)
		return c.printResult(text, report)
	}
	result := struct {
		Documents []iam.Document `json:"documents"`
		*findings.Report
	}{list, report}
	return c.printReport(i.JSON, result, text, report)
}

// printOne prints the document that --document names.
func (i *iamCommand) printOne(c *console, list []iam.Document, report *findings.Report) error {
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
	}
	at := slices.Index(names, i.Document)
	if at < 0 {
		return badUsage("--document %q: %s has %s", i.Document, i.Config, strings.Join(names, ", "))
	}
	text := list[at].Policy.JSON()
	if i.Format == "terraform" {
		text = iam.Terraform(list[at : at+1])
	}
	return c.printResult(text, report)
}

// printResult prints a file to standard output and the findings to standard error, so that the file
// can be redirected.
func (c *console) printResult(text string, report *findings.Report) error {
	report.Sort()
	if _, err := io.WriteString(c.stdout, text); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	_, err := io.WriteString(c.stderr, report.Text())
	if err == nil && report.Faults() > 0 {
		return exitCode(exitFailed)
	}
	return err
}

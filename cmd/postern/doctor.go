package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/goccy/go-yaml"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/doctor"
	"github.com/postern-dev/postern/handlers/uploads"
)

type doctorCommand struct {
	Config string `help:"Config file of the server." required:"" placeholder:"FILE"`
	JSON   bool   `name:"json" help:"Print JSON."`
	Learn  bool   `help:"Print the store.can that differs from the provider's record."`
}

// Help says what is written and which exit codes there are.
func (d *doctorCommand) Help() string {
	return `Uploads test objects under each profile's own key template with subject "postern-doctor", by the
forms and URLs that visitors get, looks what the store does, and removes them, also on Ctrl-C.
Run it in the server's environment: it uses the server's credentials.

Exit codes: 0 all is well, 1 something has to be mended, 2 a bad file or flag.`
}

// Run tries everything and prints what is wrong.
func (d *doctorCommand) Run(c *console) error {
	file, err := config.Load(d.Config, c.getenv)
	if err != nil {
		return usageError{err}
	}
	store, err := openDoctorStore(c, file, c.getenv)
	if err != nil {
		result := doctor.MissingCredentials(err)
		return c.printReport(d.JSON, &result, "", &result.Report)
	}
	result, err := doctor.Run(c, doctor.Options{Config: file, ConfigName: d.Config, Store: store, Learn: d.Learn})
	if err != nil {
		return usageError{err}
	}
	err = c.printReport(d.JSON, &result, learnedText(result.Can), &result.Report)
	if err == nil && !d.JSON {
		_, err = fmt.Fprintf(c.stdout, "%d checks, nothing to mend\n", result.Checks)
	}
	return err
}

// openDoctorStore describes the store as the server has it, and asks it nothing: whatever is wrong
// there is a finding.
func openDoctorStore(ctx context.Context, file *config.Config, getenv func(string) string) (uploads.Store, error) {
	access, err := loadStoreAccess(ctx, file.Store, getenv)
	if err != nil {
		return uploads.Store{}, err
	}
	store, err := newStore(ctx, access, file.Store, slog.New(slog.DiscardHandler))
	store.Client = s3.NewFromConfig(access, store.ClientOptions, func(o *s3.Options) { o.RetryMaxAttempts = 2 })
	return store, err
}

// learnedText is the block of the config file that says what the store can and can't do, "" where
// the record of the provider says the same.
func learnedText(can map[string]bool) string {
	if len(can) == 0 {
		return ""
	}
	text, err := yaml.Marshal(map[string]any{"store": map[string]any{"can": can}})
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text)) + "\n"
}

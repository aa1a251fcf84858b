package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/uploads"
)

// operatorStore is the store of a config file, reached with the credentials of whoever runs the
// command: `setup` and `sweep` need rights that the server has no use for.
type operatorStore struct {
	file   *config.Config // without secrets
	store  uploads.Store  // without UploadCredentials
	client *s3.Client     // the one of store, with every call
}

// openOperatorStore reads a config file without its secrets and finds the operator's credentials. A
// mistake in either is a usage error.
func openOperatorStore(c *console, configFile string) (operatorStore, error) {
	file, err := config.LoadWithoutSecrets(configFile)
	if err != nil {
		return operatorStore{}, usageError{err}
	}
	access, err := loadStoreAccess(c, file.Store, c.getenv)
	if err != nil {
		return operatorStore{}, usageError{err}
	}
	described := file.Store
	described.UploadCredentials = config.UploadCredentials{} // the visitors', which none of these commands uses
	store, err := newStore(c, access, described, slog.New(slog.DiscardHandler))
	if err != nil {
		return operatorStore{}, usageError{err}
	}
	return operatorStore{file: file, store: store, client: s3.NewFromConfig(access, store.ClientOptions)}, nil
}

// printReport prints what a command found: result as JSON where that is asked for, else text, each
// with the findings. The error is the exit code of findings that have to be mended, nil without
// any.
func (c *console) printReport(asJSON bool, result any, text string, report *findings.Report) error {
	report.Sort()
	var err error
	if asJSON {
		err = printJSON(c.stdout, result)
	} else {
		_, err = io.WriteString(c.stdout, text+report.Text())
	}
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if report.Faults() > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

// configFlag is the flag that names a config file, for a command that is printed to be pasted.
func configFlag(name string) string {
	if strings.ContainsFunc(name, unicode.IsSpace) || strings.ContainsAny(name, `'"$&;()`) {
		name = shellQuote(name)
	}
	return "--config " + name
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/tickets"
	"github.com/postern-dev/postern/policy/sigv4"
)

type ticketCommand struct {
	Data     string        `help:"Data folder of the postern dev that shall take the ticket." type:"path" placeholder:".postern"`
	Config   string        `help:"Config file of the postern serve that shall take it; its tickets have to use a secret." type:"path" placeholder:"FILE"`
	Profiles []string      `name:"profile" help:"Profile the ticket is good for; repeat it for more, * is all." required:"" placeholder:"NAME"`
	Subject  string        `help:"Who uploads." required:""`
	Lifetime time.Duration `help:"How long the ticket is good, such as 15m." default:"15m"`
}

// longestTicket is the longest lifetime that tickets.Verifier accepts.
const longestTicket = 24 * time.Hour

// Run prints the ticket, and nothing else, to standard output.
func (t *ticketCommand) Run(c *console) error {
	if t.Lifetime <= 0 || t.Lifetime > longestTicket {
		return badUsage("--lifetime %v: wanted more than 0 and at most %v, the most a server takes", t.Lifetime, longestTicket)
	}
	secret, wire, err := t.source(c)
	if err != nil {
		return err
	}
	ticket, err := tickets.Mint(tickets.Ticket{
		Subject: t.Subject, Profiles: t.Profiles, Lifetime: t.Lifetime,
		Issuer: wire.Issuer, Audience: wire.Audience,
	}, secret, time.Now())
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprintln(c.stdout, ticket)
	return err
}

// source is the secret that signs the ticket, with the issuer and audience the server asks for.
func (t *ticketCommand) source(c *console) (sigv4.Secret, config.Tickets, error) {
	switch {
	case t.Config != "" && t.Data != "":
		return "", config.Tickets{}, badUsage("--data and --config can't be used together: each names a server")
	case t.Config != "":
		return configTickets(c, t.Config, t.Profiles)
	case t.Data == "":
		t.Data = defaultData
	}
	secret, err := readKey(filepath.Join(t.Data, ticketKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = badUsage("no ticket key in %q: start postern dev with --data %s once, or name its folder with --data", t.Data, t.Data)
	}
	if err != nil {
		return "", config.Tickets{}, usageError{err}
	}
	return secret, config.Tickets{}, nil
}

func configTickets(c *console, name string, profiles []string) (sigv4.Secret, config.Tickets, error) {
	file, err := config.Load(name, c.getenv)
	if err != nil {
		return "", config.Tickets{}, usageError{err}
	}
	if file.Tickets.Secret == "" {
		return "", config.Tickets{}, badUsage("%s: tickets come from a key set: only its owner can mint them", name)
	}
	return file.Tickets.Secret, file.Tickets, knowsProfiles(file, name, profiles)
}

func knowsProfiles(file *config.Config, name string, profiles []string) error {
	for _, profile := range profiles {
		if _, ok := file.Profiles[profile]; !ok && profile != "*" {
			return badUsage("--profile %s: %s has no profile of that name", profile, name)
		}
	}
	return nil
}

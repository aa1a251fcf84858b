package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/tickets"
)

type ticketCommand struct {
	Data     string        `help:"Data folder of the postern dev that the ticket is for." type:"path" placeholder:".postern"`
	Config   string        `help:"Config file of the postern serve that the ticket is for; its tickets must use a secret." type:"path" placeholder:"FILE"`
	Profiles []string      `name:"profile" help:"Profile that the ticket allows; may be repeated; * allows all." required:"" placeholder:"NAME"`
	Subject  string        `help:"Who uploads." required:""`
	Lifetime time.Duration `help:"How long the ticket is valid, such as 15m." default:"15m"`
}

// maxTicketLifetime is the longest that tickets.Verifier accepts by default.
const maxTicketLifetime = 24 * time.Hour

// Run prints the ticket, and nothing else, to standard output.
func (t *ticketCommand) Run(c *console) error {
	if t.Lifetime <= 0 || t.Lifetime > maxTicketLifetime {
		return badUsage("--lifetime %v: wanted more than 0 and at most %v, the most a server accepts", t.Lifetime, maxTicketLifetime)
	}
	settings, err := t.settings(c)
	if err != nil {
		return usageError{err}
	}
	ticket, err := tickets.Mint(tickets.Ticket{
		Subject: t.Subject, Profiles: t.Profiles, Lifetime: t.Lifetime,
		Issuer: settings.Issuer, Audience: settings.Audience,
	}, settings.Secret, time.Now())
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprintln(c.stdout, ticket)
	return err
}

// settings returns the secret that signs the ticket, with the issuer and audience that the server
// requires.
func (t *ticketCommand) settings(c *console) (config.Tickets, error) {
	if t.Config != "" && t.Data != "" {
		return config.Tickets{}, badUsage("--data and --config can't be used together: each names a server")
	}
	if t.Config != "" {
		return t.configSettings(c)
	}
	data := cmp.Or(t.Data, defaultData)
	secret, err := readKey(filepath.Join(data, ticketKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = badUsage("no ticket key in %q: start postern dev with --data %s once, or name its folder with --data", data, data)
	}
	return config.Tickets{Secret: secret}, err
}

func (t *ticketCommand) configSettings(c *console) (config.Tickets, error) {
	file, err := config.Load(t.Config, c.getenv)
	if err != nil {
		return config.Tickets{}, err
	}
	if file.Tickets.Secret == "" {
		return config.Tickets{}, badUsage("%s: tickets come from a key set: only its owner can mint them", t.Config)
	}
	for _, name := range t.Profiles {
		if _, ok := file.Profiles[name]; !ok && name != "*" {
			return config.Tickets{}, badUsage("--profile %s: %s has no profile of that name", name, t.Config)
		}
	}
	return file.Tickets, nil
}

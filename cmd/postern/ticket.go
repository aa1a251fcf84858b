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
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

type ticketCommand struct {
	Data     string        `help:"Data folder of the postern dev that the ticket is for." type:"path" placeholder:".postern"`
	Config   string        `help:"Config file of the postern serve that the ticket is for; its tickets must use a secret." type:"path" placeholder:"FILE"`
	Profiles []string      `name:"profile" help:"Profile that the ticket allows; may be repeated; * allows all." placeholder:"NAME"`
	Subject  string        `help:"Who uploads." required:"" xor:"for"`
	Backend  bool          `help:"Mint a token of the application's server instead, valid for 5 minutes." required:"" xor:"for"`
	Lifetime time.Duration `help:"How long the ticket is valid, such as 15m." default:"15m"`
}

// maxTicketLifetime is the longest that tickets.Verifier accepts by default.
const maxTicketLifetime = 24 * time.Hour

// Run prints the ticket, and nothing else, to standard output.
func (t *ticketCommand) Run(c *console) error {
	if t.Lifetime <= 0 || t.Lifetime > maxTicketLifetime {
		return badUsage("--lifetime %v: wanted more than 0 and at most %v, the most a server accepts", t.Lifetime, maxTicketLifetime)
	}
	if len(t.Profiles) == 0 && !t.Backend {
		return badUsage("missing flags: --profile=NAME,...")
	}
	file, err := t.server(c)
	if err != nil {
		return usageError{err}
	}
	mint := t.ticket
	if t.Backend {
		mint = t.backendToken
	}
	text, err := mint(file)
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprintln(c.stdout, text)
	return err
}

// ticket mints a visitor's ticket.
func (t *ticketCommand) ticket(file *config.Config) (string, error) {
	settings := file.Tickets
	if settings.Secret == "" {
		return "", badUsage("%s: tickets come from a key set: only its owner can mint them", t.Config)
	}
	return tickets.Mint(tickets.Ticket{
		Subject: t.Subject, Profiles: t.Profiles, Lifetime: t.Lifetime,
		Issuer: settings.Issuer, Audience: settings.Audience,
	}, settings.Secret, time.Now())
}

// backendToken mints a token of the application's server.
func (t *ticketCommand) backendToken(file *config.Config) (string, error) {
	if len(file.Backend.Secrets) == 0 {
		return "", badUsage("%s: backend has no secret that could sign a token", t.Config)
	}
	return tickets.MintBackend(file.Backend.Secrets[0], time.Now(), t.Profiles...)
}

// server returns what is known of the server that the ticket is for: of dev its keys alone.
func (t *ticketCommand) server(c *console) (*config.Config, error) {
	if t.Config != "" && t.Data != "" {
		return nil, badUsage("--data and --config can't be used together: each names a server")
	}
	if t.Config != "" {
		return t.readConfig(c)
	}
	data, name := cmp.Or(t.Data, defaultData), ticketKeyFile
	if t.Backend {
		name = backendKeyFile
	}
	secret, err := readKey(filepath.Join(data, name))
	if errors.Is(err, fs.ErrNotExist) {
		err = badUsage("no ticket key in %q: start postern dev with --data %s once, or name its folder with --data", data, data)
	}
	return &config.Config{Tickets: config.Tickets{Secret: secret}, Backend: config.Backend{Secrets: []sigv4.Secret{secret}}}, err
}

// readConfig reads a config file, which has to have the profiles.
func (t *ticketCommand) readConfig(c *console) (*config.Config, error) {
	file, err := config.Load(t.Config, c.getenv)
	if err != nil {
		return nil, err
	}
	for _, name := range t.Profiles {
		if _, ok := file.Profiles[name]; !ok && name != profile.AllProfiles {
			return nil, badUsage("--profile %s: %s has no profile of that name", name, t.Config)
		}
	}
	return file, nil
}

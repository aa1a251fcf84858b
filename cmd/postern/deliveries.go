package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/webhooks"
)

// The codes of deliveries' findings.
const (
	deliveriesFailed = "deliveries_failed" // some were given up, and --replay wasn't given
	deliveryUnknown  = "delivery_unknown"  // there is none with the ID of --replay
	endpointGone     = "endpoint_gone"     // deliveries wait for an endpoint that the config doesn't have
	ledgerAway       = "ledger_away"       // the database gives no answer
	ledgerSchema     = "ledger_schema"     // the database hasn't the schema of this release
)

// replayFailed is the value of --replay that stands for every dead letter.
const replayFailed = "failed"

type deliveriesCommand struct {
	Config string   `help:"Config file of postern serve." required:"" placeholder:"FILE"`
	State  string   `help:"List only these: waiting, done or failed." enum:",waiting,done,failed" default:"" placeholder:"STATE"`
	Replay []string `help:"Send a delivery again under its ID, or all that have failed: ID or failed; may be repeated." placeholder:"ID"`
	JSON   bool     `name:"json" help:"Print JSON."`
}

// Help says what is listed and which exit codes there are.
func (d *deliveriesCommand) Help() string {
	return `Lists the deliveries of webhooks that the ledger keeps, and counts for each endpoint what waits and
what was given up. --replay makes deliveries due again under the same ID; the server sends them, one
at a time at first and more with each success. Run it in the server's environment: it reads the same
config file with its secrets, and shows none.

Exit codes: 0 all is well, 1 something has to be mended, 2 a bad file or flag.`
}

// Run lists deliveries or replays some.
func (d *deliveriesCommand) Run(c *console) error {
	if d.State != "" && len(d.Replay) > 0 {
		return badUsage("--state and --replay can't be used together: one lists, the other sends again")
	}
	file, err := config.Load(d.Config, c.getenv)
	if err != nil {
		return usageError{err}
	}
	if file.Ledger.URL == "" {
		return badUsage("%s has no ledger, which keeps deliveries", d.Config)
	}
	list := &deliveryList{out: c.stdout, asJSON: d.JSON}
	var report findings.Report
	l, fault := openCurrentLedger(c, file.Ledger)
	if fault != nil {
		report.Add(*fault)
		return list.end(nil, &report)
	}
	defer l.Close()
	backlogs, err := d.work(c, l, file, list, &report)
	if errors.Is(err, errPrint) {
		return err
	}
	if err != nil {
		report.Add(ledgerFault(err))
	}
	return list.end(backlogs, &report)
}

// work lists or replays, and reads what waits afterwards. Its error is an outage, or errPrint.
func (d *deliveriesCommand) work(ctx context.Context, l *ledger.Ledger, file *config.Config, list *deliveryList, report *findings.Report) ([]ledger.Backlog, error) {
	var err error
	if len(d.Replay) > 0 {
		err = d.replay(ctx, l, list, report)
	} else {
		err = eachDelivery(ctx, l, ledger.DeliveryQuery{State: ledger.DeliveryState(d.State)}, list.add)
	}
	if err != nil {
		return nil, err
	}
	backlogs, err := l.Backlogs(ctx)
	if err == nil {
		d.judge(backlogs, endpointNames(file.Webhooks), report)
	}
	return backlogs, err
}

// replay makes deliveries due and lists them as they are then.
func (d *deliveriesCommand) replay(ctx context.Context, l *ledger.Ledger, list *deliveryList, report *findings.Report) error {
	again := func(found ledger.Delivery) error {
		if err := l.Replay(ctx, found.ID); err != nil {
			return err
		}
		return eachDelivery(ctx, l, ledger.DeliveryQuery{ID: found.ID}, list.add)
	}
	for _, id := range d.Replay {
		q := ledger.DeliveryQuery{ID: id}
		if id == replayFailed {
			q = ledger.DeliveryQuery{State: ledger.DeliveryFailed}
		}
		before := list.count
		if err := eachDelivery(ctx, l, q, again); err != nil {
			return err
		}
		if id != replayFailed && list.count == before {
			report.Add(findings.Finding{Code: deliveryUnknown, Severity: findings.Fault, Sentence: fmt.Sprintf("there is no delivery %q", id),
				Remedy: "copy the ID from the list: postern deliveries " + configFlag(d.Config)})
		}
	}
	return nil
}

// judge finds dead letters, and deliveries that nobody sends.
func (d *deliveriesCommand) judge(backlogs []ledger.Backlog, endpoints []string, report *findings.Report) {
	for _, b := range backlogs {
		if b.Failed > 0 {
			report.Add(findings.Finding{Code: deliveriesFailed, Severity: findings.Fault, Sentence: fmt.Sprintf("deliveries to %s were given up: %d", withoutControls(b.Receiver), b.Failed),
				Remedy: "when the receiver is well again: postern deliveries " + configFlag(d.Config) + " --replay failed"})
		}
		if b.Waiting > 0 && !slices.Contains(endpoints, b.Receiver) {
			report.Add(findings.Finding{Code: endpointGone, Severity: findings.Note, Sentence: fmt.Sprintf("deliveries wait for %s, which the config doesn't have: %d", withoutControls(b.Receiver), b.Waiting),
				Remedy: "put the webhook back with the same profile and URL, or let the deliveries go with their uploads after ledger.keep"})
		}
	}
}

// deliveriesAtOnce are read in one call.
const deliveriesAtOnce = 200

// eachDelivery calls do for each delivery of a query, page by page.
func eachDelivery(ctx context.Context, l *ledger.Ledger, q ledger.DeliveryQuery, do func(ledger.Delivery) error) error {
	for q.Limit = deliveriesAtOnce; ; {
		page, err := l.Deliveries(ctx, q)
		if err != nil {
			return err
		}
		for _, found := range page {
			if err := do(found); err != nil {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		q.After = page[len(page)-1].ID
	}
}

// endpointNames are the names of a config's webhooks.
func endpointNames(list []webhooks.EndpointConfig) (names []string) {
	for _, c := range list {
		if e, err := webhooks.NewEndpoint(c); err == nil {
			names = append(names, e.Name())
		}
	}
	return names
}

// openCurrentLedger opens a ledger that has the schema of this release. Unlike a server it changes
// no other: a command isn't what updates a database.
func openCurrentLedger(ctx context.Context, c config.Ledger) (*ledger.Ledger, *findings.Finding) {
	within, cancel := context.WithTimeout(ctx, migrateTime)
	defer cancel()
	settings := ledger.Config{URL: c.URL, Keep: c.Keep, Logger: slog.New(slog.DiscardHandler)}
	schema, err := ledger.Inspect(within, settings)
	if err == nil && schema.Found != schema.Wanted {
		return nil, &findings.Finding{Code: ledgerSchema, Severity: findings.Fault, Sentence: "the ledger's database " + schema.String(),
			Remedy: "start postern serve of this release, which brings it up to date"}
	}
	l := (*ledger.Ledger)(nil)
	if err == nil {
		l, err = ledger.Open(settings)
	}
	if err != nil {
		fault := ledgerFault(err)
		return nil, &fault
	}
	return l, nil
}

// ledgerFault says that the ledger gave no answer.
func ledgerFault(err error) findings.Finding {
	if errors.Is(err, ledger.ErrNewer) {
		return findings.Finding{Code: ledgerSchema, Severity: findings.Fault, Sentence: "the ledger's database was migrated by a newer release of Postern", Remedy: "run this command of that release"}
	}
	return findings.Finding{Code: ledgerAway, Severity: findings.Fault, Sentence: "the ledger gives no answer", Evidence: printable(innermostReason(err)),
		Remedy: "ledger.url: see that its database runs and can be reached from here"}
}

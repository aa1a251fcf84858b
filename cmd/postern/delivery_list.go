package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/handlers/problem"
)

// printable is a text of somebody else's, such as the reason of a failure, for a terminal: without
// secrets and control characters.
func printable(text string) string { return withoutControls(problem.LogText(text)) }

// withoutControls has a blank in place of each character that a terminal obeys. The name of an
// endpoint needs no more: it has a digest in place of its URL's query.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// deliveryJSON is a delivery as --json prints it; members may be added.
type deliveryJSON struct {
	ID       string    `json:"id"`
	Upload   string    `json:"upload"`
	Profile  string    `json:"profile"`
	Event    string    `json:"event"`
	Sequence int64     `json:"sequence"`
	Endpoint string    `json:"endpoint"`
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Due      time.Time `json:"due,omitzero"` // of the next attempt; left out where none follows
	Changed  time.Time `json:"changed"`
	Status   int       `json:"status,omitempty"` // of the last answer; left out where there was none
	Reason   string    `json:"reason,omitempty"`
}

func newDeliveryJSON(d ledger.Delivery) deliveryJSON {
	out := deliveryJSON{ID: d.ID, Upload: d.Upload, Profile: d.Profile, Event: eventPrefix + string(d.Event), Sequence: d.Sequence, Endpoint: withoutControls(d.Receiver),
		State: string(d.State), Attempts: d.Attempts, Changed: d.Changed, Status: d.Status, Reason: printable(d.Reason)}
	if d.State == ledger.DeliveryWaiting {
		out.Due = d.Due
	}
	return out
}

// backlogJSON is what waits for one endpoint.
type backlogJSON struct {
	Endpoint string    `json:"endpoint"`
	Waiting  int       `json:"waiting"`
	Failed   int       `json:"failed"`
	Oldest   time.Time `json:"oldest,omitzero"` // event that waits
}

// deliveryList prints deliveries as they are read, so that any number of them needs little memory:
// a row of a table or a member of a JSON list each.
type deliveryList struct {
	out    io.Writer
	asJSON bool
	table  *tabwriter.Writer
	count  int
}

// add prints one delivery.
func (l *deliveryList) add(d ledger.Delivery) error {
	l.count++
	row := newDeliveryJSON(d)
	var err error
	if l.asJSON {
		before := ","
		if l.count == 1 {
			before = "{\"deliveries\":["
		}
		text, marshalErr := json.Marshal(row)
		_, err = fmt.Fprintf(l.out, "%s\n%s", before, text)
		err = errors.Join(marshalErr, err)
	} else {
		if l.count%deliveriesAtOnce == 1 {
			err = l.heading()
		}
		next := "-"
		if !row.Due.IsZero() {
			next = row.Due.Format(time.RFC3339)
		}
		_, printErr := fmt.Fprintf(l.table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", row.State, row.Event, row.Upload, row.ID, row.Attempts, next, lastAnswer(row), row.Endpoint)
		err = errors.Join(err, printErr)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errPrint, err)
	}
	return nil
}

// heading prints the rows so far and begins a table whose columns are as wide as its own rows.
func (l *deliveryList) heading() error {
	if l.table != nil {
		if err := l.table.Flush(); err != nil {
			return err
		}
	}
	l.table = tabwriter.NewWriter(l.out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(l.table, "STATE\tEVENT\tUPLOAD\tDELIVERY\tATTEMPTS\tNEXT\tLAST ANSWER\tENDPOINT")
	return err
}

// lastAnswer is the result of the last attempt in a word or a few.
func lastAnswer(d deliveryJSON) string {
	switch {
	case d.Status != 0:
		return fmt.Sprint(d.Status)
	case d.Reason != "":
		return d.Reason
	}
	return "-"
}

// end prints what waits for each endpoint and the findings. The error is the exit code.
func (l *deliveryList) end(backlogs []ledger.Backlog, report *findings.Report) error {
	report.Sort()
	rows := make([]backlogJSON, len(backlogs))
	for i, b := range backlogs {
		rows[i] = backlogJSON{withoutControls(b.Receiver), b.Waiting, b.Failed, b.Oldest}
	}
	var err error
	if l.asJSON {
		err = l.endJSON(rows, report)
	} else {
		err = l.endText(rows, report)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errPrint, err)
	}
	if report.Faults() > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

func (l *deliveryList) endJSON(rows []backlogJSON, report *findings.Report) error {
	begin := ""
	if l.count == 0 {
		begin = "{\"deliveries\":["
	}
	endpoints, err := json.Marshal(rows)
	found, foundErr := json.Marshal(report.Findings)
	_, printErr := fmt.Fprintf(l.out, "%s],\n\"count\":%d,\"endpoints\":%s,\"findings\":%s}\n", begin, l.count, endpoints, found)
	return errors.Join(err, foundErr, printErr)
}

// endText prints the table of endpoints and the findings below the list.
func (l *deliveryList) endText(rows []backlogJSON, report *findings.Report) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%d deliveries\n", l.count)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for i, row := range rows {
		if i == 0 {
			fmt.Fprintln(table, "WAITING\tFAILED\tOLDEST\tENDPOINT")
		}
		oldest := "-"
		if !row.Oldest.IsZero() {
			oldest = row.Oldest.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%d\t%d\t%s\t%s\n", row.Waiting, row.Failed, oldest, row.Endpoint)
	}
	err := table.Flush()
	if l.table != nil {
		err = errors.Join(err, l.table.Flush())
	}
	_, printErr := io.WriteString(l.out, text.String()+report.Text())
	return errors.Join(err, printErr)
}

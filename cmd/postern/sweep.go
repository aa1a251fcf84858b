package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/cmd/postern/doctor"
	"github.com/postern-dev/postern/cmd/postern/findings"
	"github.com/postern-dev/postern/cmd/postern/setup"
	"github.com/postern-dev/postern/handlers/uploads"
)

// The codes of sweep's findings.
const (
	uploadsAbandoned = "uploads_abandoned" // there are some, and --apply wasn't given
	uploadsUnlisted  = "uploads_unlisted"  // the store can't list multipart uploads
	sweepFailed      = "sweep_failed"      // a call failed for another reason than doctor's findings name
)

type sweepCommand struct {
	Config string `help:"Config file of postern serve." required:"" placeholder:"FILE"`
	Older  string `help:"Age from which an upload counts as abandoned, such as 8d or 200h; a day more than the longest upload_lifetime unless given." placeholder:"AGE"`
	Apply  bool   `help:"Abort what is listed."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Help says what is looked at and which exit codes there are.
func (s *sweepCommand) Help() string {
	return `Lists the multipart uploads below the profiles' key prefixes that nobody has completed, with their
age and the size of their parts. --apply aborts them. Other uploads in the bucket aren't touched.

Exit codes: 0 all is well, 1 something has to be mended, 2 a bad file or flag.`
}

// Run lists or aborts abandoned multipart uploads. They are printed as they are found, so that any
// number of them needs little memory.
func (s *sweepCommand) Run(c *console) error {
	older, err := s.age()
	if err != nil {
		return err
	}
	at, err := openOperatorStore(c, s.Config)
	if err != nil {
		return err
	}
	profiles := sortedProfiles(at.file.Profiles)
	if err := uploads.CheckSweep(profiles, older); err != nil {
		return badUsage("%s", strings.ReplaceAll(strings.ReplaceAll(err.Error(), "\n", "; "), "uploads: ", ""))
	}
	list := &sweepList{out: c.stdout, asJSON: s.JSON, now: time.Now()}
	var report findings.Report
	if !at.store.Provider.ListsUploads {
		report.Add(findings.Finding{Code: uploadsUnlisted, Severity: findings.Note,
			Sentence: "the store can't list multipart uploads, so nothing was looked for",
			Remedy:   "let a lifecycle rule abort them: postern setup --config " + s.Config + " --format steps"})
		return list.end(&report)
	}
	for _, p := range uploads.SweepSkips(profiles) {
		report.Add(findings.Finding{Code: setup.PrefixEmpty, Severity: findings.Note, Bucket: p.Bucket, Profile: p.Name,
			Sentence: "the keys begin with a placeholder and can't be told from others in the bucket, so the profile was left out", Remedy: "profiles." + p.Name + ".key: begin it with a folder, such as uploads/" + p.Key})
	}
	err = uploads.Sweep{Client: at.client, Profiles: profiles, Older: older, Apply: s.Apply, Found: list.add}.Run(c)
	if errors.Is(err, errPrint) {
		return err
	}
	report.Add(at.sweepFindings(c, err)...)
	if list.count > 0 && !s.Apply {
		report.Add(findings.Finding{Code: uploadsAbandoned, Severity: findings.Fault,
			Sentence: fmt.Sprintf("%d abandoned multipart uploads hold %d bytes", list.count, list.bytes), Remedy: s.applyCommand()})
	}
	return list.end(&report)
}

// applyCommand aborts what this command has listed.
func (s *sweepCommand) applyCommand() string {
	command := "postern sweep " + configFlag(s.Config)
	if s.Older != "" {
		command += " --older " + s.Older
	}
	return command + " --apply"
}

// sweepFindings says for each bucket why its sweep failed.
func (at operatorStore) sweepFindings(ctx context.Context, err error) (found []findings.Finding) {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return []findings.Finding{{Code: sweepFailed, Severity: findings.Fault, Sentence: "interrupted: not all uploads were looked at", Remedy: "run it again"}}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []findings.Finding{{Code: sweepFailed, Severity: findings.Fault, Sentence: "the sweep failed", Evidence: innermostReason(err), Remedy: "see the evidence"}}
	}
	for _, err := range joined.Unwrap() {
		var failed *uploads.SweepError
		if !errors.As(err, &failed) {
			continue // CheckSweep's, which was called before
		}
		known, evidence := doctor.ExplainError(failed.Err, at.file, at.store, failed.Bucket)
		if len(known) == 0 {
			known = []findings.Finding{{Code: sweepFailed, Severity: findings.Fault, Bucket: failed.Bucket, Evidence: evidence, Sentence: "uploads can't be listed or aborted",
				Remedy: "where the store denies access, use credentials that may do s3:ListBucketMultipartUploads, s3:ListMultipartUploadParts and s3:AbortMultipartUpload"}}
		}
		found = append(found, known...)
	}
	return found
}

// age reads --older; 0 where it isn't given.
func (s *sweepCommand) age() (time.Duration, error) {
	if s.Older == "" {
		return 0, nil
	}
	older, err := config.ParseDuration(s.Older)
	if err != nil || older <= 0 {
		return 0, badUsage("--older: wants an age above zero such as 8d or 200h, got %q", s.Older)
	}
	return older, nil
}

var errPrint = errors.New("print")

// sweepList prints what is found, a line or a member of a JSON list each.
type sweepList struct {
	out    io.Writer
	asJSON bool
	now    time.Time
	count  int
	bytes  int64
}

// add prints one upload.
func (l *sweepList) add(up uploads.AbandonedUpload) error {
	l.count++
	l.bytes += up.Size
	var err error
	if l.asJSON {
		before := ","
		if l.count == 1 {
			before = "{\"uploads\":["
		}
		text, marshalErr := json.Marshal(up)
		_, err = fmt.Fprintf(l.out, "%s\n%s", before, text)
		err = errors.Join(marshalErr, err)
	} else {
		state := "abandoned"
		if up.Aborted {
			state = "aborted"
		}
		_, err = fmt.Fprintf(l.out, "%s  %s  %d bytes  %q\n", state, l.now.Sub(up.Initiated).Round(time.Minute), up.Size, up.Bucket+"/"+up.Key)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errPrint, err)
	}
	return nil
}

// end prints the findings, and with JSON how many uploads there were. The error is the exit code.
func (l *sweepList) end(report *findings.Report) error {
	report.Sort()
	var err error
	if l.asJSON {
		if l.count == 0 {
			_, err = io.WriteString(l.out, "{\"uploads\":[")
		}
		text, marshalErr := json.Marshal(report.Findings)
		_, printErr := fmt.Fprintf(l.out, "],\n\"count\":%d,\"bytes\":%d,\"findings\":%s}\n", l.count, l.bytes, text)
		err = errors.Join(err, marshalErr, printErr)
	} else {
		_, err = fmt.Fprintf(l.out, "%d uploads, %d bytes\n%s", l.count, l.bytes, report.Text())
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errPrint, err)
	}
	if report.Faults() > 0 {
		return exitCode(exitFailed)
	}
	return nil
}

package uploads

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy/profile"
)

// Limits of a batch.
const (
	// MaxBatch is how many files one batch may have.
	MaxBatch = 100
	// batchTime is for how long a batch waits for the store. What isn't done by then is
	// Unavailable.
	batchTime = 25 * time.Second
	// batchCalls is how many files of a batch the store is asked about at the same time.
	batchCalls = 8
)

// IssuedFile is the outcome for one file of a batch: Issued, or the error that IssueFile returns.
type IssuedFile struct {
	Issued Issued
	Err    error
}

// IssueFiles issues uploads for several files, at most MaxBatch. The outcomes are in the order of
// the files, and so are the charges: where a quota ends, it is the last files that are refused. One
// that is refused spoils none of the others.
func (s *Service) IssueFiles(ctx context.Context, p *ServedProfile, v Visitor, files []profile.File) []IssuedFile {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	out := make([]IssuedFile, len(files))
	charged := make([]chargedPlan, len(files))
	for i, file := range files {
		out[i].Err = charged[i].charge(ctx, s, p, v, false, filePlan(p, v, file))
	}
	inTurn(len(files), func(i int) {
		if out[i].Err == nil {
			out[i].Err = charged[i].sign(ctx, s, p)
			out[i].Issued = charged[i].issued
		}
	})
	recordFiles(ctx, s, p, out, charged)
	for _, file := range out {
		s.observer.issue(p, v, false, file.Err)
	}
	return out
}

// recordFiles records the files of a batch that were signed, all at once. Where that fails, those
// are refused.
func recordFiles(ctx context.Context, s *Service, p *ServedProfile, out []IssuedFile, charged []chargedPlan) {
	var signed []Upload
	for _, file := range out {
		if file.Err == nil {
			signed = append(signed, file.Issued.Upload)
		}
	}
	err := s.recorder.issue(ctx, signed...)
	if err == nil {
		return
	}
	inTurn(len(out), func(i int) {
		if out[i].Err == nil {
			charged[i].takeBack(ctx, s, p)
			out[i] = IssuedFile{Err: err}
		}
	})
}

// inTurn calls do for 0 to n-1, batchCalls at the same time.
func inTurn(n int, do func(int)) {
	slots := make(chan struct{}, batchCalls)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	all.Wait()
}

// Completion is one upload of a batch that is to be completed, with the checksum of the whole file,
// "" where the caller names none. Err is why the upload couldn't be opened; then it is the outcome.
type Completion struct {
	Upload   OpenUpload
	Checksum string
	Err      error
}

// CompletedFile is the outcome for one upload of a batch: Completed, or the error that Complete
// returns.
type CompletedFile struct {
	Completed Completed
	Err       error
}

// errBatchTime says that the store takes longer than a batch waits. What has begun is completed all
// the same, and asking again tells.
var errBatchTime = errors.New("uploads: the store takes longer than a batch waits")

// CompleteFiles completes several uploads, at most MaxBatch. The outcomes are in the order of the
// completions. What the store hasn't answered within 25 seconds is Unavailable.
func (s *Service) CompleteFiles(ctx context.Context, completions []Completion) []CompletedFile {
	ctx, cancel := context.WithTimeout(ctx, batchTime)
	defer cancel()
	type outcome struct {
		index int
		file  CompletedFile
	}
	outcomes := make(chan outcome, len(completions))
	go inTurn(len(completions), func(i int) {
		if ctx.Err() == nil {
			outcomes <- outcome{i, completions[i].complete(ctx, s)}
		}
	})
	out := make([]CompletedFile, len(completions))
	for i := range out {
		out[i].Err = problem.Unavailable(errBatchTime)
	}
	for range completions {
		select {
		case o := <-outcomes:
			out[o.index] = o.file
		case <-ctx.Done():
			return out
		}
	}
	return out
}

// complete is Complete for a goroutine of its own, in which nobody else would stop a panic of the
// application's OnComplete.
func (c Completion) complete(ctx context.Context, s *Service) (out CompletedFile) {
	defer func() {
		if p := recover(); p != nil {
			out.Err = &problem.Error{Code: problem.Internal, Err: fmt.Errorf("uploads: panic: %v\n%s", p, debug.Stack())}
		}
	}()
	if out.Err = c.Err; out.Err == nil {
		out.Completed, out.Err = s.Complete(ctx, c.Upload, c.Checksum)
	}
	return out
}

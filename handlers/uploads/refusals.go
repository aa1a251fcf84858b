package uploads

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

// ObjectError says that a stored object breaks its plan and has to be deleted. Once it is returned
// to a caller, the object has been.
type ObjectError struct {
	Problem *problem.Error // with Limits
	Found   string         // the content type of the object's bytes; "" where the type isn't at fault
}

// Error implements error.
func (e *ObjectError) Error() string { return e.Problem.Error() }

// Unwrap returns the problem.
func (e *ObjectError) Unwrap() error { return e.Problem }

func (up OpenUpload) objectError(code problem.Code, detail string) *ObjectError {
	limits := &problem.Limits{MinSize: up.MinSize, MaxSize: up.MaxSize, Types: up.Served.Settings.Types}
	return &ObjectError{Problem: &problem.Error{Code: code, Detail: detail, Limits: limits}}
}

// wrongType says that an object's bytes are of the type found, and what would have been accepted.
func (up OpenUpload) wrongType(found string) *ObjectError {
	list := strings.Join(up.Served.Settings.Types, ", ")
	detail := fmt.Sprintf("the content of the file looks like %s: wanted %s, as the upload was begun", found, up.Type)
	switch {
	case profile.Active(found) && !up.Served.Allows(found):
		detail = fmt.Sprintf("the content of the file looks like %s, which can run script: wanted one of %s, without script", found, list)
	case up.Type == "":
		detail = fmt.Sprintf("the content of the file looks like %s: wanted one of %s", found, list)
	}
	e := up.objectError(problem.TypeNotAllowed, detail)
	e.Problem.Field, e.Found = "type", found
	return e
}

// otherType says that an object was stored with another content type than the signed one.
func (up OpenUpload) otherType(stored string) *ObjectError {
	e := up.objectError(problem.TypeNotAllowed, fmt.Sprintf("the object is stored with another content type: wanted %s, got %.120q", up.Type, stored))
	e.Problem.Field = "type"
	return e
}

// removeRefused deletes an object that breaks its plan, as err says, and returns err. Where err
// says anything else, such as that the store couldn't be asked, nothing is deleted.
func (s verifier) removeRefused(ctx context.Context, up OpenUpload, found *s3.HeadObjectOutput, err error) error {
	var refused *ObjectError
	if !errors.As(err, &refused) {
		return err
	}
	if up.Served.Settings.Quarantine != "" && aws.ToInt64(found.ContentLength) <= policy.MaxPostBytes {
		if err := s.recorder.alone(ctx, up.ID, func() error { return problem.Unavailable(s.store.quarantine(ctx, up, found)) }); err != nil {
			return err
		}
	}
	if err := s.store.deleteFound(ctx, up, found); err != nil {
		return problem.Unavailable(err)
	}
	s.charges.settle(ctx, up.Plan, 0, false)
	s.refusals.put(up.ID, refused)
	return refused
}

// maxRefusals bounds the memory of why objects were refused: a courtesy to callers who ask again.
const maxRefusals = 4096

package uploads

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/handlers/problem"
)

// Errors of CheckObject.
var (
	// ErrObjectDeleted says that there is no object any more.
	ErrObjectDeleted = errors.New("uploads: the object was deleted")
	// ErrObjectReplaced says that another object, or version, is in its place.
	ErrObjectReplaced = errors.New("uploads: the object was replaced")
)

// CheckObject asks the store whether the object at o's key still is o: by version where it has one,
// else by ETag, and by its size in bytes. Any error but ErrObjectDeleted and ErrObjectReplaced is
// UnknownProfile, or says that the store gave no answer.
func (s *Service) CheckObject(ctx context.Context, profileName, bucket string, o Object, size int64) error {
	p, err := s.Profile(profileName)
	if err != nil {
		return err
	}
	if p.Settings.Bucket != bucket { // the server's credentials are for the buckets of today's profiles
		return errUnknownProfile
	}
	found, err := within(ctx, s.store.timeout, s.store.client.HeadObject, &s3.HeadObjectInput{Bucket: &bucket, Key: &o.Key})
	switch {
	case isNoSuchObject(err):
		return ErrObjectDeleted
	case err != nil:
		return problem.Unavailable(err)
	case !(Completed{Version: o.Version, ETag: o.ETag}).isObject(found) || aws.ToInt64(found.ContentLength) != size:
		return ErrObjectReplaced
	}
	return nil
}

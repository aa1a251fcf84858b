package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/uploads"
)

// assumedLifetime is how long a role is assumed for: the longest that AWS allows to credentials
// that come from a role themselves. Forms and URLs end before it does.
const assumedLifetime = time.Hour

// newUploadCredentials returns what visitors' forms and URLs are signed with; nil where the config
// leaves that to the server's own credentials. They are asked for at once, so that a role that
// can't be assumed shows at start.
func newUploadCredentials(ctx context.Context, access aws.Config, c config.UploadCredentials) (aws.CredentialsProvider, error) {
	provider, err := uploadCredentialsProvider(ctx, access, c)
	if provider == nil || err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if _, err := provider.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("store.upload_credentials: %w", oneLine(err))
	}
	return provider, nil
}

// uploadCredentialsProvider makes the provider that the config names: the key itself, a role that
// the server's own credentials assume, or a profile of the SDK's shared files.
func uploadCredentialsProvider(ctx context.Context, access aws.Config, c config.UploadCredentials) (aws.CredentialsProvider, error) {
	switch {
	case c.AccessKeyID != "":
		return credentials.NewStaticCredentialsProvider(c.AccessKeyID, string(c.SecretAccessKey), string(c.SessionToken)), nil
	case c.RoleARN != "":
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(access), c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.Duration = "postern-uploads", assumedLifetime
		})
		return aws.NewCredentialsCache(role), nil
	case c.Profile != "":
		own, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(access.Region), awsconfig.WithSharedConfigProfile(c.Profile))
		if err != nil {
			return nil, fmt.Errorf("store.upload_credentials.profile: %w", oneLine(err))
		}
		return own.Credentials, nil
	}
	return nil, nil
}

// warnOfSharedCredentials warns where visitors could make the store act with the server's own
// rights: the store may obey headers that weren't signed, and one access key does both.
func warnOfSharedCredentials(ctx context.Context, log *slog.Logger, store uploads.Store) {
	if store.Provider.RefusesUnsigned {
		return
	}
	if store.UploadCredentials != nil {
		own, err := store.Credentials.Retrieve(ctx)
		visitors, errVisitors := store.UploadCredentials.Retrieve(ctx)
		if err != nil || errVisitors != nil || own.AccessKeyID != visitors.AccessKeyID {
			return
		}
	}
	log.Warn("the server's own credentials sign what visitors hold; where the store obeys headers that weren't signed, a visitor can copy any object that the server can read: set store.upload_credentials",
		slog.String("key", "store.upload_credentials"), slog.String("provider", store.Provider.Name))
}

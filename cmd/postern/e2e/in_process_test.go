package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// newHandlers returns the handlers of a server at uploadsOrigin in this process, with the given
// profiles. Nothing listens at the endpoint of its store; configure may change that, and more.
func newHandlers(t *testing.T, profiles []profile.Profile, configure func(*handlers.Config)) *handlers.Handlers {
	t.Helper()
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	config := handlers.Config{
		PublicURL: uploadsOrigin, Profiles: profiles, TokenKeys: []sigv4.Secret{"the token key of a server in the test process"},
		Store: uploads.Store{
			Client:      s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), Credentials: keys}),
			Credentials: keys, Region: "us-east-1", Endpoint: "http://127.0.0.1:1", PathStyle: true, Provider: uploads.Provider{PostPolicy: true},
		},
	}
	if configure != nil {
		configure(&config)
	}
	h, err := handlers.New(config)
	must(t, err)
	return h
}

// echoServer serves the routes of handlers.
func echoServer(h *handlers.Handlers) *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = h.HTTPErrorHandler
	h.Register(e.Group(""))
	return e
}

package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

type credentialsRequest struct {
	profileName
}

func (credentialsRequest) check() error { return nil }

type credentialsResponse struct {
	Credentials accessKeyResponse `json:"credentials"`
	Bucket      string            `json:"bucket"`
	Prefix      string            `json:"prefix"`
	Region      string            `json:"region"`
	Endpoint    string            `json:"endpoint"`
}

type accessKeyResponse struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	Expires         string `json:"expires"`
}

// createCredentials answers POST /uploads/credentials. Asking again gives fresh ones.
func (h uploadRoutes) createCredentials(c echo.Context) error {
	var body credentialsRequest
	p, visitor, err := h.readProfileRequest(c, maxBody, &body)
	if err != nil {
		return err
	}
	made, err := h.service.MakeCredentials(c.Request().Context(), p.ServedProfile, visitor)
	if err != nil {
		return err
	}
	// The conversions by way of bytes are needed: a Secret prints itself as redacted.
	key := accessKeyResponse{AccessKeyID: made.Credentials.AccessKeyID, Expires: instant(made.Credentials.Expires),
		SecretAccessKey: string([]byte(made.Credentials.SecretAccessKey)),
		SessionToken:    string([]byte(made.Credentials.SessionToken))}
	return c.JSON(http.StatusCreated, credentialsResponse{Credentials: key, Bucket: made.Bucket, Prefix: made.Prefix,
		Region: made.Region, Endpoint: made.Endpoint})
}

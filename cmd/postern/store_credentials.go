package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/postern-dev/postern/cmd/postern/config"
)

// loadStoreAccess finds the server's own credentials: by the variables and files of the provider's
// own, and else by the SDK's usual chain.
func loadStoreAccess(ctx context.Context, store config.Store, getenv func(string) string) (aws.Config, error) {
	own, err := providerCredentials(store.Provider, store.CredentialsFile, getenv)
	if err != nil {
		return aws.Config{}, err
	}
	if own == nil {
		return loadAccess(ctx, store.Region)
	}
	ctx, cancel := context.WithTimeout(ctx, credentialsTimeout)
	defer cancel()
	if _, err := own.Retrieve(ctx); err != nil {
		return aws.Config{}, noCredentials(err)
	}
	return aws.Config{Region: store.Region, Credentials: own}, nil
}

// providerCredentials are those of the provider's own variables and files; nil without any.
func providerCredentials(provider, file string, getenv func(string) string) (aws.CredentialsProvider, error) {
	switch provider {
	case "oss":
		return alibabaCredentials(getenv), nil
	case "gcs":
		return serviceAccount(cmp.Or(file, getenv("GOOGLE_APPLICATION_CREDENTIALS")))
	}
	return nil, nil
}

// serviceAccount reads a service account's key as the Google Cloud console writes it. The e-mail
// address is the access key ID, the private key in PEM the secret: package awscreds makes a signer
// with RSA of them. nil for no file.
func serviceAccount(file string) (aws.CredentialsProvider, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("store.credentials_file: %w", err)
	}
	var key struct {
		Type       string `json:"type"`
		Email      string `json:"client_email"`
		PrivateKey string `json:"private_key"`
	}
	if err := json.Unmarshal(text, &key); err != nil || key.Type != "service_account" || key.Email == "" || key.PrivateKey == "" {
		return nil, fmt.Errorf("store.credentials_file: %q: wanted a service account's key in JSON, with client_email and private_key", file)
	}
	return credentials.NewStaticCredentialsProvider(key.Email, key.PrivateKey, ""), nil
}

// alibabaCredentials are those of Alibaba Cloud's own variables ("Configure access credentials" in
// the OSS documentation): an access key, or the RAM role of the machine. nil without either.
func alibabaCredentials(getenv func(string) string) aws.CredentialsProvider {
	if id, secret := getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"), getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"); id != "" && secret != "" {
		return credentials.NewStaticCredentialsProvider(id, secret, getenv("ALIBABA_CLOUD_SECURITY_TOKEN"))
	}
	if role := getenv("ALIBABA_CLOUD_ECS_METADATA"); role != "" {
		return aws.NewCredentialsCache(ramRole{role: role, address: "http://100.100.100.200"})
	}
	return nil
}

// ramRole asks a machine of Alibaba Cloud for the credentials of its role ("Instance RAM roles" in
// the ECS documentation).
type ramRole struct {
	role, address string
}

// maxMetadata is more than the metadata service answers, in bytes.
const maxMetadata = 64 << 10

// Retrieve implements aws.CredentialsProvider.
func (r ramRole) Retrieve(ctx context.Context) (aws.Credentials, error) {
	token, err := r.call(ctx, http.MethodPut, "/latest/api/token", "X-aliyun-ecs-metadata-token-ttl-seconds", "300")
	if err != nil {
		return aws.Credentials{}, err
	}
	text, err := r.call(ctx, http.MethodGet, "/latest/meta-data/ram/security-credentials/"+r.role, "X-aliyun-ecs-metadata-token", string(token))
	if err != nil {
		return aws.Credentials{}, err
	}
	var answer struct {
		Code, AccessKeyID, AccessKeySecret, SecurityToken string
		Expiration                                        time.Time
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Code != "Success" || answer.AccessKeyID == "" {
		return aws.Credentials{}, errors.New("RAM role: the machine's metadata service gave no credentials")
	}
	return aws.Credentials{AccessKeyID: answer.AccessKeyID, SecretAccessKey: answer.AccessKeySecret, SessionToken: answer.SecurityToken,
		CanExpire: true, Expires: answer.Expiration, Source: "RAM role"}, nil
}

// call asks the metadata service with one header; any answer but 200 is an error.
func (r ramRole) call(ctx context.Context, method, path, header, value string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.address, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set(header, value)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("RAM role: the machine's metadata service answered %d to %s", answer.StatusCode, path)
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxMetadata))
}

package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/cmd/postern/config"
	"github.com/postern-dev/postern/handlers/awscreds"
)

// serviceAccountFile writes a service account's key as the console does, with one member changed.
func serviceAccountFile(t *testing.T, change func(map[string]string)) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{"type": "service_account", "client_email": "uploads@project.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
	if change != nil {
		change(members)
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	write(t, file, string(text))
	return file
}

func TestAServiceAccountsKeyIsRead(t *testing.T) {
	t.Parallel()
	file := serviceAccountFile(t, nil)
	for name, c := range map[string]struct {
		store config.Store
		env   map[string]string
	}{
		"from the config file":   {config.Store{Provider: "gcs", CredentialsFile: file}, nil},
		"from Google's variable": {config.Store{Provider: "gcs"}, map[string]string{"GOOGLE_APPLICATION_CREDENTIALS": file}},
	} {
		access, err := loadStoreAccess(t.Context(), c.store, func(name string) string { return c.env[name] })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := access.Credentials.Retrieve(t.Context())
		if err != nil || got.AccessKeyID != "uploads@project.iam.gserviceaccount.com" || awscreds.Credentials(got).PrivateKey == nil {
			t.Errorf("%s: got %q, %v", name, got.AccessKeyID, err)
		}
	}
	for name, change := range map[string]func(map[string]string){
		"a user's credentials": func(m map[string]string) { m["type"] = "authorized_user" },
		"no address":           func(m map[string]string) { m["client_email"] = "" },
		"no key":               func(m map[string]string) { m["private_key"] = "" },
	} {
		_, err := serviceAccount(serviceAccountFile(t, change))
		if err == nil || !strings.Contains(err.Error(), "store.credentials_file") || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := serviceAccount(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("no file: got %v", err)
	}
}

func TestAlibabaCloudsOwnVariablesGiveCredentials(t *testing.T) {
	t.Parallel()
	env := map[string]string{"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret", "ALIBABA_CLOUD_SECURITY_TOKEN": "token"}
	access, err := loadStoreAccess(t.Context(), config.Store{Provider: "oss", Region: "cn-hangzhou"}, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	got, err := access.Credentials.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "LTAI" || got.SecretAccessKey != "secret" || got.SessionToken != "token" {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}

func TestAMachinesRAMRoleGivesCredentials(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
			_, _ = fmt.Fprint(w, "metadata-token")
		case r.Header.Get("X-aliyun-ecs-metadata-token") != "metadata-token":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/latest/meta-data/ram/security-credentials/uploads":
			_, _ = fmt.Fprintf(w, `{"AccessKeyId":"STS.1","AccessKeySecret":"secret","SecurityToken":"token","Expiration":%q,"Code":"Success"}`, end.Format(time.RFC3339))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(machine.Close)
	got, err := ramRole{role: "uploads", address: machine.URL}.Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "STS.1" || got.SessionToken != "token" || !got.CanExpire || !got.Expires.Equal(end) {
		t.Errorf("got %q until %s, %v", got.AccessKeyID, got.Expires, err)
	}
	if _, err := (ramRole{role: "other", address: machine.URL}).Retrieve(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a role that isn't the machine's: got %v", err)
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/postern-dev/postern/cmd/postern/doctor"
)

var interrupted = regexp.MustCompile(`^interrupted, \d+ of \d+ checks done, test objects removed$`)

// TestDoctorLeavesNothingBehindWhenItIsStopped ends the doctor, as Ctrl-C does, in the middle of
// its writes.
func TestDoctorLeavesNothingBehindWhenItIsStopped(t *testing.T) {
	store, proxy := startFaultyStore(t)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig+morePhotos))
	for _, after := range []int64{5, 20, 60} {
		ctx, stop := context.WithCancel(t.Context())
		var puts atomic.Int64
		proxy.have(func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && puts.Add(1) == after {
				stop()
			}
			p.plain.ServeHTTP(w, r)
		})
		var out strings.Builder
		getenv := func(name string) string { return doctorEnvironment[name] }
		code := run(ctx, []string{"doctor", "--config", name, "--json"}, getenv, &out, io.Discard)
		stop()
		proxy.have(nil)
		var result doctor.Result
		if err := json.Unmarshal([]byte(out.String()), &result); err != nil || len(result.Findings) == 0 || result.Findings[0].Code != "stopped" || result.Faults() != 1 || code != exitFailed ||
			!interrupted.MatchString(result.Findings[0].Sentence) {
			t.Errorf("stopped after %d writes: %v: %s", after, err, &out)
		}
		wantNothingLeft(t, store, "media")
	}
}

// TestDoctorIsStoppedDuringItsCleanUp: all checks are made, and the exit code still isn't 0.
func TestDoctorIsStoppedDuringItsCleanUp(t *testing.T) {
	store, proxy := startFaultyStore(t)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	proxy.have(func(p *storeProxy, w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/media/refused/") && r.Method == http.MethodDelete { // only the clean-up does that
			stop()
		}
		p.plain.ServeHTTP(w, r)
	})
	var out strings.Builder
	code := run(ctx, []string{"doctor", "--config", name}, func(name string) string { return doctorEnvironment[name] }, &out, io.Discard)
	if code != exitFailed || !strings.Contains(out.String(), "interrupted, ") || strings.Contains(out.String(), "canceled") {
		t.Errorf("exit code %d: %s", code, &out)
	}
	wantNothingLeft(t, store, "media")
}

// TestDoctorNamesEachObjectThatItCouldntRemove: the names are told once, although three profiles
// lack the right, and nothing is named that isn't there.
func TestDoctorNamesEachObjectThatItCouldntRemove(t *testing.T) {
	store, proxy := startFaultyStore(t)
	proxy.have(deny(func(r s3Request) bool { return r.Method == http.MethodDelete }))
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig+morePhotos))
	text := invoke(t, doctorEnvironment, "doctor", "--config", name).stdout
	objects, err := store.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("media")})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects.Contents {
		if command := "aws s3 rm s3://media/" + *o.Key + " --endpoint-url " + proxy.URL + "\n"; strings.Count(text, command) != 1 {
			t.Errorf("wanted %s once", command)
		}
	}
	list, err := store.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("media")})
	if err != nil {
		t.Fatal(err)
	}
	for _, up := range list.Uploads {
		command := "aws s3api abort-multipart-upload --bucket media --key " + *up.Key + " --upload-id " + *up.UploadId + " --endpoint-url " + proxy.URL + "\n"
		if strings.Count(text, command) != 1 {
			t.Errorf("wanted %s once", command)
		}
	}
	sentence := fmt.Sprintf("%d test objects and %d unfinished multipart uploads couldn't be removed", len(objects.Contents), len(list.Uploads))
	if len(objects.Contents) == 0 || len(list.Uploads) == 0 || strings.Count(text, "couldn't be removed") != 1 || !strings.Contains(text, sentence) {
		t.Errorf("wanted %s once, got\n%s", sentence, text)
	}
}

// TestDoctorNamesNothingLeftWhereItWroteNothing: no write got to the store, and the store doesn't
// say what it has.
func TestDoctorNamesNothingLeftWhereItWroteNothing(t *testing.T) {
	useOperator(t)
	store, proxy := startFaultyStore(t)
	for _, c := range []struct {
		name, endpoint, from, to string
		fault                    func(*storeProxy, http.ResponseWriter, *http.Request)
	}{
		{"a wrong secret", proxy.URL, "", "", answerTo(func(s3Request) bool { return true }, 403, "SignatureDoesNotMatch")},
		{"a wrong region", proxy.URL, "region: us-east-1", "region: eu-central-1", nil},
		{"a redirect to another region", proxy.URL, "", "", answerTo(func(s3Request) bool { return true }, 301, "PermanentRedirect")},
		{"a closed port", "http://127.0.0.1:1", "", "", nil},
		{"an unknown host", "http://store.invalid:9000", "", "", nil},
		{"a name that no bucket has", proxy.URL, "bucket: media", "bucket: medias", nil},
	} {
		proxy.have(c.fault)
		config := strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", c.endpoint).Replace(soundConfig)
		result, got := examine(t, strings.Replace(config, c.from, c.to, 1))
		if got.code != exitFailed || strings.Contains(got.stdout, "left_behind") {
			t.Errorf("%s: exit code %d, %+v", c.name, got.code, result.Findings)
		}
	}
	wantNothingLeft(t, store, "media")
}

// TestDoctorTouchesNothingButItsOwn has an object below the doctor's own prefix and one where a key
// without an ID would lie.
func TestDoctorTouchesNothingButItsOwn(t *testing.T) {
	store, proxy := startFaultyStore(t)
	bucket, before := "media", map[string]string{}
	for _, key := range []string{"users/postern-doctor/mine.png", "users/alice/a", "users/logo.png", "refused/users/a"} {
		out, err := store.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(key)})
		if err != nil {
			t.Fatal(err)
		}
		before[key] = *out.ETag
	}
	config := strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig) +
		`  logo: {bucket: media, key: "users/logo.png", types: [image/png], size: 1..10MiB, insecure_key: true}` + "\n"
	result, _ := examine(t, config)
	told := false
	for _, f := range result.Findings {
		told = told || f.Code == "key_shared" && f.Profile == "logo"
	}
	if !told || len(faults(result.Findings)) > 0 {
		t.Errorf("got %+v", result.Findings)
	}
	objects, err := store.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || len(objects.Contents) != len(before) {
		t.Fatalf("objects: %v, %v", objects.Contents, err)
	}
	for _, o := range objects.Contents {
		if before[*o.Key] != *o.ETag {
			t.Errorf("%s was changed", *o.Key)
		}
	}
}

func TestDoctorPrintsNoSecretAndNoSignature(t *testing.T) {
	_, proxy := startFaultyStore(t)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig))
	for what, fault := range map[string]func(*storeProxy, http.ResponseWriter, *http.Request){
		"refuses all": answerTo(func(s3Request) bool { return true }, 403, "SignatureDoesNotMatch"),
		"hangs up":    func(_ *storeProxy, w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"tells all": func(_ *storeProxy, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(400)
			_, _ = io.WriteString(w, "<Error><Code>Bad</Code><Message>no</Message><StringToSign>"+r.URL.RawQuery+"</StringToSign></Error>")
		},
	} {
		proxy.have(fault)
		for _, flags := range [][]string{{"--json"}, {"--learn"}} {
			got := invoke(t, doctorEnvironment, append([]string{"doctor", "--config", name}, flags...)...)
			for _, secret := range []string{serveTokenKey, serveTicketKey, serveSecret, uploaderSecret, "X-Amz-Signature", "X-Amz-Credential"} {
				if strings.Contains(got.stdout+got.stderr, secret) {
					t.Errorf("%s: %s is in the output:\n%s%s", what, secret, got.stdout, got.stderr)
				}
			}
			if got.code != exitFailed {
				t.Errorf("%s: exit code %d", what, got.code)
			}
		}
	}
}

// TestDoctorLearnsWhatDiffersFromTheRecord: the record of other says less than the embedded store
// does. What is learnt is ready to paste, and with it the doctor has nothing more to say.
func TestDoctorLearnsWhatDiffersFromTheRecord(t *testing.T) {
	_, proxy := startFaultyStore(t)
	config := strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL, "provider: versity", "provider: other", "checksum: crc32, ", "", ", tags: {stage: inbox}", "").Replace(soundConfig)
	learned, _ := examine(t, config, "--learn")
	for ability, can := range map[string]bool{"post_policy": true, "covers_fields": true, "strict_ranges": true, "refuses_unsigned": true, "crc32": true, "crc64nvme": true,
		"conditional_put": true, "conditional_complete": true, "complete_size": true, "cors_calls": true, "list_uploads": true} {
		if got, told := learned.Can[ability]; !told || got != can {
			t.Errorf("%s: wanted %t, got %t (told: %t)", ability, can, got, told)
		}
	}
	for _, same := range []string{"md5", "lifecycle_calls"} {
		if _, told := learned.Can[same]; told {
			t.Errorf("%s is as in the record, and was told", same)
		}
	}
	name := filepath.Join(t.TempDir(), "postern.yaml")
	write(t, name, config)
	text := invoke(t, doctorEnvironment, "doctor", "--config", name, "--learn").stdout
	block, _, found := strings.Cut(text, "\nnote:")
	if !found || !strings.HasPrefix(block, "store:\n  can:\n") {
		t.Fatalf("no block to paste:\n%s", text)
	}
	pasted := strings.Replace(config, "  path_style: true\n", "  path_style: true\n"+strings.TrimPrefix(block, "store:\n")+"\n", 1)
	again, _ := examine(t, pasted)
	if len(faults(again.Findings)) > 0 {
		t.Errorf("with %s\n%+v", block, again.Findings)
	}
}

func TestDoctorEndsSoonWhereNothingAnswers(t *testing.T) {
	useOperator(t)
	begun := time.Now()
	result, got := examine(t, serveConfig("http://127.0.0.1:1", "127.0.0.1:0"))
	if got.code != exitFailed || result.Findings[0].Code != "store_unreachable" || time.Since(begun) > 30*time.Second {
		t.Errorf("exit code %d after %v, %+v", got.code, time.Since(begun), result.Findings)
	}
	for _, f := range faults(result.Findings)[1:] {
		if f.Follows != "store_unreachable" {
			t.Errorf("a finding beside the cause: %+v", f)
		}
	}
}

func TestDoctorNamesMistakesInTheFileAndExitsTwo(t *testing.T) {
	useOperator(t)
	name := filepath.Join(t.TempDir(), "postern.yaml")
	for text, want := range map[string]string{
		serveConfig("http://store.example.com", "127.0.0.1:0", "http://127.0.0.1:8080", "https://uploads.example.com"): "store.endpoint: wants https, or a public_endpoint with https",
		serveConfig("http://127.0.0.1:1", "127.0.0.1:0", "size:", "sise:"):                                             `unknown key "sise"`,
	} {
		write(t, name, text)
		got := invoke(t, doctorEnvironment, "doctor", "--config", name)
		if got.code != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, want) {
			t.Errorf("wanted %q, got %+v", want, got)
		}
	}
}

func TestDoctorSaysWhichCredentialsAreMissing(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	result, got := examine(t, serveConfig("http://127.0.0.1:1", "127.0.0.1:0"))
	if got.code != exitFailed || len(result.Findings) != 1 || result.Findings[0].Code != "credentials_missing" || !strings.Contains(result.Findings[0].Sentence, "AWS_ACCESS_KEY_ID") {
		t.Errorf("exit code %d, %+v", got.code, result.Findings)
	}
}

// TestDoctorSaysAtTheEndThatAllIsWell runs it with a file name that a shell would split.
func TestDoctorSaysAtTheEndThatAllIsWell(t *testing.T) {
	_, proxy := startFaultyStore(t)
	name := filepath.Join(t.TempDir(), "my postern.yaml")
	write(t, name, strings.NewReplacer("LISTEN", "127.0.0.1:0", "STORE", proxy.URL).Replace(soundConfig))
	got := invoke(t, doctorEnvironment, "doctor", "--config", name)
	if got.code != exitDone || !regexp.MustCompile(`(?m)^\d+ checks, nothing to mend\n\z`).MatchString(got.stdout) {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(got.stdout, "mend: postern serve --config '"+name+"'") {
		t.Errorf("the name isn't quoted: %s", got.stdout)
	}
}

package attacks

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// headerless are the fields of the SDK's inputs that are in the address or the body of a request.
var headerless = []string{"Body", "Bucket", "Key", "PartNumber", "UploadId"}

// sdkHeaders lists the headers that the SDK sends for the fields of PutObject, UploadPart and
// CreateMultipartUpload, and of the copies that a PUT becomes by a header. It goes over the fields
// by reflection: a field of a later SDK has its headers here at once.
func sdkHeaders(t testing.TB) []string {
	t.Helper()
	var all []string
	all = append(all, headersOf(t, (*s3.Client).PutObject)...)
	all = append(all, headersOf(t, (*s3.Client).UploadPart)...)
	all = append(all, headersOf(t, (*s3.Client).CreateMultipartUpload)...)
	all = append(all, headersOf(t, (*s3.Client).CopyObject)...)
	all = append(all, headersOf(t, (*s3.Client).UploadPartCopy)...)
	slices.Sort(all)
	return slices.Compact(all)
}

// headersOf sends a request for each field of an operation's input and returns the names of the
// headers that only requests with such a field have.
func headersOf[I, O any](t testing.TB, operation func(*s3.Client, context.Context, *I, ...func(*s3.Options)) (O, error)) []string {
	t.Helper()
	without := requestHeaders(t, operation, func(reflect.Value) {})
	var names []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		if !field.IsExported() {
			continue
		}
		before := len(names)
		with := requestHeaders(t, operation, func(in reflect.Value) { fill(t, in.FieldByIndex(field.Index), "sample/b") })
		for name, values := range with {
			if lower := strings.ToLower(name); !slices.Equal(values, without[name]) && !isPerRequest(lower) {
				names = append(names, lower)
			}
		}
		if len(names) == before && !slices.Contains(headerless, field.Name) {
			t.Errorf("%s.%s: wanted a header for it, got none", reflect.TypeFor[I](), field.Name)
		}
	}
	return names
}

// isPerRequest reports whether a header differs between any two requests of the SDK.
func isPerRequest(name string) bool {
	return name == "authorization" || name == "x-amz-date" || name == "user-agent" || strings.HasPrefix(name, "amz-sdk-")
}

// requestHeaders returns the headers of the request that an operation makes of an input. Nothing is
// sent.
func requestHeaders[I, O any](t testing.TB, operation func(*s3.Client, context.Context, *I, ...func(*s3.Options)) (O, error), edit func(reflect.Value)) http.Header {
	t.Helper()
	in := reflect.New(reflect.TypeFor[I]())
	for _, name := range append(headerless, "CopySource") {
		if field := in.Elem().FieldByName(name); field.IsValid() && field.Kind() == reflect.Pointer {
			fill(t, field, "sample/a")
		}
	}
	edit(in.Elem())
	var sent http.Header
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), UsePathStyle: true, Retryer: aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		Credentials:                credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: doer(func(r *http.Request) (*http.Response, error) {
			sent = r.Header.Clone()
			if r.ContentLength > 0 {
				sent.Set("Content-Length", "set")
			}
			return nil, errors.New("nothing is sent")
		})})
	if _, err := operation(client, t.Context(), in.Interface().(*I)); sent == nil {
		t.Fatalf("%s: no request: %v", reflect.TypeFor[I](), err)
	}
	return sent
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// fill sets a field of an input to some value that isn't its zero, a text to the given one.
func fill(t testing.TB, field reflect.Value, text string) {
	t.Helper()
	if values := field.MethodByName("Values"); values.IsValid() { // an enumeration
		field.Set(values.Call(nil)[0].Index(0))
		return
	}
	switch v := field.Addr().Interface().(type) {
	case **string:
		*v = &text
	case **int32:
		*v = aws.Int32(1)
	case **int64:
		*v = aws.Int64(1)
	case **bool:
		*v = aws.Bool(true)
	case **time.Time:
		*v = aws.Time(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	case *map[string]string:
		*v = map[string]string{"note": "sample"}
	default:
		if field.Kind() != reflect.Interface { // the body
			t.Fatalf("field of type %s: wanted a value for it", field.Type())
		}
	}
}

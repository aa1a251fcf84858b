package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/prometheus/client_golang/prometheus"
)

// storeSeconds are the bounds of the histogram, in seconds: to complete a large multipart upload
// may take minutes.
var storeSeconds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// noAnswer is the status of a call that the store gave no answer to.
const noAnswer = "none"

// storeMetrics count the calls of the store. Each attempt of the SDK is a call.
type storeMetrics struct{ seconds *prometheus.HistogramVec }

func newStoreMetrics(r prometheus.Registerer) storeMetrics {
	m := storeMetrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postern_store_call_seconds",
		Help: "Seconds that calls of the store took, by operation and HTTP status.", Buckets: storeSeconds}, []string{"operation", "status"})}
	r.MustRegister(m.seconds)
	return m
}

// addTo is an API option of the SDK's clients. It counts what goes to S3; a configuration makes
// clients of other services too.
func (m storeMetrics) addTo(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("PosternMetrics", m.measure), middleware.Before)
}

// measure times one attempt, with the reading of its answer unless that is an object.
func (m storeMetrics) measure(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	began := time.Now()
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if awsmiddleware.GetServiceID(ctx) == s3.ServiceID {
		m.seconds.WithLabelValues(awsmiddleware.GetOperationName(ctx), statusOf(out, err)).Observe(time.Since(began).Seconds())
	}
	return out, metadata, err
}

// statusOf is the HTTP status of an answer, as a label.
func statusOf(out middleware.DeserializeOutput, err error) string {
	status := 0
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response != nil && response.Response != nil {
		status = response.StatusCode
	} else if failed := (*awshttp.ResponseError)(nil); errors.As(err, &failed) {
		status = failed.HTTPStatusCode()
	}
	switch {
	case status == 0:
		return noAnswer
	case http.StatusText(status) == "": // whatever a store makes up
		return otherLabel
	}
	return strconv.Itoa(status)
}

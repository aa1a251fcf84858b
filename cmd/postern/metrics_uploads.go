package main

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/handlers/webhooks"
)

// otherLabel stands for whatever isn't in the list of a label's values.
const otherLabel = "other"

// Bounds of histograms, in seconds.
var (
	acceptanceSeconds = []float64{1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600}
	deliverySeconds   = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 15}
)

// outcomes are the outcomes that have a counter with the labels profile and way, and what the help
// says of each. Two have the code as well.
var outcomes = []struct {
	outcome  uploads.Outcome
	name     string
	withCode bool
	help     string
}{
	{uploads.OutcomeDenied, "postern_uploads_denied_total", true, "Requests for an upload that were refused, by error code."},
	{uploads.OutcomeIssued, "postern_uploads_issued_total", false, "Uploads that were signed."},
	{uploads.OutcomeArrived, "postern_uploads_arrived_total", false, "Uploads whose object was found at the store."},
	{uploads.OutcomeAccepted, "postern_uploads_accepted_total", false, "Uploads whose object was verified and accepted."},
	{uploads.OutcomeRefused, "postern_uploads_refused_total", true, "Uploads whose object broke the plan and was removed, by error code."},
	{uploads.OutcomeAborted, "postern_uploads_aborted_total", false, "Uploads that were taken back before they were accepted."},
	{uploads.OutcomeExpired, "postern_uploads_expired_total", false, "Uploads of which nothing arrived in time."},
	{uploads.OutcomeReplaced, "postern_uploads_replaced_total", false, "Accepted uploads whose object was replaced by another one."},
	{uploads.OutcomeRemoved, "postern_uploads_removed_total", false, "Accepted uploads whose object was removed."},
}

// uploadMetrics count what becomes of uploads.
type uploadMetrics struct {
	counters map[uploads.Outcome]*prometheus.CounterVec
	bytes    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// newUploadMetrics makes a counter for each outcome, and what there is of acceptances beside it.
func newUploadMetrics(r prometheus.Registerer) uploadMetrics {
	m := uploadMetrics{
		counters: map[uploads.Outcome]*prometheus.CounterVec{},
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_uploads_accepted_bytes_total",
			Help: "Bytes of accepted objects."}, []string{"profile", "way"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postern_upload_acceptance_seconds",
			Help: "Seconds from issuing an upload to accepting its object.", Buckets: acceptanceSeconds}, []string{"profile", "way"}),
	}
	for _, o := range outcomes {
		labels := []string{"profile", "way"}
		if o.withCode {
			labels = append(labels, "code")
		}
		m.counters[o.outcome] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: o.name, Help: o.help}, labels)
		r.MustRegister(m.counters[o.outcome])
	}
	r.MustRegister(m.bytes, m.seconds)
	return m
}

// begin makes the counters of a profile, so that the first upload is an increase from 0.
func (m uploadMetrics) begin(profile string) {
	for _, way := range uploads.Ways() {
		for _, o := range outcomes {
			if !o.withCode {
				m.counters[o.outcome].WithLabelValues(profile, string(way))
			}
		}
		m.bytes.WithLabelValues(profile, string(way))
	}
}

// observe counts one outcome of an upload. Its labels are a profile of the config, a way and a code
// of ours: nothing that a visitor writes.
func (m uploadMetrics) observe(o uploads.Observation) {
	counter, known := m.counters[o.Outcome]
	if !known {
		return
	}
	way := string(o.Way)
	if !slices.Contains(uploads.Ways(), o.Way) {
		way = otherLabel
	}
	switch o.Outcome {
	case uploads.OutcomeDenied, uploads.OutcomeRefused:
		code := o.Code
		if !code.Known() {
			code = problem.Internal
		}
		counter.WithLabelValues(o.Profile, way, string(code)).Inc()
		return
	case uploads.OutcomeAccepted:
		m.bytes.WithLabelValues(o.Profile, way).Add(float64(o.Size))
		m.seconds.WithLabelValues(o.Profile, way).Observe(o.Took.Seconds())
	}
	counter.WithLabelValues(o.Profile, way).Inc()
}

// deliveryOutcomes are the values of the label outcome, by what follows from an attempt.
var deliveryOutcomes = map[webhooks.State]string{
	webhooks.Delivered:   "delivered",
	webhooks.Waiting:     "failed",
	webhooks.DeadLetter:  "given_up",
	webhooks.SwitchedOff: "switched_off",
}

// deliveryMetrics count attempts to deliver.
type deliveryMetrics struct {
	attempts *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newDeliveryMetrics(r prometheus.Registerer) deliveryMetrics {
	m := deliveryMetrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "postern_deliveries_total",
			Help: "Attempts to deliver a webhook, by what followed."}, []string{"endpoint", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "postern_delivery_seconds",
			Help: "Seconds that an attempt to deliver a webhook took.", Buckets: deliverySeconds}, []string{"endpoint"}),
	}
	r.MustRegister(m.attempts, m.seconds)
	return m
}

// begin makes the counters of an endpoint, so that the first dead letter is an increase from 0.
func (m deliveryMetrics) begin(endpoint string) {
	for _, outcome := range deliveryOutcomes {
		m.attempts.WithLabelValues(endpoint, outcome)
	}
}

// observe is for webhooks.PoolConfig.
func (m deliveryMetrics) observe(endpoint string, a webhooks.Attempt, next webhooks.Decision) {
	m.attempts.WithLabelValues(endpoint, cmp.Or(deliveryOutcomes[next.State], otherLabel)).Inc()
	m.seconds.WithLabelValues(endpoint).Observe(a.Took.Seconds())
}

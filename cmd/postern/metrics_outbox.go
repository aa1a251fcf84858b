package main

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-dev/postern/handlers/ledger"
)

// outboxTime is for how long one reading of the outbox may take.
const outboxTime = 2 * time.Second

// outboxMetrics read the ledger's outbox each time they are asked for. While the ledger is away
// there is nothing but postern_ledger_up.
type outboxMetrics struct {
	ledger    *ledger.Ledger
	endpoints func() []string // of the config that is in use
	now       func() time.Time
}

var (
	ledgerUp = prometheus.NewDesc("postern_ledger_up", "Whether the ledger answers: 1 or 0.", nil, nil)
	waiting  = prometheus.NewDesc("postern_outbox_waiting", "Deliveries that wait for their next attempt.", []string{"endpoint"}, nil)
	givenUp  = prometheus.NewDesc("postern_outbox_failed", "Deliveries that were given up and can be replayed.", []string{"endpoint"}, nil)
	age      = prometheus.NewDesc("postern_outbox_age_seconds", "Age of the oldest event that waits to be delivered; 0 where none does.", []string{"endpoint"}, nil)
)

// Describe implements prometheus.Collector.
func (m outboxMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{ledgerUp, waiting, givenUp, age} {
		to <- d
	}
}

// Collect implements prometheus.Collector. What waits for endpoints that the config doesn't have
// any more is one sum.
func (m outboxMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), outboxTime)
	defer cancel()
	list, err := m.ledger.Backlogs(ctx)
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if err != nil {
		gauge(ledgerUp, 0)
		return
	}
	gauge(ledgerUp, 1)
	for endpoint, b := range byEndpoint(list, m.endpoints()) {
		seconds := 0.0
		if !b.Oldest.IsZero() {
			seconds = max(0, m.now().Sub(b.Oldest).Seconds())
		}
		gauge(waiting, float64(b.Waiting), endpoint)
		gauge(givenUp, float64(b.Failed), endpoint)
		gauge(age, seconds, endpoint)
	}
}

// byEndpoint has a backlog for each endpoint, also where nothing waits, and one for all that aren't
// among them.
func byEndpoint(list []ledger.Backlog, endpoints []string) map[string]ledger.Backlog {
	out := map[string]ledger.Backlog{}
	for _, endpoint := range endpoints {
		out[endpoint] = ledger.Backlog{}
	}
	for _, b := range list {
		name := b.Receiver
		if !slices.Contains(endpoints, name) {
			name = otherLabel
		}
		sum := out[name]
		sum.Waiting, sum.Failed = sum.Waiting+b.Waiting, sum.Failed+b.Failed
		if sum.Oldest.IsZero() || !b.Oldest.IsZero() && b.Oldest.Before(sum.Oldest) {
			sum.Oldest = b.Oldest
		}
		out[name] = sum
	}
	return out
}

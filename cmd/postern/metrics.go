package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/postern-dev/postern/handlers/ledger"
	"github.com/postern-dev/postern/policy/profile"
)

// metrics are counted from start to end of the process: a reload doesn't reset them. They are on a
// listener of their own, never beside the pages: they tell everybody who reads them how much this
// server is used, and for what.
type metrics struct {
	registry   *prometheus.Registry
	count      echo.MiddlewareFunc
	uploads    uploadMetrics
	deliveries deliveryMetrics
	store      storeMetrics
}

func newMetrics() *metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	count := echoprometheus.NewMiddlewareWithConfig(echoprometheus.MiddlewareConfig{
		Subsystem:  "postern",
		Registerer: registry,
		// Visitors choose paths, hosts and methods; a label for each would fill the memory.
		DoNotUseRequestPathFor404: true,
		LabelFuncs: map[string]echoprometheus.LabelValueFunc{
			"host":   func(echo.Context, error) string { return "" },
			"method": knownMethod,
		},
	})
	return &metrics{registry: registry, count: count, uploads: newUploadMetrics(registry), deliveries: newDeliveryMetrics(registry), store: newStoreMetrics(registry)}
}

// countUnrecorded adds the uploads that were issued without a record while the ledger was away. The
// count begins anew with each config.
func (m *metrics) countUnrecorded(count func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "postern_uploads_unrecorded_total",
		Help: "Uploads that were issued without a record while the ledger was away."}, func() float64 { return float64(count()) }))
}

// readOutbox adds what waits in the outbox of a ledger for the endpoints of the config.
func (m *metrics) readOutbox(l *ledger.Ledger, endpoints func() []string) {
	if l != nil {
		m.registry.MustRegister(outboxMetrics{l, endpoints, time.Now})
	}
}

// begin makes the counters of a config's profiles and endpoints.
func (m *metrics) begin(profiles map[string]profile.Profile, endpoints []string) {
	for name := range profiles {
		m.uploads.begin(name)
	}
	for _, name := range endpoints {
		m.deliveries.begin(name)
	}
}

func knownMethod(c echo.Context, _ error) string {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions}
	if method := c.Request().Method; slices.Contains(methods, method) {
		return method
	}
	return "other"
}

// handler serves the metrics and nothing else, for a listener that only operators reach.
func (m *metrics) handler() http.Handler {
	e := echo.New()
	e.GET("/metrics", echoprometheus.NewHandlerWithConfig(echoprometheus.HandlerConfig{Gatherer: m.registry}))
	return e
}

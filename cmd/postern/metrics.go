package main

import (
	"net/http"
	"slices"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// noMetrics is what the config says in place of an address to switch metrics off.
const noMetrics = "none"

// metrics are counted from start to end of the process: a reload doesn't reset them.
type metrics struct {
	registry *prometheus.Registry
	count    echo.MiddlewareFunc
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
	return &metrics{registry: registry, count: count}
}

func knownMethod(c echo.Context, _ error) string {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions}
	if method := c.Request().Method; slices.Contains(methods, method) {
		return method
	}
	return "other"
}

// register counts the requests of e, and serves the metrics there where listen, the address of
// their own listener, is empty.
func (m *metrics) register(e *echo.Echo, listen string) {
	if listen == noMetrics {
		return
	}
	e.Use(m.count)
	if listen == "" {
		e.GET("/metrics", m.page())
	}
}

func (m *metrics) page() echo.HandlerFunc {
	return echoprometheus.NewHandlerWithConfig(echoprometheus.HandlerConfig{Gatherer: m.registry})
}

// ownServer serves the metrics and nothing else.
func (m *metrics) ownServer() http.Handler {
	e := echo.New()
	e.GET("/metrics", m.page())
	return e
}

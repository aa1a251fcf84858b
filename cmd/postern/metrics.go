package main

import (
	"net/http"
	"slices"

	"github.com/labstack/echo-contrib/echoprometheus"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// noMetrics is the word in the config for: no metrics at all.
const noMetrics = "none"

// metrics are counted over the life of the process, whatever config it has.
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
		// A label whose values visitors choose would fill the memory.
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

// register counts the requests of e and, unless they have a listener of their own, serves the
// figures beside the rest.
func (m *metrics) register(e *echo.Echo, listen string) {
	if listen == noMetrics {
		return
	}
	e.Use(m.count)
	if listen == "" {
		e.GET("/metrics", m.handler())
	}
}

func (m *metrics) handler() echo.HandlerFunc {
	return echoprometheus.NewHandlerWithConfig(echoprometheus.HandlerConfig{Gatherer: m.registry})
}

// site serves the figures alone.
func (m *metrics) site() http.Handler {
	e := echo.New()
	e.GET("/metrics", m.handler())
	return e
}

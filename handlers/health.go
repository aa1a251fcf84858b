package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
)

// showHealth says that the process answers, nothing more.
func (h *Handlers) showHealth(c echo.Context) error {
	commonHeaders().set(c.Response().Header())
	return c.String(http.StatusOK, "ok\n")
}

// showReady says whether uploads would work: every bucket can be reached, and Config.Ready agrees.
func (h *Handlers) showReady(c echo.Context) error {
	h.respond.apiHeaders.set(c.Response().Header())
	setRequestID(c)
	err := h.service.Ready(c.Request().Context())
	if err == nil {
		err = outage(h.config.Ready(c.Request().Context()))
	}
	if err != nil {
		return h.respond.showProblem(c, err)
	}
	return c.String(http.StatusOK, "ready\n")
}

// outageRetryAfter is what a client is told to wait when something that the host brings is away.
const outageRetryAfter = 5 * time.Second

// outage is StoreUnavailable with a cause; a *problem.Error stays what it is.
func outage(err error) error {
	var refused *problem.Error
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return &problem.Error{Code: problem.StoreUnavailable, RetryAfter: outageRetryAfter, Err: err}
}

package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
)

// healthRoutes are for those who watch the server.
type healthRoutes struct{ *Handlers }

// showHealth says that the process answers, nothing more.
func (h healthRoutes) showHealth(c echo.Context) error {
	commonHeaders().set(c.Response().Header())
	return c.String(http.StatusOK, "ok\n")
}

// showReady says whether uploads would work: every bucket can be reached, and Config.Ready agrees.
// Without a ledger that isn't required they would, and it says that as JSON.
func (h healthRoutes) showReady(c echo.Context) error {
	h.respond.apiHeaders.set(c.Response().Header())
	setRequestID(c)
	err := h.service.Ready(c.Request().Context())
	if err == nil {
		err = problem.Unavailable(h.config.Ready(c.Request().Context()))
	}
	if err != nil {
		return h.respond.showProblem(c, err)
	}
	if h.service.LedgerReady(c.Request().Context()) != nil {
		return c.JSON(http.StatusOK, degraded{Degraded: []string{"ledger"}})
	}
	return c.String(http.StatusOK, "ready\n")
}

// degraded names what a server does without.
type degraded struct {
	Degraded []string `json:"degraded"`
}

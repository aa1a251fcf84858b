package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// openLink leads to the object of a link. The address that it leads to is valid for a minute, so no
// cache may keep the answer.
func (h *Handlers) openLink(c echo.Context) error {
	to, err := h.service.OpenLink(c.Request().Context(), c.Param("link"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusFound, to)
}

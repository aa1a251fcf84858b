package handlers

import (
	"net/http"

	"github.com/go-jose/go-jose/v4"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/uploads"
)

// showReceiptKeys publishes the public halves of the keys that sign receipts, as a JSON Web Key Set:
// empty where receipts are signed with secrets, or not at all.
func (h *Handlers) showReceiptKeys(c echo.Context) error {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	if h.receipts != nil {
		set = h.receipts.KeySet()
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=300")
	return c.JSON(http.StatusOK, set)
}

// withReceipt adds the receipt of an accepted upload to the address that a form without script ends
// at. Only there a receipt is part of a URL, so it is a short one.
func (h *Handlers) withReceipt(address string, done uploads.Completed) (string, error) {
	if h.receipts == nil {
		return address, nil
	}
	receipt, err := h.receipts.MintForURL(done.AsReceipt())
	if err != nil {
		return "", err
	}
	return address + "?receipt=" + receipt, nil // the address has no query, and a receipt no character to escape
}

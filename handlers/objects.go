package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
)

// objectRoutes are about what was uploaded: receipts and links. Without an issuer no receipts are
// minted.
type objectRoutes struct {
	service *uploads.Service
	issuer  *receipts.Issuer
}

// openLink leads to the object of a link. The address that it leads to is valid for a minute, so no
// cache may keep the answer. Pages of every origin may show the object: who has the link may have
// the object.
func (r objectRoutes) openLink(c echo.Context) error {
	to, err := r.service.OpenLink(c.Request().Context(), c.Param("link"))
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	return c.Redirect(http.StatusFound, to)
}

// showKeys publishes the public halves of the keys that sign receipts, as a JSON Web Key Set: empty
// where receipts are signed with secrets, or not at all.
func (r objectRoutes) showKeys(c echo.Context) error {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	if r.issuer != nil {
		set = r.issuer.KeySet()
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=300")
	return c.JSON(http.StatusOK, set)
}

// redirect leads to where a form without script ends, with the receipt of the accepted upload: the
// host's path that the form was issued with, or the profile's own address. Only there a receipt is
// part of a URL, so it is a short one. Whoever comes later gets none.
func (r objectRoutes) redirect(c echo.Context, to *url.URL, more url.Values, done uploads.Completed, later bool) error {
	if r.issuer != nil && !later {
		receipt, err := r.issuer.MintForURL(done.AsReceipt())
		if err != nil {
			return err
		}
		query := url.Values{receiptParameter: {receipt}}
		maps.Copy(query, more)
		to.RawQuery = strings.TrimPrefix(to.RawQuery+"&"+query.Encode(), "&")
	}
	return c.Redirect(http.StatusSeeOther, to.String())
}

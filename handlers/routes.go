package handlers

import "github.com/labstack/echo/v4"

// Register adds every route to g, which has to be mounted where PublicURL points to.
func (h *Handlers) Register(g *echo.Group) {
	// Pages.
	g.GET("/forms/:profile", h.page(h.showForm))             // upload form; works without script
	g.GET("/forms/:profile/done/:token", h.page(h.showDone)) // landing page after the store's redirect, verified
	g.GET("/widget/:profile", h.page(h.showWidget))          // the form for an iframe
	g.GET("/embed.js", h.showEmbed)                          // custom element for host pages
	g.GET("/assets/:hash/*", h.showAsset)                    // static files, immutable
	g.HEAD("/assets/:hash/*", h.showAsset)                   // the same, for caches
	g.GET("/healthz", h.showHealth)                          // liveness
	g.HEAD("/healthz", h.showHealth)                         // the same, for balancers
	g.GET("/readyz", h.showReady)                            // the store can be reached
	g.HEAD("/readyz", h.showReady)                           // the same, for balancers

	// Why an upload is refused, where switched on.
	if h.config.Explain {
		g.GET("/explain", h.page(h.showExplain))
		g.POST("/explain", h.page(h.answerExplain)) // what was pasted is in the body alone
	}

	// Uploads, as JSON.
	g.POST("/uploads", h.json(h.createUpload))                  // issue one upload
	g.POST("/uploads/:id/parts", h.json(h.signParts))           // part URLs
	g.GET("/uploads/:id/parts", h.json(h.listParts))            // parts as the store has them
	g.POST("/uploads/:id/complete", h.json(h.completeUpload))   // verify and finish
	g.DELETE("/uploads/:id", h.json(h.abortUpload))             // give up, free the parts
	g.POST("/uploads/credentials", h.json(h.createCredentials)) // store credentials for one prefix, where a profile allows it

	// What browsers ask before calling from another origin.
	g.OPTIONS("/uploads", h.json(h.preflight))
	g.OPTIONS("/uploads/credentials", h.json(h.preflight))
	g.OPTIONS("/uploads/:id", h.json(h.preflight))
	g.OPTIONS("/uploads/:id/parts", h.json(h.preflight))
	g.OPTIONS("/uploads/:id/complete", h.json(h.preflight))
}

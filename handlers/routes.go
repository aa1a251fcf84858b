package handlers

import "github.com/labstack/echo/v4"

// Register adds every route to g, which has to be mounted where PublicURL points to.
func (h *Handlers) Register(g *echo.Group) {
	page := h.respond.page
	assets := assetRoutes{h.layout.assets, h.respond}
	form, widget, health := formRoute{h, false}, formRoute{h, true}, healthRoutes{h}

	// Pages.
	g.GET("/forms/:profile", page(form.show))                  // upload form; works without script
	g.HEAD("/forms/:profile", page(form.show))                 // the same, issues nothing
	g.POST("/forms/:profile", page(form.issue))                // the same, issued on demand
	g.GET("/forms/:profile/done/:token", page(h.showLanding))  // after the store's redirect, verified
	g.HEAD("/forms/:profile/done/:token", page(h.showLanding)) // the same
	g.GET("/widget/:profile", page(widget.show))               // the form for an iframe
	g.HEAD("/widget/:profile", page(widget.tellScript))        // whether a page may embed it; issues nothing
	g.POST("/widget/:profile", page(widget.issue))             // the same, issued on demand
	g.GET("/assets/:hash/*", assets.showAsset)                 // static files, immutable
	g.HEAD("/assets/:hash/*", assets.showAsset)                // the same, for caches
	g.GET("/healthz", health.showHealth)                       // liveness
	g.HEAD("/healthz", health.showHealth)                      // the same, for balancers
	g.GET("/readyz", health.showReady)                         // the store can be reached
	g.HEAD("/readyz", health.showReady)                        // the same, for balancers

	// The custom element for host pages.
	for _, name := range embedScripts {
		g.GET("/"+name, assets.showEmbed)
		g.HEAD("/"+name, assets.showEmbed) // the same, for caches
	}

	// Why an upload is refused, where switched on.
	if h.config.Explain {
		g.GET("/explain", page(h.showExplain))
		g.HEAD("/explain", page(h.showExplain))   // the same
		g.POST("/explain", page(h.answerExplain)) // what was pasted is in the body alone
	}

	uploadRoutes{h}.register(g)
	backendRoutes{h}.register(g)
}

// register adds the routes that answer with JSON, and those of what was uploaded.
func (api uploadRoutes) register(g *echo.Group) {
	h := api.Handlers
	page, json := h.respond.page, h.respond.json

	// Uploads, as JSON.
	g.POST("/uploads", json(api.createUpload))                           // issue one upload
	g.POST("/uploads/batch", json(api.createUploads))                    // issue several
	g.POST("/uploads/complete", json(api.completeUploads))               // verify and finish several
	g.GET("/uploads/owner", json(api.showOwners))                        // marks of the visitor's own uploads
	g.POST("/uploads/:id/parts", json(api.signParts))                    // part URLs
	g.GET("/uploads/:id/parts", json(api.listParts))                     // parts as the store has them
	g.POST("/uploads/:id/complete", json(api.completeUpload))            // verify and finish
	g.POST("/uploads/:id/diagnosis", json(diagnosisRoute{api}.diagnose)) // why requests to the store fail
	g.DELETE("/uploads/:id", json(api.abortUpload))                      // give up, free the parts
	g.POST("/uploads/credentials", json(api.createCredentials))          // store credentials for one prefix, where a profile allows it

	// What was uploaded.
	g.GET("/objects/:link", page(h.objects.openLink))  // leads to the object of a link
	g.HEAD("/objects/:link", page(h.objects.openLink)) // the same, for whoever checks links
	g.GET("/receipts/keys", json(h.objects.showKeys))  // public keys that verify receipts
	g.HEAD("/receipts/keys", json(h.objects.showKeys)) // the same, for caches

	// What browsers ask before calling from another origin.
	for _, route := range []string{"/uploads", "/uploads/batch", "/uploads/complete", "/uploads/owner", "/uploads/credentials", "/uploads/:id", "/uploads/:id/parts", "/uploads/:id/complete", "/uploads/:id/diagnosis"} {
		g.OPTIONS(route, json(h.origins.preflight))
	}
}

// register adds what the application's servers ask, with a backend token.
func (h backendRoutes) register(g *echo.Group) {
	g.GET("/uploads", h.route(h.list, "subject", "profile", "state", "after", "limit")) // what became of uploads
	g.GET("/uploads/:id", h.route(h.show))                                              // of one
	g.POST("/uploads/:id/claim", h.route(h.claim))                                      // keep it
	g.POST("/uploads/:id/link", h.route(h.link))                                        // a link to its object
	g.DELETE("/uploads", h.route(h.erase, "subject"))                                   // remove all of one subject
}

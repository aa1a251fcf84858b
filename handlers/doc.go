// Package handlers is Postern as an Echo group: upload forms, the JSON API behind the script, the
// landing page and the files that pages load.
//
// Three steps mount it:
//
//   - fill a [Config]: where browsers reach the group, the profiles, the store with its
//     credentials, and a token key;
//   - [New] refuses every contradiction at once and compiles the rest;
//   - [Handlers.Register] adds the routes to a group, as a table of contents.
//
// A request goes identity -> profile -> plan -> signed form, part URLs or PUT -> page or JSON. The
// middle is one issuing step for the plain form, the widget and the JSON API; they differ only in
// how they print its result.
//
// # In a page of the host's own
//
//	form, err := h.Form(r, "photos")             // who asks, which profile; issues nothing yet
//	form.Head(), form.CSP()                      // what the page's head and its policy need
//	form.Uploader()                              // a form of its own, which posts to the bucket
//	form.Field("pictures", uploaded...)          // a control inside the host's form, which posts receipts
//	uploaded, err := h.Receipts(r, "pictures")   // what was posted, verified
//	h.Continue(w, r, "pictures", "/new?draft=7") // without script: to the upload page and back
//	url, err := h.Link("photos", object)         // an address of what was uploaded
//	http.Handle("/up/", h.Handler())             // without Echo
//	go h.Run(ctx)                                // with a Ledger: what is due, and OnAccepted
//	err := h.Claim(ctx, receipt.ID)              // with a Ledger: the host keeps this upload
//
// # What a host provides
//
// An [Identifier] says who asks; without one every visitor is a guest and only public profiles can
// be used. A Limiter (package quota has one) refuses uploads beyond a quota. OnComplete is called
// for each upload that was verified at the store.
//
// # Where the rest is
//
// Package uploads is the service behind these routes: it issues, signs, completes and verifies.
// Package problem has the codes of errors, package language the texts.
//
// # Upload tokens
//
// What was decided when an upload was issued travels in a signed token, sent back in the header
// Upload-Token or, from a page without script, in the path of the landing page. The server keeps
// nothing between two requests: any node with the same token keys can serve any of them.
//
// # Units
//
// Sizes are bytes, instants are UTC in RFC 3339, part numbers begin at 1, ETags keep their quotes.
package handlers

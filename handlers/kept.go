package handlers

import (
	"context"

	"github.com/postern-dev/postern/handlers/uploads"
)

// Run does in the background what Config.Ledger has recorded as due, until ctx ends: it looks up
// uploads whose browsers are gone, removes what is to be removed, and calls OnAccepted. Each
// process that serves calls it once, and several share the work:
//
//	go h.Run(ctx)
//
// When ctx ends, Run waits for what is under way, 20 seconds at most; close the ledger after that.
// Without a ledger it does nothing until then.
func (h *Handlers) Run(ctx context.Context) { h.service.Run(ctx) }

// Claim says that the application keeps an upload: it isn't removed after Profile.Unclaimed, and
// its visitor can't remove it any more. Claim it in the request that saves its receipt, before the
// answer is sent; claiming it again changes nothing. It needs Config.Ledger. The error is a
// *problem.Error: UnknownUpload, Incomplete where the upload isn't accepted yet, UploadExpired
// where its object doesn't stay, StoreUnavailable while the ledger is away.
func (h *Handlers) Claim(ctx context.Context, id string) error {
	return h.service.Backend().Claim(ctx, id)
}

// Erase removes every upload of a subject, claimed or not: it marks them, and Run removes the
// objects and then the records. Call it again to see how far that has come; at 0 pending it is
// done. The result says since when the ledger has all uploads: what is older isn't found. It needs
// Config.Ledger. An empty subject and profile.Guest are InvalidRequest.
func (h *Handlers) Erase(ctx context.Context, subject string) (uploads.Erasure, error) {
	for marked := int64(0); ; {
		e, err := h.service.Backend().Erase(ctx, subject)
		more := e.Marked >= uploads.ErasedAtOnce
		marked += e.Marked
		if e.Marked = marked; err != nil || !more {
			return e, err
		}
	}
}

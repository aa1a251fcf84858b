package handlers

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	"github.com/postern-dev/postern/handlers/receipts"
	"github.com/postern-dev/postern/handlers/uploads"
)

// Abort takes back the upload of an upload token, as DELETE /uploads/{id} does, whoever asks: for a
// form that the host gives up, or a visitor that it deletes. After acceptance the error is
// AlreadyCompleted unless the profile's Removable allows it. See uploads.Service.Abort.
func (h *Handlers) Abort(ctx context.Context, token string) error {
	return h.service.AbortToken(ctx, token)
}

// Verify looks again at what a receipt is about: the receipt has to be genuine and of its time (the
// error is a *receipts.Error), and the object at its key still the one that was accepted
// (uploads.ErrObjectDeleted, uploads.ErrObjectReplaced). Any other error says that the store
// couldn't be asked, or that this server mints no receipts.
//
// It doesn't know who asks: it is for receipts that the host holds already. What a visitor sends
// needs receipts.Verifier.Verify, with the subject and profile that are expected.
func (h *Handlers) Verify(ctx context.Context, receipt string) (receipts.Receipt, error) {
	if h.objects.issuer == nil {
		return receipts.Receipt{}, errors.New("handlers: Verify: this server mints no receipts")
	}
	r, err := h.objects.issuer.Verify(receipt, expectedBySelf(receipt))
	if err != nil {
		return receipts.Receipt{}, err
	}
	return r, h.service.CheckObject(ctx, r.Profile, r.Bucket, uploads.Object{Key: r.Key, Version: r.Version, ETag: r.ETag}, r.Size)
}

// expectedBySelf is what a receipt says of itself, before it was verified.
func expectedBySelf(receipt string) receipts.Expected {
	var said struct{ Profile, Sub, Nonce string }
	if parts := strings.Split(receipt, "."); len(parts) == 3 {
		payload, _ := base64.RawURLEncoding.DecodeString(parts[1]) // the verifier tells what is wrong
		_ = json.Unmarshal(payload, &said)
	}
	return receipts.Expected{Profile: cmp.Or(said.Profile, "-"), Subject: cmp.Or(said.Sub, "-"), Nonce: said.Nonce}
}

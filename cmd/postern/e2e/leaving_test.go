package e2e

import (
	"context"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// leaveWhenAsked answers every question whether the page may be left with yes. The page asks while
// files are on their way, once somebody has clicked or pressed a key in it.
func leaveWhenAsked(ctx context.Context) {
	for opened, err := range chromedp.Events(ctx, page.JavascriptDialogOpening) {
		if err != nil {
			return
		}
		if opened.Type == page.DialogTypeBeforeunload {
			_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}
	}
}

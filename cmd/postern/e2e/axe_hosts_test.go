package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

func TestHostPagesAndTheirWidgetsAreUsableInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	forEachLanguage(t, tabOptions{Width: 375}, func(b *tab, language string) {
		for path, count := range map[string]int{"/demo/site": 1, "/demo/form": 1, "/demo/themes": 4} {
			b.openOnPhone(p.localhostURL(path), language, true)
			widgets := b.widgets(p, count)
			for _, widget := range widgets {
				widget.requireLanguage(language)
			}
			if path == "/demo/site" {
				widgets[0].showEveryRow()
			}
			b.requireUsable(path, widgets...)
		}
	})
}

// backgroundBehind looks up what lies behind the frame of a widget.
func (b *tab) backgroundBehind(widget *tab) frameBackground {
	b.t.Helper()
	frame := cdp.FrameID(chromedp.FromContext(widget.ctx).Target.TargetID)
	owner, err := chromedp.Call(b.ctx, dom.GetFrameOwner, dom.GetFrameOwnerParams{FrameID: frame})
	must(b.t, err)
	node, err := chromedp.Call(b.ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: owner.BackendNodeID})
	must(b.t, err)
	colour := chromedp.CallFunctionOn[string](`function () {
		let node = this.getRootNode().host;
		while (node.parentElement && getComputedStyle(node).backgroundColor == "rgba(0, 0, 0, 0)") node = node.parentElement;
		return getComputedStyle(node).backgroundColor;
	}`, func(params *runtime.CallFunctionOnParams) { params.ObjectID = node.Object.ObjectID })
	var behind frameBackground
	b.setColorScheme(true)
	behind.dark, err = chromedp.Run(b.ctx, colour)
	must(b.t, err)
	b.setColorScheme(false)
	behind.light, err = chromedp.Run(b.ctx, colour)
	must(b.t, err)
	return behind
}

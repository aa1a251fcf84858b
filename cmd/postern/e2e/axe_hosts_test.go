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
	pages := []struct {
		path    string
		widgets int
	}{{"/demo/site", 1}, {"/demo/form", 1}, {"/demo/themes", 4}}
	forEachLanguage(t, tabOptions{Width: 375}, func(b *tab, language checkedLanguage) {
		for i, page := range pages {
			if !language.includes(i, 2) {
				continue
			}
			b.openOnPhone(p.localhostURL(page.path), language.tag, true)
			widgets := b.widgets(p, page.widgets)
			for _, widget := range widgets {
				widget.requireLanguage(language.tag)
			}
			if page.path == "/demo/site" {
				widgets[0].showEveryRow()
			}
			b.requireUsableIn(language, i, 4, page.path, widgets...)
		}
	})
}

// backgroundBehind returns the colours behind the frame of a widget.
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

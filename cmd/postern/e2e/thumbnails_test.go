package e2e

import "testing"

// add200Pictures adds 200 pictures at once and counts how many are decoded.
const add200Pictures = `(async () => {
	const decode = createImageBitmap;
	window.decoded = 0;
	window.createImageBitmap = (...args) => { decoded++; return decode(...args); };
	const uploader = document.querySelector("postern-uploader");
	uploader.setAttribute("manual", "");
	const canvas = new OffscreenCanvas(640, 480);
	canvas.getContext("2d").fillRect(0, 0, 320, 480);
	const picture = await canvas.convertToBlob();
	await uploader.add(Array.from({length: 200}, (_, i) => new File([picture], i + ".png", {type: "image/png", lastModified: i})));
})()`

func TestPicturesOutOfSightAreNotDecoded(t *testing.T) {
	t.Parallel()
	p := startDev(t)
	b := newTab(t, tabOptions{})
	b.open(p.URL + "/forms/photos")
	b.waitUntilReady(true)
	evaluate[any](b, add200Pictures)
	b.waitUntil("the first row has its thumbnail", `document.querySelector(".postern-file canvas") != null && document.querySelectorAll(".postern-file[data-state]").length == 200`)
	evaluate[any](b, `document.querySelector(".postern-file:last-child").scrollIntoView({behavior: "instant"})`)
	b.waitUntil("the last row has its thumbnail", `document.querySelector(".postern-file:last-child canvas") != null`)
	size := evaluate[[2]int](b, `(() => { const c = document.querySelector(".postern-file canvas"); return [c.width, c.height]; })()`)
	if size != [2]int{128, 96} {
		t.Errorf("size of a thumbnail: wanted 128 x 96, got %v", size)
	}
	if decoded := evaluate[int](b, `decoded`); decoded > 100 {
		t.Errorf("decoded pictures: wanted at most 100 of 200, got %d", decoded)
	}
}

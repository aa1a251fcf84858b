package handlers_test

import (
	"net/http"
	"testing"

	"github.com/postern-dev/postern/handlers/problem"
)

func TestARateOfTheSenderChoosesThePartSizeAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const size = 500 << 20
	request := func(rate string) string {
		return `{"profile":"files","filename":"film.bin","type":"","size":524288000` + rate + `}`
	}
	for rate, parts := range map[string]int64{"": 32 << 20, `,"rate":1048576`: 10 << 20, `,"rate":0`: 32 << 20, `,"rate":9007199254740991`: 32 << 20} {
		var p plan
		s.call("POST", "/uploads", request(rate)).into(http.StatusCreated, &p)
		if p.Multipart == nil || p.Multipart.PartSize != parts || int64(p.Multipart.PartCount) != (size+parts-1)/parts {
			t.Errorf("%s: wanted parts of %d, got %+v", rate, parts, p.Multipart)
		}
	}
	var batch struct{ Uploads []struct{ Upload plan } }
	s.call("POST", "/uploads/batch", `{"profile":"files","rate":1048576,"files":[{"filename":"film.bin","size":524288000}]}`).into(http.StatusOK, &batch)
	if got := batch.Uploads[0].Upload.Multipart; got == nil || got.PartSize != 10<<20 {
		t.Errorf("batch: got %+v", got)
	}
	for _, rate := range []string{"-1", "1.5", `"fast"`, "1e30"} {
		if refused := s.call("POST", "/uploads", request(`,"rate":`+rate)).refused(problem.InvalidRequest); refused.Field != "rate" {
			t.Errorf("%s: got %+v", rate, refused)
		}
	}
}

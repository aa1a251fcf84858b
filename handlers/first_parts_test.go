package handlers_test

import (
	"bytes"
	"net/http"
	"testing"
)

func TestTheFirstPartURLsComeWithThePlanOfOneFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	content := bytes.Repeat([]byte("postern "), 18<<20/8)
	p := s.issue("files", "garden.bin", "", len(content))
	if p.Multipart == nil || p.Multipart.Signed == nil || len(p.Multipart.Signed.Parts) != 4 || p.Multipart.PartCount != 4 {
		t.Fatalf("wanted the URLs of all 4 parts, got %+v", p.Multipart)
	}
	for i, signed := range p.Multipart.Signed.Parts {
		piece := p.piece(content, i+1)
		if signed.Number != i+1 || signed.Size != int64(len(piece)) {
			t.Errorf("part %d: wanted %d bytes, got %+v", i+1, len(piece), signed)
		}
		p.putPart(signed, piece)
	}
	p.complete()
	if got, _ := stored(t, p.Key); !bytes.Equal(got, content) {
		t.Errorf("wanted the content as it was sent, got %d bytes", len(got))
	}
}

func TestPartURLsDontComeWithPlansThatNeedChecksumsNorWithThoseOfABatch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if p := s.issue("films", "garden.mp4", "video/mp4", 18<<20, "Authorization", "Bearer alice"); p.Multipart == nil || p.Multipart.Signed != nil {
		t.Errorf("with checksums: got %+v", p.Multipart)
	}
	var batch struct{ Uploads []struct{ Upload plan } }
	s.call("POST", "/uploads/batch", `{"profile":"files","files":[{"filename":"a.bin","size":18000000},{"filename":"b.bin","size":18000000}]}`).into(http.StatusOK, &batch)
	for _, file := range batch.Uploads {
		if got := file.Upload.Multipart; got == nil || got.Signed != nil {
			t.Errorf("in a batch: got %+v", got)
		}
	}
}

package policy

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

func TestBase64IsTheStandardOne(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{1})
	for length := range 700 {
		src := make([]byte, length)
		_, _ = random.Read(src)
		if got, wanted := string(appendBase64([]byte("x"), src)), "x"+base64.StdEncoding.EncodeToString(src); got != wanted {
			t.Fatalf("%d bytes: got %s, wanted %s", length, got, wanted)
		}
	}
}

package testclient_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/postern-dev/postern/cmd/postern/testclient"
)

func TestChecksumsAgreeWithTheirCheckValues(t *testing.T) {
	t.Parallel()
	for algorithm, wanted := range map[string]string{"crc32": "cbf43926", "crc32c": "e3069283", "crc64nvme": "ae8b14860a799888", "": ""} {
		sum, err := base64.StdEncoding.DecodeString(testclient.Checksum(algorithm, []byte("123456789")))
		if err != nil || hex.EncodeToString(sum) != wanted {
			t.Errorf("%q: wanted %s, got %x, %v", algorithm, wanted, sum, err)
		}
	}
}

package stores

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
)

// flip damages one bit.
func flip(b []byte) []byte {
	out := bytes.Clone(b)
	out[len(out)/2] ^= 4
	return out
}

// twoParts is text for two parts.
var twoParts = bytes.Repeat(content, int(9*profile.MiB)/len(content))

var checksumsOfProfiles = []profile.Checksum{profile.ChecksumCRC32, profile.ChecksumCRC32C, profile.ChecksumCRC64NVME, profile.ChecksumMD5}

func withChecksum(c profile.Checksum) profile.Profile {
	p := basicProfile()
	p.Checksum = c
	return p
}

// TestAFlippedBitInAPartIsFoundByTheChecksumsOfTheMatrix: a checksum that the matrix has is one by
// which the store refuses the part; any other one is refused at load.
func TestAFlippedBitInAPartIsFoundByTheChecksumsOfTheMatrix(t *testing.T) {
	t.Parallel()
	for _, name := range uploads.ProviderNames() {
		for _, checksum := range checksumsOfProfiles {
			t.Run(name+"/"+string(checksum), func(t *testing.T) {
				t.Parallel()
				provider, err := uploads.ProviderNamed(name)
				if err != nil {
					t.Fatal(err)
				}
				s := siteFor(t, name, byParts, withChecksum(checksum))
				if entry := provider.FindsDamage(profile.MethodMultipart); slices.Contains(entry, string(checksum)) != (s != nil) {
					t.Fatalf("the matrix says %q, the profile loads: %v", entry, s != nil)
				}
				if s == nil {
					return
				}
				_, err = s.upload(byParts, twoParts, flip)
				var refused *storeRefused
				if !errors.As(err, &refused) || refused.status != 400 || len(s.store.stored) != 0 {
					t.Errorf("wanted the part refused, got %v and %d objects", err, len(s.store.stored))
				}
				if done, err := s.upload(byParts, twoParts, nil); err != nil || done.Size != int64(len(twoParts)) {
					t.Errorf("undamaged: %+v, %v", done, err)
				}
			})
		}
	}
}

// TestAFlippedBitThatTheStoreOverlooksIsFoundOnCompletion: the whole object's checksum is compared
// once more, by the server, where the store tells it. MD5 of an object of parts is never told.
func TestAFlippedBitThatTheStoreOverlooksIsFoundOnCompletion(t *testing.T) {
	t.Parallel()
	for _, name := range uploads.ProviderNames() {
		for _, checksum := range checksumsOfProfiles {
			t.Run(name+"/"+string(checksum), func(t *testing.T) {
				t.Parallel()
				s := siteFor(t, name, byParts, withChecksum(checksum))
				if s == nil {
					return
				}
				s.store.blind = true
				done, err := s.upload(byParts, twoParts, flip)
				var found *problem.Error
				if checksum == profile.ChecksumMD5 {
					if err != nil {
						t.Errorf("wanted nothing to find it, got %+v, %v", done, err)
					}
				} else if !errors.As(err, &found) || found.Field != "checksum" || found.Code != problem.SizeMismatch {
					t.Errorf("wanted the damage found, got %+v, %v", done, err)
				}
			})
		}
	}
}

// TestWhereTheMatrixSaysNotFoundNothingFindsAFlippedBit: the damaged upload is accepted, whatever
// checksum the profile has, or the store has no such upload.
func TestWhereTheMatrixSaysNotFoundNothingFindsAFlippedBit(t *testing.T) {
	t.Parallel()
	cases := map[string]profile.Method{byPut: profile.MethodPut, byPost: profile.MethodPost, byNobody: profile.MethodPost}
	for _, name := range uploads.ProviderNames() {
		for way, method := range cases {
			for _, checksum := range append([]profile.Checksum{""}, checksumsOfProfiles...) {
				s := siteFor(t, name, way, withChecksum(checksum))
				if way == byPut && checksum == profile.ChecksumMD5 {
					continue // such files are sent in parts
				}
				if s == nil {
					if entry := damageFound(name, method); checksum == "" && entry != "no such upload" {
						t.Errorf("%s, %s: the matrix says %q, the store has none", name, way, entry)
					}
					continue
				}
				if entry := damageFound(name, method); entry != "not found" {
					t.Errorf("%s, %s: the matrix says %q", name, way, entry)
				}
				if _, err := s.upload(way, content, flip); err != nil || !bytes.Equal(s.only().data, flip(content)) {
					t.Errorf("%s, %s, %q: wanted the damage stored, got %v", name, way, checksum, err)
				}
			}
		}
	}
}

// TestWithoutAChecksumNothingFindsAFlippedBitInAPart is why the documentation says so.
func TestWithoutAChecksumNothingFindsAFlippedBitInAPart(t *testing.T) {
	t.Parallel()
	for _, name := range uploads.ProviderNames() {
		s := siteFor(t, name, byParts, basicProfile())
		if _, err := s.upload(byParts, content, flip); err != nil || !bytes.Equal(s.only().data, flip(content)) {
			t.Errorf("%s: wanted the damage stored, got %v", name, err)
		}
	}
}

// TestAStoreWithoutAnyChecksumHasNotFoundInTheMatrix: no record is like that now, but store.can can
// make one.
func TestAStoreWithoutAnyChecksumHasNotFoundInTheMatrix(t *testing.T) {
	t.Parallel()
	other, err := uploads.ProviderNamed("other")
	if err != nil {
		t.Fatal(err)
	}
	if other, err = other.With(map[string]bool{"md5": false}); err != nil || other.FindsDamage(profile.MethodMultipart) != nil {
		t.Errorf("got %v, %v", other.FindsDamage(profile.MethodMultipart), err)
	}
	var refused *profile.SettingError
	if _, err := newSite(t, other, withChecksum(profile.ChecksumMD5)); !errors.As(err, &refused) || refused.Field != "checksum" {
		t.Errorf("wanted checksum refused at load, got %v", err)
	}
}

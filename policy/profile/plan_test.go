package profile_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-dev/postern/policy"
	"github.com/postern-dev/postern/policy/profile"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const anID = "019aa5f0c10000112233445566778899aabbccddeeff"

func params() profile.IssueParams { return profile.IssueParams{ID: anID, Now: noon} }

func alice() profile.Identity {
	return profile.Identity{Subject: "alice", Profiles: []string{"photos"}}
}

func png() profile.File {
	return profile.File{Name: "Holiday.PNG", Type: "image/png", Size: profile.MiB}
}

func TestPlanAllowsExactlyWhatWasDeclared(t *testing.T) {
	t.Parallel()
	p, err := compile(t, nil).Plan(alice(), png(), params())
	if err != nil {
		t.Fatal(err)
	}
	want := profile.Plan{
		ID: anID, Profile: "photos", Subject: "alice", Bucket: "media",
		Key: "users/alice/2026/11/" + anID + ".png", Prefix: "users/alice/", Method: profile.MethodPost, Type: "image/png",
		MinSize: profile.MiB, MaxSize: profile.MiB, Filename: "Holiday.PNG", Metadata: []policy.Field{},
		Expiration: noon.Add(15 * time.Minute), UploadExpiration: noon.Add(7 * 24 * time.Hour),
	}
	if !reflect.DeepEqual(p, want) {
		t.Errorf("wants %+v\ngot   %+v", want, p)
	}
}

// request is everything a plan follows from.
type request struct {
	profile  profile.Profile
	identity profile.Identity
	file     profile.File
	params   profile.IssueParams
}

// refused are changes to the good request.
var refused = []struct {
	name   string
	change func(*request)
	want   profile.RequestError
}{
	{"nobody", func(r *request) { r.identity.Subject = "" }, profile.RequestError{Code: profile.Unauthorized}},
	{"a subject that isn't UTF-8", func(r *request) { r.identity.Subject = "a\xff" }, profile.RequestError{Code: profile.Forbidden, Field: "subject"}},
	{"a subject of 2 KB", func(r *request) { r.identity.Subject = strings.Repeat("a", 2048) }, profile.RequestError{Code: profile.Forbidden, Field: "subject"}},
	{"a ticket for another profile", func(r *request) { r.identity.Profiles = []string{"files"} }, profile.RequestError{Code: profile.Forbidden, Field: "profile"}},
	{"a ticket for no profile", func(r *request) { r.identity.Profiles = []string{} }, profile.RequestError{Code: profile.Forbidden, Field: "profile"}},
	{"a ticket tighter than the least size", func(r *request) {
		r.profile.MinSize, r.identity.MaxSize = 100, 99
	}, profile.RequestError{Code: profile.Forbidden, Field: "maxSize"}},
	{"a ticket with a negative size", func(r *request) { r.identity.MaxSize = -1 }, profile.RequestError{Code: profile.Forbidden, Field: "maxSize"}},
	{"a negative size", func(r *request) { r.file.Size = -1 }, profile.RequestError{Code: profile.InvalidRequest, Field: "size"}},
	{"one byte too many", func(r *request) { r.file.Size = 10*profile.MiB + 1 }, profile.RequestError{Code: profile.SizeTooLarge, Field: "size"}},
	{"the greatest number there is", func(r *request) { r.file.Size = math.MaxInt64 }, profile.RequestError{Code: profile.SizeTooLarge, Field: "size"}},
	{"an empty file", func(r *request) { r.file.Size = 0 }, profile.RequestError{Code: profile.SizeTooSmall, Field: "size"}},
	{"more than the ticket allows", func(r *request) { r.identity.MaxSize = 10 }, profile.RequestError{Code: profile.SizeTooLarge, Field: "size"}},
	{"another type", func(r *request) { r.file.Type = "image/tiff" }, profile.RequestError{Code: profile.TypeNotAllowed, Field: "type"}},
	{"no type and no extension", func(r *request) { r.file.Name, r.file.Type = "a", "" }, profile.RequestError{Code: profile.TypeNotAllowed, Field: "type"}},
	{"a list of types", func(r *request) { r.file.Type = "image/png,text/html" }, profile.RequestError{Code: profile.TypeNotAllowed, Field: "type"}},
	{"a wildcard as a type", func(r *request) { r.file.Type = "image/*" }, profile.RequestError{Code: profile.TypeNotAllowed, Field: "type"}},
	{"no file name", func(r *request) { r.file.Name = "" }, profile.RequestError{Code: profile.FilenameInvalid, Field: "filename"}},
	{"a path as a file name", func(r *request) { r.file.Name = "../a.png" }, profile.RequestError{Code: profile.FilenameInvalid, Field: "filename"}},
	{"a name of 4 KB", func(r *request) { r.file.Name = strings.Repeat("a", 4096) }, profile.RequestError{Code: profile.FilenameInvalid, Field: "filename"}},
	{"metadata nobody accepts", func(r *request) { r.file.Metadata = map[string]string{"x": "1"} }, profile.RequestError{Code: profile.InvalidRequest, Field: "metadata.x"}},
	{"metadata the profile sets", func(r *request) {
		r.profile.Metadata, r.file.Metadata = map[string]string{"source": "web"}, map[string]string{"source": "me"}
	}, profile.RequestError{Code: profile.InvalidRequest, Field: "metadata.source"}},
	{"metadata the ticket sets", func(r *request) {
		r.profile.AcceptMetadata = []string{"album"}
		r.identity.Metadata, r.file.Metadata = map[string]string{"album": "1"}, map[string]string{"album": "2"}
	}, profile.RequestError{Code: profile.InvalidRequest, Field: "metadata.album"}},
	{"a ticket that sets the profile's metadata", func(r *request) {
		r.profile.Metadata, r.identity.Metadata = map[string]string{"source": "web"}, map[string]string{"source": "x"}
	}, profile.RequestError{Code: profile.Forbidden, Field: "metadata.source"}},
	{"metadata over 2 KB", func(r *request) {
		r.profile.AcceptMetadata, r.file.Metadata = []string{"a"}, map[string]string{"a": strings.Repeat("x", 2048)}
	}, profile.RequestError{Code: profile.InvalidRequest, Field: "metadata"}},
	{"metadata that isn't UTF-8", func(r *request) {
		r.profile.AcceptMetadata, r.file.Metadata = []string{"a"}, map[string]string{"a": "\xff"}
	}, profile.RequestError{Code: profile.InvalidRequest, Field: "metadata.a"}},
	{"a claim the ticket lacks", func(r *request) { r.profile.Key = "{claim:team}/{id}" }, profile.RequestError{Code: profile.Forbidden, Field: "claim:team"}},
	{"an ID that is a path", func(r *request) { r.params.ID = "../x" }, profile.RequestError{Code: profile.InvalidRequest, Field: "id"}},
}

func TestPlanRefusesWrongRequests(t *testing.T) {
	t.Parallel()
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := request{profile: photos(), identity: alice(), file: png(), params: params()}
			c.change(&r)
			compiled, err := profile.Compile(r.profile)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := compiled.Plan(r.identity, r.file, r.params)
			if !errors.Is(err, &c.want) || plan.Key != "" {
				t.Fatalf("wants %q in %q, got %v and key %q", c.want.Code, c.want.Field, err, plan.Key)
			}
		})
	}
}

func TestPlanChoosesTheMethod(t *testing.T) {
	t.Parallel()
	files := compile(t, func(p *profile.Profile) { p.MaxSize, p.Checksum = 5*profile.TiB, "crc32c" })
	cases := []struct {
		name    string
		size    int64
		putOnly bool
		method  profile.Method
		parts   int
	}{
		{"a byte below the threshold goes by POST", 16*profile.MiB - 1, false, profile.MethodPost, 0},
		{"where the store has no POST policy, by PUT", 16*profile.MiB - 1, true, profile.MethodPut, 0},
		{"at the threshold it goes in parts", 16 * profile.MiB, false, profile.MethodMultipart, 4},
		{"everywhere", 16 * profile.MiB, true, profile.MethodMultipart, 4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := png()
			file.Size = c.size
			in := params()
			in.PutOnly = c.putOnly
			p, err := files.Plan(alice(), file, in)
			if err != nil || p.Method != c.method || p.PartCount != c.parts || (p.Checksum != "") != (c.parts > 0) {
				t.Errorf("wants %s in %d parts, got %s, %d, checksum %q, %v", c.method, c.parts, p.Method, p.PartCount, p.Checksum, err)
			}
		})
	}
}

func TestVisitorsOfPublicProfilesAreGuests(t *testing.T) {
	t.Parallel()
	public := compile(t, func(p *profile.Profile) { p.Access = profile.AccessPublic })
	p, err := public.Plan(profile.Identity{}, png(), params())
	if err != nil || p.Subject != "guest" || p.Prefix != "users/guest/" {
		t.Errorf("wants guest, got %q below %q, %v", p.Subject, p.Prefix, err)
	}
}

func TestPlanExpiresWithTheCredentials(t *testing.T) {
	t.Parallel()
	in := params()
	in.Until = noon.Add(time.Minute)
	p, err := compile(t, nil).Plan(alice(), png(), in)
	if err != nil || !p.Expiration.Equal(in.Until) || !p.UploadExpiration.Equal(noon.Add(7*24*time.Hour)) {
		t.Errorf("wants %v, got %v and %v, %v", in.Until, p.Expiration, p.UploadExpiration, err)
	}
}

func TestPlanMetadataIsSortedAndFitForHeaders(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) {
		p.Metadata, p.AcceptMetadata = map[string]string{"source": "web"}, []string{"album", "filename"}
	})
	file, id := png(), alice()
	file.Name = "Fünf $ \u202egnp.png"
	file.Metadata = map[string]string{"album": "summer 2026"}
	id.Metadata = map[string]string{"tenant": "acme"}
	p, err := c.Plan(id, file, params())
	want := []policy.Field{
		{Name: "album", Value: "summer 2026"},
		{Name: "filename", Value: "=?utf-8?b?RsO8bmYgJCBnbnAucG5n?="},
		{Name: "source", Value: "web"},
		{Name: "tenant", Value: "acme"},
	}
	if err != nil || !slices.Equal(p.Metadata, want) {
		t.Errorf("wants %v, got %v, %v", want, p.Metadata, err)
	}
}

func TestFormPlanAllowsWhatOnePostCarries(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.MaxSize = 5 * profile.TiB })
	id := alice()
	p, err := c.FormPlan(id, params())
	if err != nil || p.MinSize != 1 || p.MaxSize != 5*profile.GiB || p.Type != "" || p.Method != profile.MethodForm {
		t.Errorf("wants 1 byte to 5 GiB without a type, got %+v, %v", p, err)
	}
	if want := "users/alice/2026/11/" + anID; p.Key != want {
		t.Errorf("wants key %q, got %q", want, p.Key)
	}
	id.MaxSize = 1000
	if p, err = c.FormPlan(id, params()); err != nil || p.MaxSize != 1000 {
		t.Errorf("wants the ticket's 1000, got %d, %v", p.MaxSize, err)
	}
}

func TestFormPlanRefusesWhatNoFormCanSend(t *testing.T) {
	t.Parallel()
	large := compile(t, func(p *profile.Profile) { p.MinSize, p.MaxSize = 6*profile.GiB, 7*profile.GiB })
	putOnly := params()
	putOnly.PutOnly = true
	_, errLarge := large.FormPlan(alice(), params())
	_, errPut := compile(t, nil).FormPlan(alice(), putOnly)
	for _, err := range []error{errLarge, errPut} {
		if !errors.Is(err, &profile.RequestError{Code: profile.InvalidRequest, Field: "method"}) {
			t.Errorf("wants invalid_request, got %v", err)
		}
	}
}

func TestPrefixBelongsToOneSubject(t *testing.T) {
	t.Parallel()
	owned := compile(t, func(p *profile.Profile) { p.Key = "{claim:team}/{subject}/in/{yyyy}/{id}" })
	id := alice()
	id.Claims = map[string]string{"team": "ops & co"}
	if got, err := owned.Prefix(id); err != nil || got != "ops~20~26~20co/alice/in/" {
		t.Errorf("got %q, %v", got, err)
	}
	shared := compile(t, func(p *profile.Profile) { p.Key = "in/{yyyy}/{subject}/{id}" })
	if _, err := shared.Prefix(id); !errors.Is(err, &profile.RequestError{Code: profile.Forbidden, Field: "key"}) {
		t.Errorf("wants forbidden, got %v", err)
	}
}

func TestAnIdentityThatNamesNoProfileOpensPublicProfilesOnly(t *testing.T) {
	t.Parallel()
	for _, id := range []profile.Identity{{Subject: "alice"}, {Subject: "alice", Profiles: []string{}}} {
		if _, err := compile(t, nil).Plan(id, png(), params()); err == nil {
			t.Errorf("%#v opens a profile that asks for a ticket", id)
		}
		public := compile(t, func(p *profile.Profile) { p.Access = profile.AccessPublic })
		if _, err := public.Plan(id, png(), params()); err != nil {
			t.Errorf("%#v on a public profile: %v", id, err)
		}
	}
}

// TestWithMD5AFileForAPutOnlyStoreGoesInParts, since a part is signed with its checksum.
func TestWithMD5AFileForAPutOnlyStoreGoesInParts(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.Checksum = profile.ChecksumMD5 })
	in := params()
	in.PutOnly = true
	if p, err := c.Plan(alice(), png(), in); err != nil || p.Method != profile.MethodMultipart || p.PartCount != 1 || p.Checksum != profile.ChecksumMD5 {
		t.Errorf("got %s in %d parts, checksum %q, %v", p.Method, p.PartCount, p.Checksum, err)
	}
}

package profile_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/postern-dev/postern/policy/profile"
)

// A profile is compiled once; every request then becomes a plan.
func Example() {
	photos, err := profile.Compile(profile.Profile{
		Name: "photos", Bucket: "media", Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
		Types: []string{"image/*"}, MinSize: 1, MaxSize: 10 * profile.MiB,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	random := strings.NewReader("sixteen bytes!!!") // crypto/rand.Reader outside of examples
	plan, err := photos.Plan(
		profile.Identity{Subject: "alice@example.com", Profiles: []string{"photos"}},
		profile.File{Name: "Holiday.JPG", Type: "image/jpeg", Size: 482_113},
		profile.IssueParams{ID: profile.NewID(now, random), Now: now},
	)
	fmt.Println(plan.Method, plan.Key, err)
	for _, condition := range photos.Document(plan, profile.PostOptions{}).Conditions {
		fmt.Println(condition)
	}
	// Output:
	// post users/alice~40example.com/2026/11/01a1fdfa46007369787465656e206279746573212121.jpg <nil>
	// ["eq", "$bucket", "media"]
	// ["eq", "$key", "users/alice~40example.com/2026/11/01a1fdfa46007369787465656e206279746573212121.jpg"]
	// ["content-length-range", 482113, 482113]
	// ["eq", "$Content-Type", "image/jpeg"]
	// ["eq", "$success_action_status", "201"]
}

// Every contradiction is named at once.
func ExampleCompile() {
	_, err := profile.Compile(profile.Profile{Name: "photos", Bucket: "media", Key: "users/{id}", Types: []string{"image"}})
	fmt.Println(err)
	// Output:
	// profile: "photos": types[0]: wants one content type such as image/png, a family such as image/*, or */*, once, got "image"
	// profile: "photos": size: wants a largest size, got "0"
}

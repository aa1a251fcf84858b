package handlers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers"
	"github.com/postern-dev/postern/handlers/uploads"
	"github.com/postern-dev/postern/policy/profile"
	"github.com/postern-dev/postern/policy/sigv4"
)

// Forms are mounted on a group of an application of its own. A session of the application says who
// asks.
func Example() {
	h, err := handlers.New(handlers.Config{
		PublicURL: "https://app.example.com/uploads",
		Profiles: []profile.Profile{{
			Name: "photos", Bucket: "media", Key: "users/{subject}/{yyyy}/{mm}/{id}{ext}",
			Types: []string{"image/png", "image/jpeg"}, MaxSize: 10 << 20,
		}},
		Store: uploads.Store{
			Client:      store.Client(),      // an *s3.Client
			Credentials: store.Credentials(), // the same that the client uses
			Region:      "eu-central-1",
		},
		TokenKeys:  []sigv4.Secret{"at-least-32-bytes-from-the-environment"},
		Identifier: sessions{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	e := echo.New()
	e.HTTPErrorHandler = h.HTTPErrorHandler
	e.Use(handlers.AccessLog(nil))
	h.Register(e.Group("/uploads"))

	r := httptest.NewRequest(http.MethodGet, "/uploads/forms/photos", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: "alice"})
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), `name="key" value="users/alice/`))
	// Output: 200 true
}

// sessions knows people by a cookie.
type sessions struct{}

func (sessions) Identify(r *http.Request) (profile.Identity, bool, error) {
	cookie, err := r.Cookie("session")
	if err != nil {
		return profile.Identity{}, false, nil // nobody
	}
	return profile.Identity{Subject: cookie.Value, Profiles: []string{profile.AllProfiles}}, true, nil
}

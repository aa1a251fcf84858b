package handlers

import (
	"testing"

	"github.com/postern-dev/postern/handlers/language"
	"github.com/postern-dev/postern/handlers/problem"
	"github.com/postern-dev/postern/handlers/uploads"
)

func TestEveryTextOfThePagesIsInEveryLanguage(t *testing.T) {
	t.Parallel()
	catalogue, err := language.Shared()
	if err != nil {
		t.Fatal(err)
	}
	for _, texts := range catalogue.All() {
		for _, code := range problem.Codes() {
			for _, part := range []string{".heading", ".message", ".hint"} {
				key := "page.error." + string(code) + part
				if texts.Text(key) == key {
					t.Errorf("%s: %s is missing", texts.Tag, key)
				}
			}
		}
		for _, code := range []problem.Code{problem.TypeNotAllowed, problem.SizeTooLarge, problem.SizeTooSmall, problem.SizeMismatch} {
			broken := &uploads.ObjectError{Problem: &problem.Error{Code: code}, Found: "text/plain"}
			if key := refusedKey(broken); texts.Text(key) == key {
				t.Errorf("%s: %s is missing", texts.Tag, key)
			}
		}
	}
}

package handlers

import (
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"github.com/postern-dev/postern/handlers/problem"
)

// maxBody is the largest JSON body read, in bytes.
const maxBody = 64 << 10

// readJSON fills into from the request's body: one JSON value of at most 64 KiB, sent as
// application/json, with no member that into doesn't have, no member twice, and numbers that fit.
// The error names the member at fault.
func readJSON(c echo.Context, into any) error { return readJSONOf(c, maxBody, into) }

// readJSONOf is readJSON for bodies of at most maxBytes.
func readJSONOf(c echo.Context, maxBytes int64, into any) error {
	if err := wantJSON(c.Request().Header.Get(echo.HeaderContentType)); err != nil {
		return err
	}
	body := http.MaxBytesReader(c.Response(), c.Request().Body, maxBytes)
	defer body.Close()
	return badJSON(json.UnmarshalRead(body, into, json.RejectUnknownMembers(true)))
}

// readOptionalJSON is readJSON for a request that may have no body at all.
func readOptionalJSON(c echo.Context, into any) error {
	if c.Request().ContentLength == 0 {
		return nil
	}
	return readJSON(c, into)
}

func wantJSON(contentType string) error {
	kind, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	if err != nil || kind != echo.MIMEApplicationJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return problem.InField("Content-Type", "wanted application/json")
	}
	return nil
}

// badJSON says what is wrong with a body without repeating it.
func badJSON(err error) error {
	if err == nil {
		return nil
	}
	refused := &problem.Error{Code: problem.InvalidRequest, Detail: "the body is not the JSON expected", Err: err}
	var tooLarge *http.MaxBytesError
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &tooLarge):
		refused.Detail = "the body is larger than " + strconv.FormatInt(tooLarge.Limit>>10, 10) + " KiB"
	case errors.As(err, &semantic):
		refused.Field, refused.Detail = member(semantic.JSONPointer), semanticDetail(semantic)
	case errors.As(err, &syntactic):
		refused.Field, refused.Detail = member(syntactic.JSONPointer), "the body is not well-formed JSON"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			refused.Detail = "the member is there twice"
		}
	}
	return refused
}

func semanticDetail(err *json.SemanticError) string {
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return "there is no such member"
	case err.GoType != nil && strings.HasPrefix(err.GoType.Kind().String(), "int"):
		return "wanted a whole number that fits in 64 bits"
	case err.GoType != nil:
		return "wanted " + jsonKind(err.GoType.Kind().String())
	}
	return "the value doesn't fit"
}

func jsonKind(kind string) string {
	switch kind {
	case "struct", "map":
		return "an object"
	case "slice":
		return "an array"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}

// member writes a JSON pointer as people do: parts[0].number.
func member(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return clip(b.String())
}

// clip keeps what came from outside short enough to repeat.
func clip(text string) string {
	const maxBytes = 100
	if len(text) <= maxBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxBytes], "") + "…"
}

package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// loader reads one file. It collects the position of every key and all mistakes.
type loader struct {
	name, dir string
	getenv    func(string) string
	// withoutSecrets: references are judged by their form and none is followed.
	withoutSecrets bool
	positions      map[string]position // by path, such as "profiles.photos.types[1]"
	anchors        map[string]ast.Node
	secrets        map[string]string // paths by the secrets that they have
	mistakes       []error
}

// position is a place in the file, counted from 1.
type position struct{ line, column int }

func newLoader(name string, getenv func(string) string) *loader {
	return &loader{
		name: filepath.Base(name), dir: filepath.Dir(name), getenv: getenv,
		positions: map[string]position{"": {1, 1}}, anchors: map[string]ast.Node{}, secrets: map[string]string{},
	}
}

// fail adds a mistake at the value of path, or at the nearest section above it that the file has.
func (l *loader) fail(path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	l.failAt(l.positionOf(path), "%s", message)
}

func (l *loader) failAt(p position, format string, args ...any) {
	l.mistakes = append(l.mistakes, &Error{File: l.name, Line: p.line, Column: p.column, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) positionOf(path string) position {
	for {
		if p, ok := l.positions[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

// decode fills d and reports whether its values can be read.
func (l *loader) decode(text []byte, d *document) bool {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		l.failDecoding(err)
		return false
	}
	root := onlyDocument(file)
	if root == nil {
		l.fail("", "wants one YAML document with the keys listen, public_url, keys, store and profiles")
		return false
	}
	l.checkNode(root, reflect.TypeFor[document](), "")
	if len(l.mistakes) > 0 {
		return false
	}
	// Not the library's strict mode: it stops at the first unknown key, and takes an overridden key
	// of a merge for a repeated one. The parser has refused keys that are really repeated.
	if err := yaml.NodeToValue(root, d, yaml.AllowDuplicateMapKey()); err != nil {
		l.failDecoding(err)
	}
	return len(l.mistakes) == 0
}

// onlyDocument returns nil for an empty file and for one with several documents.
func onlyDocument(file *ast.File) ast.Node {
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			bodies = append(bodies, d.Body)
		}
	}
	if len(bodies) != 1 {
		return nil
	}
	return bodies[0]
}

// failDecoding adds the message and position of the YAML library's error, without its excerpt of
// the file: that could show a secret.
func (l *loader) failDecoding(err error) {
	var yamlError yaml.Error
	if !errors.As(err, &yamlError) {
		l.fail("", "can't be read: %v", err)
		return
	}
	l.failAt(tokenPosition(yamlError.GetToken()), "isn't YAML that can be read: %s", yamlError.GetMessage())
}

// tokenPosition returns the zero position where the token has none.
func tokenPosition(t *token.Token) position {
	if t == nil || t.Position == nil {
		return position{}
	}
	return position{t.Position.Line, t.Position.Column}
}

// join adds a key to a path.
func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// shorten cuts a value for an error message to 80 bytes.
func shorten(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

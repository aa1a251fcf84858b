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

// source is a file while it is read: where each key stands, and every mistake found so far.
type source struct {
	name, dir string
	getenv    func(string) string
	places    map[string]place // by path, as "profiles.photos.types[1]"
	anchors   map[string]ast.Node
	found     []error
}

type place struct{ line, column int }

func newSource(name string, getenv func(string) string) *source {
	return &source{
		name: filepath.Base(name), dir: filepath.Dir(name), getenv: getenv,
		places: map[string]place{"": {1, 1}}, anchors: map[string]ast.Node{},
	}
}

// fail notes a mistake at the value of path, or at the nearest key above it.
func (s *source) fail(path, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if path != "" {
		message = path + ": " + message
	}
	p := s.place(path)
	s.found = append(s.found, &Error{File: s.name, Line: p.line, Column: p.column, Message: message})
}

func (s *source) place(path string) place {
	for {
		if p, ok := s.places[path]; ok {
			return p
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return s.places[""]
		}
		path = path[:cut]
	}
}

// failAt notes a mistake at a token.
func (s *source) failAt(t *token.Token, format string, args ...any) {
	e := &Error{File: s.name, Message: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	s.found = append(s.found, e)
}

// decode fills d and reports whether it is worth looking at its values.
func (s *source) decode(text []byte, d *document) bool {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		s.failDecoding(err)
		return false
	}
	root := onlyDocument(file)
	if root == nil {
		s.fail("", "wants one YAML document with the keys listen, public_url, keys, store and profiles")
		return false
	}
	s.check(root, reflect.TypeFor[document](), "")
	if len(s.found) > 0 {
		return false
	}
	// Strictness is ours: the library's own stops at the first unknown key and takes an override of
	// a merged key for a repeated one. Keys that are really repeated were refused by the parser.
	if err := yaml.NodeToValue(root, d, yaml.AllowDuplicateMapKey()); err != nil {
		s.failDecoding(err)
	}
	return len(s.found) == 0
}

// onlyDocument is nil for an empty file and for one with several documents.
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

// failDecoding keeps the sentence and place of the YAML library's error, not its excerpt of the
// file: that could show what isn't meant for a log.
func (s *source) failDecoding(err error) {
	var positioned yaml.Error
	if !errors.As(err, &positioned) {
		s.fail("", "can't be read: %v", err)
		return
	}
	s.failAt(positioned.GetToken(), "isn't YAML that can be read: %s", positioned.GetMessage())
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func clip(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

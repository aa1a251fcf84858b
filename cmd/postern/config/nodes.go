package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// checkNode compares a node with the type that it will be decoded into: whether its keys are known
// and its values of the right kind. It also notes the position of every key and value.
func (l *loader) checkNode(n ast.Node, t reflect.Type, path string) {
	l.notePosition(n, path)
	switch n := n.(type) {
	case *ast.NullNode:
		return // the same as a key that is left out
	case *ast.AnchorNode:
		l.checkNode(n.Value, t, path)
		// Only now, so that an anchor can't contain itself.
		l.anchors[n.Name.GetToken().Value] = n.Value
		return
	case *ast.AliasNode:
		l.checkAlias(n, t, path)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		l.checkStruct(n, t, path)
	case reflect.Map: // whose keys are free to choose
		l.eachKey(n, t, path, func(_ *ast.MappingValueNode, _ string) (reflect.Type, bool) { return t.Elem(), true })
	case reflect.Slice:
		if _, isList := n.(*ast.SequenceNode); !isList && t == reflect.TypeFor[webhookList]() {
			l.checkNode(n, t.Elem(), path)
			return
		}
		l.checkList(n, t.Elem(), path)
	default:
		l.checkScalar(n, t.Kind(), path)
	}
}

func (l *loader) checkAlias(n *ast.AliasNode, t reflect.Type, path string) {
	name := n.Value.GetToken().Value
	value, ok := l.anchors[name]
	if !ok {
		l.fail(path, "names the anchor %q, which isn't defined before it", shorten(name))
		return
	}
	l.checkNode(value, t, path)
}

// notePosition notes where a value is. A mapping on lines of its own keeps the position of its key.
func (l *loader) notePosition(n ast.Node, path string) {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle {
		return
	}
	if p := tokenPosition(n.GetToken()); p != (position{}) {
		l.positions[path] = p
	}
}

func (l *loader) checkStruct(n ast.Node, t reflect.Type, path string) {
	fields := fieldsOf(t)
	l.eachKey(n, t, path, func(v *ast.MappingValueNode, key string) (reflect.Type, bool) {
		field, ok := fields[key]
		if !ok {
			l.failAt(tokenPosition(v.Key.GetToken()), "%s", unknownKey(path, key, fields))
		}
		return field, ok
	})
}

// eachKey checks the pairs of a mapping of type t. typeOf returns the type of a key's value, or
// false for a key that isn't to be checked further. What a merge key brings in is checked as if it
// stood there.
func (l *loader) eachKey(n ast.Node, t reflect.Type, path string, typeOf func(v *ast.MappingValueNode, key string) (reflect.Type, bool)) {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		l.fail(path, "wants keys with values, got %s", describeNode(n, path))
		return
	}
	for it := mapping.MapRange(); it.Next(); {
		v := it.KeyValue()
		if v.Key.IsMergeKey() {
			l.checkNode(v.Value, t, path)
			continue
		}
		key := v.Key.GetToken().Value
		l.positions[join(path, key)] = tokenPosition(v.Key.GetToken())
		if value, ok := typeOf(v, key); ok {
			l.checkNode(v.Value, value, join(path, key))
		}
	}
}

func (l *loader) checkList(n ast.Node, element reflect.Type, path string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		l.fail(path, "wants a list, such as [a, b], got %s", describeNode(n, path))
		return
	}
	for i, v := range list.Values {
		l.checkNode(v, element, fmt.Sprintf("%s[%d]", path, i))
	}
}

// scalars says what a scalar may be written as. Sizes, durations and rates are texts, which may
// look like numbers.
var scalars = map[reflect.Kind]struct {
	kinds  []ast.NodeType
	wanted string
}{
	reflect.String: {[]ast.NodeType{ast.StringType, ast.LiteralType, ast.IntegerType, ast.FloatType}, "one text; put it in quotes where it looks like something else"},
	reflect.Bool:   {[]ast.NodeType{ast.BoolType}, "true or false"},
	reflect.Int:    {[]ast.NodeType{ast.IntegerType}, "a whole number"},
}

func (l *loader) checkScalar(n ast.Node, kind reflect.Kind, path string) {
	if rule := scalars[kind]; !slices.Contains(rule.kinds, n.Type()) {
		l.fail(path, "wants %s, got %s", rule.wanted, describeNode(n, path))
	}
}

// describeNode names a node in an error message. A text in a place for secrets isn't shown: it may be
// one that belongs into the environment.
func describeNode(n ast.Node, path string) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "keys with values"
	case ast.SequenceType:
		return "a list"
	}
	if secretPlace.MatchString(path) {
		return "another value"
	}
	return fmt.Sprintf("%q", shorten(n.GetToken().Value))
}

// secretPlace matches the paths of keys whose values are, or refer to, secrets.
var secretPlace = regexp.MustCompile(`(^|\.)(keys|tickets|receipts|upload_credentials|ledger)(\.|\[|$)|secret|token`)

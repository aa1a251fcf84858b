package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// check compares a node with the type it shall fill: known keys and the kinds of values. It also
// notes where everything stands.
func (s *source) check(n ast.Node, t reflect.Type, path string) {
	s.note(n, path)
	switch n := n.(type) {
	case *ast.NullNode:
		return // as good as absent
	case *ast.AnchorNode:
		s.check(n.Value, t, path)
		// Only now, so that an anchor can't hold itself.
		s.anchors[n.Name.GetToken().Value] = n.Value
		return
	case *ast.AliasNode:
		s.checkAlias(n, t, path)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		s.checkStruct(n, t, path)
	case reflect.Map:
		s.eachKey(n, path, func(v *ast.MappingValueNode, key string) { s.checkEntry(v, key, t, path) })
	case reflect.Slice:
		s.checkList(n, t.Elem(), path)
	default:
		s.checkScalar(n, t.Kind(), path)
	}
}

func (s *source) checkAlias(n *ast.AliasNode, t reflect.Type, path string) {
	value, ok := s.anchors[n.Value.GetToken().Value]
	if !ok {
		s.fail(path, "names the anchor %q, which isn't defined before it", clip(n.Value.GetToken().Value))
		return
	}
	s.check(value, t, path)
}

// note remembers where a value stands. A mapping in lines of its own has no place but that of its
// key, which is noted already.
func (s *source) note(n ast.Node, path string) {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle {
		return
	}
	if p := n.GetToken().Position; p != nil {
		s.places[path] = place{p.Line, p.Column}
	}
}

// checkEntry looks at one pair of a map whose keys are free to choose.
func (s *source) checkEntry(v *ast.MappingValueNode, key string, t reflect.Type, path string) {
	if v.Key.IsMergeKey() {
		s.check(v.Value, t, path)
		return
	}
	s.check(v.Value, t.Elem(), join(path, key))
}

func (s *source) checkStruct(n ast.Node, t reflect.Type, path string) {
	fields := fieldsOf(t)
	s.eachKey(n, path, func(v *ast.MappingValueNode, key string) {
		if v.Key.IsMergeKey() {
			s.check(v.Value, t, path)
			return
		}
		field, ok := fields[key]
		if !ok {
			s.failAt(v.Key.GetToken(), "%s", unknownKey(path, key, fields))
			return
		}
		s.check(v.Value, field, join(path, key))
	})
}

// eachKey visits the pairs of a mapping; the key of a merge is empty.
func (s *source) eachKey(n ast.Node, path string, visit func(v *ast.MappingValueNode, key string)) {
	mapping, ok := n.(ast.MapNode)
	if !ok {
		s.fail(path, "wants keys with values, got %s", kindOf(n))
		return
	}
	for it := mapping.MapRange(); it.Next(); {
		v := it.KeyValue()
		if v.Key.IsMergeKey() {
			visit(v, "")
			continue
		}
		key := v.Key.GetToken().Value
		s.places[join(path, key)] = place{v.Key.GetToken().Position.Line, v.Key.GetToken().Position.Column}
		visit(v, key)
	}
}

func (s *source) checkList(n ast.Node, element reflect.Type, path string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		s.fail(path, "wants a list, such as [a, b], got %s", kindOf(n))
		return
	}
	for i, v := range list.Values {
		s.check(v, element, fmt.Sprintf("%s[%d]", path, i))
	}
}

// scalars are the kinds of nodes a value may be written as. Sizes and the like are texts that may
// look like numbers.
var scalars = map[reflect.Kind]struct {
	kinds  []ast.NodeType
	wanted string
}{
	reflect.String: {[]ast.NodeType{ast.StringType, ast.LiteralType, ast.IntegerType, ast.FloatType}, "one text; put it in quotes where it looks like something else"},
	reflect.Bool:   {[]ast.NodeType{ast.BoolType}, "true or false"},
	reflect.Int:    {[]ast.NodeType{ast.IntegerType}, "a whole number"},
}

func (s *source) checkScalar(n ast.Node, kind reflect.Kind, path string) {
	if rule := scalars[kind]; !slices.Contains(rule.kinds, n.Type()) {
		s.fail(path, "wants %s, got %s", rule.wanted, kindOf(n))
	}
}

func kindOf(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "keys with values"
	case ast.SequenceType:
		return "a list"
	}
	return fmt.Sprintf("%q", clip(n.GetToken().Value))
}

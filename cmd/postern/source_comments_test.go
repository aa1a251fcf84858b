package main_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"testing"
)

// Bounds of the length of a function outside tests, in lines from "func" to the closing brace.
const (
	documentedFrom = 16 // a longer function needs a doc comment
	longest        = 50
)

func TestFunctionsAreShortAndLongerOnesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range parsed(t) {
		for _, d := range f.syntax.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok || f.test {
				continue
			}
			lines := positions.Position(function.End()).Line - positions.Position(function.Pos()).Line + 1
			if lines > longest {
				t.Errorf("%s: %s has %d lines, wanted at most %d", positions.Position(function.Pos()), function.Name.Name, lines, longest)
			}
			if lines >= documentedFrom && function.Doc.Text() == "" {
				t.Errorf("%s: %s has %d lines and no doc comment", positions.Position(function.Pos()), function.Name.Name, lines)
			}
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range parsed(t) {
		if f.test || f.syntax.Name.Name == "main" {
			continue
		}
		for _, name := range undocumented(f.syntax) {
			t.Errorf("%s: %s has no doc comment", positions.Position(name.Pos()), name.Name)
		}
	}
}

// callerSets matches the types whose fields callers fill in. Each of their fields needs a comment
// with unit and default; other structs may explain their fields in their own comment.
var callerSets = regexp.MustCompile(`(Config|Settings|Options|Params|Request|Profile|Provider|Store)$`)

// undocumented returns the exported names of a file without a comment: functions, methods of
// exported types, types, constants, variables, and fields of the types that callerSets matches. The
// comment of a group in parentheses counts for all in it, and a comment above a line for the lines
// that follow without a break.
func undocumented(file *ast.File) []*ast.Ident {
	var found []*ast.Ident
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc.Text() == "" && (d.Recv == nil || ast.IsExported(receiver(d))) {
				found = append(found, d.Name)
			}
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				continue
			}
			last := 0
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.ValueSpec:
					found = append(found, uncommented(s.Names, &last, s, d.Doc, s.Doc, s.Comment)...)
				case *ast.TypeSpec:
					found = append(found, uncommented([]*ast.Ident{s.Name}, new(int), s, d.Doc, s.Doc, s.Comment)...)
					found = append(found, undocumentedFields(s)...)
				}
			}
		}
	}
	return found
}

func undocumentedFields(s *ast.TypeSpec) []*ast.Ident {
	fields, ok := s.Type.(*ast.StructType)
	if !ok || !s.Name.IsExported() || !callerSets.MatchString(s.Name.Name) {
		return nil
	}
	var found []*ast.Ident
	last := 0
	for _, f := range fields.Fields.List {
		found = append(found, uncommented(f.Names, &last, f, f.Doc, f.Comment)...)
	}
	return found
}

// uncommented returns the exported ones of names, unless there is a comment or the node follows
// right below one that has a comment; last is the line where that one ends.
func uncommented(names []*ast.Ident, last *int, node ast.Node, comments ...*ast.CommentGroup) []*ast.Ident {
	commented := positions.Position(node.Pos()).Line == *last+1
	for _, c := range comments {
		commented = commented || c.Text() != ""
	}
	if commented {
		*last = positions.Position(node.End()).Line
		return nil
	}
	return slices.DeleteFunc(slices.Clone(names), func(name *ast.Ident) bool { return !name.IsExported() })
}

// receiver returns the name of a method's type.
func receiver(method *ast.FuncDecl) string {
	expression := method.Recv.List[0].Type
	for {
		switch e := expression.(type) {
		case *ast.StarExpr:
			expression = e.X
		case *ast.IndexExpr:
			expression = e.X
		case *ast.IndexListExpr:
			expression = e.X
		case *ast.Ident:
			return e.Name
		default:
			return ""
		}
	}
}

// mostMethods is how many methods a type of handlers may have.
const mostMethods = 30

func TestNoTypeOfHandlersHasMoreThan30Methods(t *testing.T) {
	t.Parallel()
	methods := map[string]int{}
	for _, f := range parsed(t) {
		for _, d := range f.syntax.Decls {
			if m, ok := d.(*ast.FuncDecl); ok && m.Recv != nil && !f.test && within(f.folder, "handlers/...") {
				methods[f.folder+"."+receiver(m)]++
			}
		}
	}
	for name, count := range methods {
		if count > mostMethods {
			t.Errorf("%s has %d methods, wanted at most %d", name, count, mostMethods)
		}
	}
}

package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the root of the repository, as seen from the folder of these tests.
const root = "../.."

// sourceFile is one Go file that people wrote.
type sourceFile struct {
	name   string // path from the root, with slashes
	folder string
	test   bool
	syntax *ast.File
}

// source is every Go file of the tree except those that a tool generated.
var source = sync.OnceValues(func() ([]sourceFile, error) {
	var files []sourceFile
	err := walk(func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(positions, filepath.Join(root, name), nil, parser.ParseComments)
		if err == nil && !ast.IsGenerated(syntax) {
			files = append(files, sourceFile{name, path.Dir(name), strings.HasSuffix(name, "_test.go"), syntax})
		}
		return err
	})
	return files, err
})

// positions belongs to the files of source.
var positions = token.NewFileSet()

// walk visits the files of the tree by their paths from the root, without the folders that Go
// ignores, testdata and what npm installs.
func walk(visit func(name string) error) error {
	return filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != root && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules" || base == "dist") {
			return filepath.SkipDir
		}
		if entry.IsDir() {
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(relative))
	})
}

// parsed returns the files of source.
func parsed(t *testing.T) []sourceFile {
	t.Helper()
	files, err := source()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("%d Go files found, wanted at least 100", len(files))
	}
	return files
}

// declaration is one name that a file declares.
type declaration struct {
	name string
	kind string // "func", "method", "type", "field", "var" for package-level variables and constants, "local" for all inside functions
	pos  token.Pos
}

// declarations returns all names that a file declares, parameters and local variables included.
func declarations(file *ast.File) []declaration {
	var list []declaration
	add := func(kind string, names ...*ast.Ident) {
		for _, name := range names {
			list = append(list, declaration{name.Name, kind, name.Pos()})
		}
	}
	depth := func(n ast.Node, outside string) string {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Pos() <= n.Pos() && n.Pos() < f.End() {
				return "local"
			}
		}
		return outside
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			kind := "func"
			if n.Recv != nil {
				kind = "method"
			}
			add(kind, n.Name)
		case *ast.TypeSpec:
			add(depth(n, "type"), n.Name)
		case *ast.ValueSpec:
			add(depth(n, "var"), n.Names...)
		case *ast.StructType:
			for _, f := range n.Fields.List {
				add("field", f.Names...)
			}
		case *ast.InterfaceType:
			for _, f := range n.Methods.List {
				add("method", f.Names...)
			}
		case *ast.FuncType:
			for _, fields := range []*ast.FieldList{n.Params, n.Results} {
				if fields != nil {
					for _, f := range fields.List {
						add("local", f.Names...)
					}
				}
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					if name, ok := e.(*ast.Ident); ok {
						add("local", name)
					}
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if name, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add("local", name)
				}
			}
		}
		return true
	})
	return list
}

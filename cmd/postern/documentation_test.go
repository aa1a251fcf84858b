package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docBlock is a block of code of a page of the documentation.
type docBlock struct {
	label    string // of the comment in the line above, such as "nginx: host"; "" without one
	language string // after the fence
	text     string
}

// docFolder is absolute, since a running store changes the working directory.
var docFolder, _ = filepath.Abs("../../static/docs")

var docFence = regexp.MustCompile("(?ms)^(?:<!-- ([^\n]*) -->\n)?```([a-z]*)\n(.*?)^```$")

// docBlocks returns every block of code of a page in static/docs.
func docBlocks(t *testing.T, page string) (list []docBlock) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docFolder, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range docFence.FindAllStringSubmatch(string(text), -1) {
		list = append(list, docBlock{m[1], m[2], m[3]})
	}
	if fences := strings.Count("\n"+string(text), "\n```"); fences != 2*len(list) {
		t.Fatalf("%s: %d fences and %d blocks", page, fences, len(list))
	}
	return list
}

// docBlockLabelled returns the text of the one block with a label.
func docBlockLabelled(t *testing.T, page, label string) string {
	t.Helper()
	for _, b := range docBlocks(t, page) {
		if b.label == label {
			return b.text
		}
	}
	t.Fatalf("%s: no block is labelled %q", page, label)
	return ""
}

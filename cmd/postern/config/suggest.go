package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// fieldsOf maps the keys of a section to the types of their values.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		fields[t.Field(i).Tag.Get("yaml")] = t.Field(i).Type
	}
	return fields
}

// unknownKey is the message for an unknown key. It suggests the nearest known key or, if none is
// near, lists them all.
func unknownKey(path, key string, known map[string]reflect.Type) string {
	where := "at the top of the file"
	if path != "" {
		where = "in " + path
	}
	keys := slices.Sorted(maps.Keys(known))
	if similar := nearest(key, keys); similar != "" {
		return fmt.Sprintf("unknown key %q %s; did you mean %q?", shorten(key), where, similar)
	}
	return fmt.Sprintf("unknown key %q %s; remove it, or use one of %s", shorten(key), where, strings.Join(keys, ", "))
}

// nearest returns the key that differs least from name; "" if they all differ in more than a third
// of its letters, or in more than three.
func nearest(name string, keys []string) string {
	best, least := "", min(3, len(name)/3+1)+1
	for _, key := range keys {
		if d := distance(strings.ToLower(name), key); d < least {
			best, least = key, d
		}
	}
	return best
}

// distance is the Levenshtein distance: how many letters have to be added, removed or changed to
// turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

package main

import (
	_ "embed"

	"github.com/a-h/templ"

	"github.com/postern-dev/postern/handlers"
)

//go:embed style.css
var stylesheet []byte

// pageView is a page of this site. Head is what it needs beside the stylesheet.
type pageView struct {
	Title, User   string
	Head, Content templ.Component
	HTMX          bool
}

// formView is the form of an album.
type formView struct {
	Draft               album
	HTMX                bool
	Problems            map[string]error
	Pictures, Documents handlers.Field
}

// albumView is the page of an album.
type albumView struct {
	Title, Description  string
	Pictures, Documents []linkView
}

// linkView is a link to a file.
type linkView struct{ URL, Name string }

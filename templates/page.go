package templates

// Page is what every page needs beside its own content.
type Page struct {
	// Lang is the BCP 47 tag of all words on the page ("pt-BR").
	Lang string
	// Dir is the direction of that language, "ltr" or "rtl".
	Dir string
	// Title is the text of the browser's tab.
	Title string
	// Stylesheet is the URL of postern.css. Empty leaves the page unstyled.
	Stylesheet string
	// Scripts are the URLs of ES modules, loaded in this order. Empty leaves a page that works by
	// itself.
	Scripts []string
	// Modules are the URLs of what Scripts import, Data of what they fetch: a browser that knows
	// them asks for all at once.
	Modules, Data []string
	// LanguagesLabel names the row of languages for screen readers.
	LanguagesLabel string
	// Languages are links to this page in other languages. Empty shows no row.
	Languages []Language
}

// Language is one choice in a page's row of languages.
type Language struct {
	// URL leads to the same page in that language.
	URL string
	// Lang is its BCP 47 tag, Name what its speakers call it ("Deutsch").
	Lang, Name string
	// Current marks the language that the page is in.
	Current bool
}

// Link is a way to go on from a page.
type Link struct {
	// URL is where it leads; without one the link is not shown.
	URL string
	// Text is what the link says.
	Text string
	// Note says in a few words what is found there. May be empty.
	Note string
}

// Detail is one line of a list of terms and values. The value is isolated from the direction of the
// text around it.
type Detail struct{ Term, Value string }

// Field is a form field posted as it is, before the file.
type Field struct{ Name, Value string }

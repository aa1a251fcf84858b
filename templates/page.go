package templates

// Page is the frame of a page: everything beside its own content.
type Page struct {
	// Lang is the BCP 47 tag of the page's language ("pt-BR").
	Lang string
	// Dir is the direction of that language, "ltr" or "rtl".
	Dir string
	// Title is the text of the browser's tab.
	Title string
	// Stylesheet is the URL of postern.css. Empty leaves the page unstyled.
	Stylesheet string
	// Scripts are the URLs of ES modules, loaded in this order. The page works without them.
	Scripts []string
	// Modules are the URLs of modules that Scripts import, Data of files that they fetch. The
	// browser loads them all at once.
	Modules, Data []string
	// LanguagesLabel names the row of languages for screen readers.
	LanguagesLabel string
	// Languages are links to this page in every language. Without any, the row isn't shown.
	Languages []Language
}

// Language is one choice in a page's row of languages.
type Language struct {
	// URL leads to the same page in that language.
	URL string
	// Lang is the BCP 47 tag, Name the language's own name ("Deutsch").
	Lang, Name string
	// Current marks the language that the page is in.
	Current bool
}

// Link is a link to another page.
type Link struct {
	// URL is the target; without one the link is not shown.
	URL string
	// Text is the text of the link.
	Text string
	// Note describes the target in a few words. May be empty.
	Note string
}

// Detail is one line of a list of terms and values. The value is isolated from the direction of the
// text around it.
type Detail struct{ Term, Value string }

// Field is a form field posted as it is, before the file.
type Field struct{ Name, Value string }

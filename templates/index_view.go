package templates

// IndexView is the start page of a development server.
type IndexView struct {
	Page
	Heading, Intro string
	// Groups are the links, under a heading each.
	Groups []LinkGroup
	// FactsHeading stands over Facts: where the store is, where the data lies.
	FactsHeading string
	Facts        []Detail
}

// LinkGroup is a heading with links under it.
type LinkGroup struct {
	Heading string
	Links   []Link
}

// DemoView is a page of somebody else's site, made up to try the widget on. All demo pages take it
// and use what they show.
type DemoView struct {
	Page
	// DemoStylesheet is the URL of the made-up site's own stylesheet, demo.css.
	DemoStylesheet string
	// Embed is the URL of embed.js, which defines the element postern-upload.
	Embed string
	// Server is the base URL of Postern, as the element's attribute of that name.
	Server string
	// Profile is what the widget asks for.
	Profile string
	// Plain leads to the upload form as a page of its own, for visitors without script.
	Plain Link
	// Back leads to the start page.
	Back           Link
	Heading, Intro string
	// Site is the made-up site's name.
	Site string
	// WidgetLabel names the widget (and its iframe) to a screen reader.
	WidgetLabel string
	// After is a paragraph below the widget. May be empty.
	After string
	// Action is where the host form of the form demo is posted.
	Action string
	// NameLabel, NoteLabel and SubmitLabel are that form's words.
	NameLabel, NoteLabel, SubmitLabel string
	// FieldName is the name under which the host form gets the uploaded keys.
	FieldName string
	// ReceivedHeading stands over Received: what the host form posted.
	ReceivedHeading string
	Received        []Detail
	// Themes are the panels of the page that shows themes side by side.
	Themes []Theme
}

// Theme is one panel of the demo page of themes.
type Theme struct {
	// Name is one of the themes of demo.css: plain, ink, moss, paper.
	Name string
	// Title is what the panel is called.
	Title string
	// Note names the properties that it sets.
	Note string
}

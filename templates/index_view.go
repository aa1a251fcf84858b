package templates

// IndexView is the start page of a development server.
type IndexView struct {
	Page
	Heading, Intro string
	// Groups are the links, each group with a heading.
	Groups []LinkGroup
	// FactsHeading is the heading of Facts: the addresses of the store and of the data.
	FactsHeading string
	Facts        []Detail
}

// LinkGroup is a heading with links under it.
type LinkGroup struct {
	Heading string
	Links   []Link
}

// DemoView is a page of a made-up site that uses the widget. All demo pages take this view; each
// shows some of it.
type DemoView struct {
	Page
	// DemoStylesheet is the URL of the made-up site's own stylesheet, demo.css.
	DemoStylesheet string
	// Embed is the URL of embed.js, which defines the element postern-upload.
	Embed string
	// Server is the base URL of Postern, for the element's attribute of that name.
	Server string
	// Profile is the profile that the widget asks for.
	Profile string
	// Fallback leads to the upload form as a page of its own, for visitors without script.
	Fallback Link
	// Back leads to the start page.
	Back           Link
	Heading, Intro string
	// Site is the made-up site's name.
	Site string
	// WidgetLabel names the widget (and its iframe) to a screen reader.
	WidgetLabel string
	// After is a paragraph below the widget. May be empty.
	After string
	// Action is the URL that the host's form posts to.
	Action string
	// NameLabel, NoteLabel and SubmitLabel are the labels in that form.
	NameLabel, NoteLabel, SubmitLabel string
	// FieldName is the name of the form field that holds the keys of the uploaded objects.
	FieldName string
	// ReceivedHeading is the heading of Received, the fields that the form posted.
	ReceivedHeading string
	Received        []Detail
	// Themes are the panels of [DemoThemes].
	Themes []Theme
}

// Theme is one panel of [DemoThemes].
type Theme struct {
	// Name is a theme of demo.css: plain, ink, moss or paper.
	Name string
	// Title is the heading of the panel.
	Title string
	// Note says which properties the theme sets.
	Note string
}

// Package templates holds the HTML pages, as templ components.
//
// Each component takes one flat view struct: its texts are in the visitor's language, its sizes and
// dates are formatted and its fields are in order. A component holds conditions, loops and
// escaping, and nothing else: it reads no clock, builds no URL and makes no calls.
//
//   - [Form] is the upload form as a page, [Widget] the same form as a page for an iframe, and
//     [Uploader] the form alone, to be rendered inside a page of your own.
//   - [Result] is the page that a form sent without script ends on.
//   - [Error] is the page of any other failure.
//   - [Index], [DemoSite], [DemoForm] and [DemoThemes] belong to the development server.
//   - [Explain] shows what a policy means and why an upload is refused.
//
// The pages have no inline script and no inline style, so that they work with the strictest content
// security policy. Their only stylesheet is static/postern.css; a page that renders [Uploader]
// links it and may set the custom properties that are listed at its top.
//
// A page may hold several uploaders: the ids of each are its own ([FormView.ID]).
//
// The package imports templ and the standard library. Generated files are committed: run "go tool
// templ generate" after a change.
package templates

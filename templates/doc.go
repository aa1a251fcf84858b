// Package templates holds the pages that people see, as templ components.
//
// Each component takes one flat view struct whose words are already in the visitor's language,
// whose sizes and dates are already formatted and whose fields are already in order. A component
// holds conditions, loops and escaping, and nothing else: it reads no clock, builds no URL and
// calls nobody.
//
//   - [Form] is the upload form as a page, [Widget] the same form as a page for an iframe, and
//     [Uploader] the form alone, to be rendered inside a page of your own.
//   - [Result] is the page that follows a form sent without script.
//   - [Error] is a failure as a page.
//   - [Index], [DemoSite], [DemoForm] and [DemoThemes] belong to the development server.
//   - [Explain] shows what a policy means and why an upload is refused.
//
// The pages carry no inline script and no inline style, so that they live under the strictest
// content security policy. What they look like is decided by static/postern.css alone; a page that
// embeds [Uploader] links it and sets the custom properties named at its top.
//
// The package imports templ and the standard library. Generated files are committed: run "go tool
// templ generate" after a change.
package templates

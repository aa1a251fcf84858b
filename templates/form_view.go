package templates

// FormView is what the upload form shows: a page of its own with [Form], a page inside an iframe
// with [Widget], or a part of somebody's page with [Uploader].
type FormView struct {
	Page
	// Heading stands over the form; Kicker, above it and smaller, may name the profile. Both may be
	// empty.
	Heading, Kicker string
	// Rules say in plain words what is accepted ("PNG, JPEG or WebP, up to 10 MB"). They describe
	// the control to a screen reader too.
	Rules string
	// ChooseLabel labels the file control, SubmitLabel the button.
	ChooseLabel, SubmitLabel string
	// Hint says what happens after sending without script. May be empty.
	Hint string
	// FilesLabel names the list of files, which the script fills.
	FilesLabel string
	// Doors are the words that are shown once the script is there.
	Doors Doors
	// Action is the bucket URL that the form posts to. Anything that is not http, https or relative
	// is replaced by a URL that leads nowhere.
	Action string
	// Fields are posted in this order, before the file.
	Fields []Field
	// Accept fills the control's attribute of that name ("image/png,image/jpeg").
	Accept string
	// Endpoint is the path of the JSON API ("/uploads" is appended to it).
	Endpoint string
	// Profile is the profile that the script asks for.
	Profile string
	// Catalog is the URL of the language file that the script reads.
	Catalog string
	// MinSize and MaxSize are the smallest and largest file, in bytes.
	MinSize, MaxSize int64
	// Types are the content types accepted ("image/png", "image/*", "*/*").
	Types []string
	// TypeNames are those types in words ("PNG, JPEG or WebP"), for messages.
	TypeNames string
	// Multiple lets the script take several files. The form by itself always sends one.
	Multiple bool
	// Embedded is set for the page inside an iframe. Without script its form then opens the result
	// in a window of its own: no result may be framed.
	Embedded bool
	// ParentOrigins are the origins that the script will talk to when embedded.
	ParentOrigins []string
}

// Doors are the words of the other ways in, which work by script alone. What is left empty isn't
// offered.
type Doors struct {
	// Many takes ChooseLabel's place: the script takes several files.
	Many string
	// Drop invites to drop files; while some are over the zone, Accepts or Refuses says what would
	// become of them.
	Drop, Accepts, Refuses string
	// Folder and Camera label buttons, the latter only shown on devices that are held in the hand.
	Folder, Camera string
}

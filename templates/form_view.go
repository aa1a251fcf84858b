package templates

// FormView is the upload form: a page of its own with [Form], a page inside an iframe with
// [Widget], or a part of another page with [Uploader].
type FormView struct {
	Page
	// ID is the end of the ids of the form's elements and has to be unique on the page. Empty
	// stands for random text, new at each rendering.
	ID string
	// Heading is the heading of the page, Intro a paragraph below it. Both may be empty.
	Heading, Intro string
	// ShowHeading shows the heading on the page for an iframe, too: elsewhere the page around it
	// has one, and ours is for screen readers.
	ShowHeading bool
	// Rules say in plain words what is accepted ("PNG, JPEG or WebP, up to 10 MB"). They are shown
	// and describe the file control to screen readers.
	Rules string
	// ChooseLabel labels the file control, SubmitLabel the button.
	ChooseLabel, SubmitLabel string
	// Hint says what happens after sending without script. May be empty.
	Hint string
	// FilesLabel names the list of files, which the script fills.
	FilesLabel string
	// Pickers are the labels of what the script adds.
	Pickers PickerLabels
	// Action is the bucket URL that the form posts to. Anything but http, https and relative URLs
	// is replaced by a URL that does nothing.
	Action string
	// Fields are posted in this order, before the file.
	Fields []Field
	// Back, where it has a URL, leads back to the page that this one was opened from.
	Back Link
	// Ask, where it has an Action, stands in place of the form: a button that asks for a signed
	// one. The script shows the form all the same, as it asks for plans of its own.
	Ask AskView
	// NeedsScript, where it is set, says that the form can't be sent without script: its controls
	// are disabled until the script is ready.
	NeedsScript string
	// Accept is the accept attribute of the file control ("image/png,image/jpeg,.png,.jpg").
	Accept string
	// Endpoint is the path of the JSON API, without "/uploads".
	Endpoint string
	// Profile is the profile that the script asks for.
	Profile string
	// Owners are the opaque marks of whoever asks for the page, see uploads.Service.Owners: what
	// the script keeps in the browser is for the person with one of these marks only. Without any,
	// as for guests, the script asks the server when it has to know.
	Owners []string
	// Catalog is the URL of the language file that the script reads.
	Catalog string
	// MinSize and MaxSize are the smallest and largest file, in bytes.
	MinSize, MaxSize int64
	// Types are the accepted content types ("image/png", "image/*", "*/*").
	Types []string
	// Accepted are Types, the other names of each, and extensions (".png"): what the script takes.
	Accepted []string
	// TypeNames are those types in words ("PNG, JPEG or WebP"), for messages.
	TypeNames string
	// Multiple lets the script take several files. The form without script always sends one.
	Multiple bool
	// MaxFiles is how many files the script lets its visitor upload; 0 is no limit.
	MaxFiles int
	// AcceptMetadata are the names of the metadata that the page may set for a file.
	AcceptMetadata []string
	// Removable is for how many seconds after it was accepted a visitor may remove a file; 0 is not
	// at all.
	Removable int64
	// Checksum is the algorithm of the checksum that each part of a large file has to name; "" where
	// none has.
	Checksum string
	// Redirect is where the script's Continue button posts the receipts to; without one there is no
	// such button.
	Redirect string
	// Embedded is set for the page inside an iframe. Without script its form then opens the result
	// in a new window: no result may be framed.
	Embedded bool
	// ParentOrigins are the origins that the script of an embedded page talks to.
	ParentOrigins []string
}

// AskView is a button that asks for a form.
type AskView struct {
	// Action is the path that the button posts to. Without one there is no button.
	Action string
	// Reason says why there is a button and no form. Label is the text of the button.
	Reason, Label string
}

// PickerLabels are the texts of the ways to choose files that need script. A way without a text is
// not offered.
type PickerLabels struct {
	// ChooseSeveral replaces ChooseLabel, since the script takes several files.
	ChooseSeveral string
	// Drop invites people to drop files. While files are dragged over the form, DropAccepts or
	// DropRefuses says whether they can be dropped.
	Drop, DropAccepts, DropRefuses string
	// Folder labels the button that chooses a folder. Camera labels the one that takes a photo,
	// which only touch screens show.
	Folder, Camera string
}

package templates_test

import "github.com/postern-dev/postern/templates"

func page(title string) templates.Page {
	return templates.Page{
		Lang:           "en",
		Dir:            "ltr",
		Title:          title,
		Stylesheet:     "/assets/0011223344556677/postern.css",
		Scripts:        []string{"/assets/0011223344556677/define.js"},
		LanguagesLabel: "Language",
		Languages: []templates.Language{
			{URL: "?lang=en", Lang: "en", Name: "English", Current: true},
			{URL: "?lang=ar", Lang: "ar", Name: "العربية"},
		},
	}
}

func normalForm() templates.FormView {
	page := page("Upload files")
	page.Modules = []string{"/assets/0011223344556677/element.js"}
	page.Data = []string{"/assets/0011223344556677/lang/en.json"}
	return templates.FormView{
		Page:        page,
		ID:          "photos",
		Heading:     "Upload files",
		Intro:       "Of the plot that you have in mind.",
		Rules:       "PNG, JPEG or WebP, up to 10 MB",
		ChooseLabel: "Choose a file",
		SubmitLabel: "Upload",
		Hint:        "This page changes once the file has arrived.",
		Action:      "https://media.s3.eu-central-1.amazonaws.com/",
		Fields: []templates.Field{
			{Name: "key", Value: "users/guest/2026/11/0198.png"},
			{Name: "policy", Value: "eyJleHBpcmF0aW9uIjoi"},
			{Name: "x-amz-signature", Value: "00ff"},
		},
		Accept:   "image/png,image/jpeg,image/webp",
		Endpoint: "/postern",
		Profile:  "photos",
		Owners:   []string{"lI9oVnTZ0pXgAbH_zUrYtQ", "Ee-4mSgpF1fUqkHTDQ0RhA"},
		Catalog:  "/assets/0011223344556677/lang/en.json",
		MinSize:  1,
		MaxSize:  10 << 20,
		Types:    []string{"image/png", "image/jpeg", "image/webp"}, Accepted: []string{"image/png", "image/jpeg", "image/webp"},
		TypeNames: "PNG, JPEG or WebP",
		Multiple:  true,

		MaxFiles: 20, AcceptMetadata: []string{"album", "path"}, Removable: 3600, Redirect: "https://app.example.com/uploaded",

		FilesLabel: "Files",
		Pickers: templates.PickerLabels{
			ChooseSeveral: "Choose files", Drop: "or drop files here", DropAccepts: "Drop to upload", DropRefuses: "These can’t be uploaded here",
			Folder: "Choose a folder", Camera: "Take a photo",
		},
	}
}

// askingForm is a form that a visitor without script has to ask for.
func askingForm() templates.FormView {
	view := normalForm()
	view.Action, view.Fields = "", nil
	view.Ask = templates.AskView{Action: "/postern/forms/photos?lang=en", Reason: "An upload form counts towards your upload limit.", Label: "Show the upload form"}
	return view
}

func normalWidget() templates.FormView {
	view := normalForm()
	view.Intro, view.Languages, view.Owners = "", nil, nil // a guest
	view.Embedded = true
	view.ParentOrigins = []string{"https://app.example.com", "https://www.example.com"}
	return view
}

func normalResult() templates.ResultView {
	return templates.ResultView{
		Page:     page("Uploaded"),
		State:    templates.StateDone,
		Heading:  "Your file has arrived",
		Message:  "It is stored and checked. You can close this page.",
		Filename: "holiday.png",
		Details:  []templates.Detail{{Term: "Size", Value: "1.2 MB"}, {Term: "Kind", Value: "PNG"}},
		Again:    templates.Link{URL: "/forms/photos", Text: "Upload another file"},
	}
}

func refusedResult() templates.ResultView {
	view := normalResult()
	view.State, view.Heading = templates.StateRefused, "This file can’t be accepted"
	view.Message = "By its content it is text; only PNG, JPEG or WebP can be uploaded here."
	view.Hint = "It was deleted from the store. Choose another file."
	view.Code, view.CodeLabel = "type_not_allowed", "Code for support:"
	return view
}

func normalError() templates.ErrorView {
	return templates.ErrorView{
		Page:         page("This form is too old"),
		Heading:      "This form is too old",
		Message:      "The time to send a file with it is over.",
		Hint:         "Open the form again and send the file once more.",
		Code:         "upload_expired",
		CodeLabel:    "Code for support:",
		RequestID:    "01j9x7",
		RequestLabel: "Request:",
		Again:        templates.Link{URL: "/forms/photos", Text: "Start over"},
	}
}

func normalIndex() templates.IndexView {
	return templates.IndexView{
		Page:    page("Postern"),
		Heading: "Postern is running",
		Intro:   "Files go from the browser straight into the bucket.",
		Groups: []templates.LinkGroup{{
			Heading: "Upload forms",
			Links:   []templates.Link{{URL: "/forms/photos", Text: "photos", Note: "Pictures"}, {URL: "/forms/files", Text: "files"}},
		}},
		FactsHeading: "Where everything is",
		Facts:        []templates.Detail{{Term: "Store", Value: "http://127.0.0.1:9000"}},
	}
}

func normalDemo() templates.DemoView {
	return templates.DemoView{
		Page:            page("A form with an upload"),
		DemoStylesheet:  "/assets/0011223344556677/demo.css",
		Embed:           "/embed.js",
		Server:          "http://127.0.0.1:8080",
		Profile:         "photos",
		Fallback:        templates.Link{URL: "/forms/photos", Text: "Upload on a page of its own"},
		Back:            templates.Link{URL: "/", Text: "Back to Postern"},
		Heading:         "Apply for a plot",
		Intro:           "Tell us who you are.",
		Site:            "The Allotment Society",
		WidgetLabel:     "Picture of the plot",
		After:           "The box comes from another server.",
		Action:          "/demo/form",
		NameLabel:       "Your name",
		NoteLabel:       "Anything we should know",
		SubmitLabel:     "Send application",
		FieldName:       "photos",
		ReceivedHeading: "This is what the form sent",
		Received:        []templates.Detail{{Term: "photos", Value: "users/guest/2026/11/0198.png"}},
		Themes:          []templates.Theme{{Name: "plain", Title: "As it comes", Note: "No property set."}},
	}
}

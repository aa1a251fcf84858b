package profile_test

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-dev/postern/policy/profile"
)

// dangerous are extensions that no key may get for a passive type: what servers execute or take for
// settings, what browsers run, what desktops run, install or follow, and documents with macros.
var dangerous = strings.Fields(`php php3 php4 php5 php7 php8 phps phtml phar pht inc jsp jspx jspf jsw jsv asp aspx asa asax ascx ashx asmx cer cdx
	cgi fcgi pl pm py pyc pyw rb lua tcl erb cfm cfml do action sh bash zsh csh ksh fish htaccess htpasswd config ws shtml stm shtm ssi
	html htm xhtml xht xhtm svg svgz xml xsl xslt xsd dtd rdf rss atom js mjs cjs jsx tsx css wasm swf xap hta htc htt mht mhtml eml manifest appcache
	exe com scr pif msi msp mst bat cmd ps1 psm1 psd1 vbs vbe vb jse wsf wsh sct reg inf cpl dll sys drv ocx msc gadget application appref-ms
	jar war ear class jnlp apk aab ipa app dmg pkg iso img vhd vhdx deb rpm run elf out so dylib appimage snap flatpak crx xpi msix appx
	lnk url scf desktop library-ms searchconnector-ms search-ms website webloc settingcontent-ms theme themepack contact group
	chm hlp cab m3u m3u8 asx wax wvx wpl pls torrent nfo rdp ica vnc ovpn
	docm dotm xlsm xltm xlsb xlam xla xll pptm potm ppsm ppam ppa sldm accdb accde mdb ade adp iqy slk oqy crt p12 pfx pem`)

func TestEveryExtensionOfAPassiveTypeIsHarmless(t *testing.T) {
	t.Parallel()
	bad, rows := map[string]bool{}, 0
	for _, e := range dangerous {
		bad[e] = true
	}
	plain, seen := regexp.MustCompile(`^[a-z0-9]{1,10}$`), map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(profile.TypeTable)) {
		types, extensions, ok := strings.Cut(strings.TrimSpace(line), ": ")
		types, _, _ = strings.Cut(types, "?")
		rows++
		if !ok || types == "" || extensions == "" {
			t.Errorf("%q is no row", line)
		}
		active := false
		for _, contentType := range strings.Fields(strings.ReplaceAll(types, "|", " ")) {
			clean, ok := profile.CleanType(contentType)
			if !ok || clean != contentType || seen[clean] {
				t.Errorf("%q isn't one clean type, or there twice", contentType)
			}
			seen[clean] = true
			active = active || profile.Active(contentType)
		}
		for _, e := range strings.Fields(extensions) {
			if !plain.MatchString(e) {
				t.Errorf("%s: %q is no plain extension", types, e)
			}
			if bad[e] && !active {
				t.Errorf("%s may end in .%s", types, e)
			}
		}
	}
	if rows < 150 {
		t.Errorf("only %d rows", rows)
	}
}

// TestAKeyEndsInAnExtensionOfItsType names a file of each kind falsely.
func TestAKeyEndsInAnExtensionOfItsType(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) {
		p.Key, p.Types = "in/{id}{ext}", []string{"*/*", "image/svg+xml", "text/html", "text/javascript"}
	})
	cases := []struct{ name, file, contentType, extension string }{
		{"a program of a server", "x.php", "image/png", ".png"},
		{"in upper case", "x.PhP", "image/png", ".png"},
		{"before the right extension", "a.php.png", "image/png", ".png"},
		{"behind the right extension", "a.png.php", "image/png", ".png"},
		{"a trailing dot", "a.php.", "image/png", ".png"},
		{"trailing dots and blanks", "a.php. . ", "image/png", ".png"},
		{"an alternate data stream", "a.php::$DATA", "image/png", ".png"},
		{"a colon", "a.php:.png", "image/png", ".png"},
		{"a right-to-left override", "gnp.\u202ephp", "image/png", ".png"},
		{"a null character", "a.php\x00.png", "image/png", ".png"},
		{"percent-encoding", "a.php%00.png", "image/png", ".png"},
		{"a semicolon", "a.asp;.png", "image/png", ".png"},
		{"another extension of the type", "a.JPEG", "image/jpeg", ".jpeg"},
		{"an alias of the type", "a.jfif", "image/pjpeg", ".jfif"},
		{"no extension", "a", "image/png", ".png"},
		{"no name but an extension", ".png", "image/jpeg", ".jpg"},
		{"an extension of another kind", "a.mp4", "image/png", ".png"},
		{"a page as a picture", "a.svg", "image/png", ".png"},
		{"a drawing", "a.svg", "image/svg+xml", ".svg"},
		{"a compressed drawing", "a.svgz", "image/svg+xml", ".svg"},
		{"a page", "a.php", "text/html", ".html"},
		{"a script", "a.mjs", "text/javascript", ".mjs"},
		{"a type with a parameter", "a.txt", "text/plain; charset=utf-8", ".txt"},
		{"bytes with a harmless extension", "a.PSD", "", ".psd"},
		{"bytes named by another system", "a.dwg", "binary/octet-stream", ".dwg"},
		{"bytes with a page's extension", "a.html", "application/octet-stream", ""},
		{"bytes with a stylesheet's extension", "a.css", "", ""},
		{"bytes with a shortcut's extension", "a.lnk", "", ""},
		{"bytes with a program's extension", "setup.exe", "", ""},
		{"bytes with a feed's extension", "a.rss", "", ""},
		{"bytes with settings of a server", ".htaccess", "", ""},
		{"bytes with two dots and settings", "a.htaccess", "", ""},
		{"bytes with a trailing dot", "a.png.", "", ""},
		{"a type without a row and a harmless extension", "a.zip", "application/x-own", ".zip"},
		{"a type without a row and a program", "a.jsp", "application/x-own", ""},
		{"a program's own type", "a.exe", "application/vnd.microsoft.portable-executable", ""},
		{"a program of a server by its own type", "a.php", "application/x-httpd-php", ""},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			p, err := c.Plan(alice(), profile.File{Name: k.file, Type: k.contentType, Size: 1}, params())
			if err != nil || path.Ext(p.Key) != k.extension {
				t.Errorf("%q as %q: wanted %q, got %q, %v", k.file, k.contentType, k.extension, p.Key, err)
			}
		})
	}
	form, err := c.FormPlan(alice(), params())
	if err != nil || path.Ext(form.Key) != "" {
		t.Errorf("a form without script: got %q, %v", form.Key, err)
	}
}

func TestEveryDangerousNameLosesItsExtension(t *testing.T) {
	t.Parallel()
	c := compile(t, func(p *profile.Profile) { p.Key, p.Types = "in/{id}/{name}{ext}", []string{"*/*"} })
	for _, e := range dangerous {
		for _, contentType := range []string{"", "image/png", "application/x-own", "text/plain", "application/zip", "video/mp4"} {
			for _, name := range []string{"x." + e, "x." + strings.ToUpper(e), "x.png." + e, "x." + e + ".", e + "." + e} {
				p, err := c.Plan(alice(), profile.File{Name: name, Type: contentType, Size: 1}, params())
				if err != nil || strings.HasSuffix(p.Key, "."+e) || strings.Count(path.Base(p.Key), ".") > 1 {
					t.Errorf("%q as %q: got %q, %v", name, contentType, p.Key, err)
				}
			}
		}
	}
}

// allowedExtensions are all of the table, and none.
var allowedExtensions = func() map[string]bool {
	set := map[string]bool{"": true}
	for line := range strings.Lines(profile.TypeTable) {
		_, extensions, _ := strings.Cut(line, ":")
		for _, e := range strings.Fields(extensions) {
			set["."+e] = true
		}
	}
	return set
}()

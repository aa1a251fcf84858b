package profile

import "strings"

// extension returns what a key ends in, with its dot: an extension that files of the decided type
// have. It is the name's own where the table lists it for the type, in lower case; else the type's
// usual one. A type without a row, and bytes of no known type, keep the name's extension if it is
// one of a passive type. All other names and a form's file, whose type nobody knows, get "".
//
// So a picture named x.php never becomes a key that a web server behind the bucket executes, that a
// desktop opens as a program or a shortcut, or that a file server gives an active type.
func extension(name, contentType string) string {
	if contentType == "" {
		return ""
	}
	own := strings.ToLower(strings.TrimPrefix(lastExtension(name), "."))
	allowed := extensionsOf[contentType]
	for _, e := range allowed {
		if e == own {
			return "." + e
		}
	}
	switch {
	case len(allowed) > 0:
		return "." + allowed[0]
	case passiveExtensions[own]:
		return "." + own
	}
	return ""
}

// extensionsOf has the extensions of each type, the usual one first.
var extensionsOf = func() map[string][]string {
	table := map[string][]string{}
	for line := range strings.Lines(fileTypes) {
		types, extensions, _ := strings.Cut(line, ":")
		for t := range strings.FieldsSeq(types) {
			table[t] = strings.Fields(extensions)
		}
	}
	return table
}()

// passiveExtensions are those of all types but the active ones: no browser runs such a file, no
// server executes it, and opening it starts no program but the one that shows it.
var passiveExtensions = func() map[string]bool {
	set := map[string]bool{}
	for t, extensions := range extensionsOf {
		for _, e := range extensions {
			if !Active(t) {
				set[e] = true
			}
		}
	}
	return set
}()

// fileTypes has a line for each kind of file: its types, a colon, and its extensions. The first
// type is the registered one (https://www.iana.org/assignments/media-types) or the usual one, the
// others are what browsers and programs call it too.
//
// Missing on purpose: what servers execute (php, jsp, asp, cgi, pl, py), what desktops run or
// install (exe, msi, bat, sh, jar, apk, dmg, iso), what leads elsewhere when it is opened or seen
// in a folder (lnk, url, scf, desktop, library-ms), documents with macros (docm, xlsm, pptm), and
// lists of addresses (rss, m3u, torrent).
const fileTypes = `
image/jpeg image/jpg image/pjpeg: jpg jpeg jpe jfif
image/png image/x-png image/apng image/vnd.mozilla.apng: png apng
image/gif: gif
image/webp: webp
image/avif: avif
image/avif-sequence: avifs avif
image/heic image/heic-sequence: heic heics heif hif
image/heif image/heif-sequence: heif heifs heic hif
image/jxl: jxl
image/bmp image/x-bmp image/x-ms-bmp: bmp dib
image/tiff image/tiff-fx: tif tiff
image/x-icon image/vnd.microsoft.icon: ico cur
image/jp2 image/jpeg2000 image/x-jp2: jp2 j2k jpg2
image/jpx: jpx jpf
image/jpm: jpm
image/jxr image/vnd.ms-photo: jxr wdp hdp
image/vnd.adobe.photoshop image/x-photoshop application/x-photoshop application/photoshop: psd psb
image/x-xcf: xcf
image/x-exr image/aces: exr
image/vnd.radiance: hdr
image/x-tga image/x-targa: tga
image/vnd.zbrush.pcx image/x-pcx: pcx
image/x-portable-pixmap: ppm
image/x-portable-graymap: pgm
image/x-portable-bitmap: pbm
image/x-portable-anymap: pnm
image/x-xbitmap: xbm
image/x-xpixmap: xpm
image/vnd.ms-dds image/x-dds: dds
image/ktx: ktx
image/ktx2: ktx2
image/emf image/x-emf: emf
image/wmf image/x-wmf: wmf
image/x-adobe-dng image/dng: dng
image/x-canon-cr2: cr2
image/x-canon-cr3: cr3
image/x-canon-crw: crw
image/x-nikon-nef: nef
image/x-nikon-nrw: nrw
image/x-sony-arw: arw
image/x-olympus-orf: orf
image/x-panasonic-rw2: rw2
image/x-fuji-raf: raf
image/x-pentax-pef: pef
image/x-samsung-srw: srw
image/vnd.djvu image/x-djvu: djvu djv
image/vnd.dwg image/x-dwg application/acad application/x-acad application/dwg: dwg
image/vnd.dxf image/x-dxf application/dxf: dxf
image/svg+xml: svg
audio/mpeg audio/mp3 audio/x-mp3 audio/mpeg3: mp3 mp2 mpga
audio/mp4 audio/x-m4a audio/m4a audio/aac-mp4: m4a m4b m4r mp4
audio/aac audio/x-aac audio/aacp: aac
audio/wav audio/x-wav audio/wave audio/vnd.wave: wav
audio/flac audio/x-flac: flac
audio/ogg audio/vorbis audio/x-ogg: ogg oga opus spx
audio/opus: opus ogg
audio/webm: weba webm
audio/x-ms-wma: wma
audio/aiff audio/x-aiff: aif aiff aifc
audio/midi audio/x-midi audio/mid: mid midi
audio/amr audio/amr-wb: amr awb
audio/x-caf: caf
audio/ac3 audio/vnd.dolby.dd-raw: ac3
audio/eac3: eac3
audio/basic: au snd
audio/x-matroska: mka
audio/ape audio/x-ape audio/x-monkeys-audio: ape
audio/3gpp: 3gp
audio/3gpp2: 3g2
video/mp4 video/x-mp4 application/mp4: mp4 m4v mp4v
video/x-m4v: m4v mp4
video/quicktime: mov qt
video/webm: webm
video/x-matroska video/matroska: mkv mk3d
video/x-msvideo video/avi video/msvideo video/vnd.avi: avi
video/x-ms-wmv: wmv
video/x-ms-asf application/vnd.ms-asf: asf
video/x-flv: flv
video/x-f4v video/mp4-f4v: f4v
video/mpeg video/mpg video/x-mpeg: mpg mpeg mpe m1v m2v
video/mp2t: ts m2ts mts m2t
video/mp2p video/dvd: mpg vob
video/3gpp: 3gp 3gpp
video/3gpp2: 3g2
video/ogg application/ogg: ogv ogg ogx
video/x-mjpeg: mjpeg
application/mxf: mxf
application/pdf application/x-pdf: pdf
application/msword: doc dot
application/vnd.ms-excel application/msexcel application/x-msexcel: xls xlt
application/vnd.ms-powerpoint application/mspowerpoint: ppt pps pot
application/vnd.openxmlformats-officedocument.wordprocessingml.document: docx
application/vnd.openxmlformats-officedocument.wordprocessingml.template: dotx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: xlsx
application/vnd.openxmlformats-officedocument.spreadsheetml.template: xltx
application/vnd.openxmlformats-officedocument.presentationml.presentation: pptx
application/vnd.openxmlformats-officedocument.presentationml.slideshow: ppsx
application/vnd.openxmlformats-officedocument.presentationml.template: potx
application/vnd.oasis.opendocument.text: odt
application/vnd.oasis.opendocument.text-template: ott
application/vnd.oasis.opendocument.spreadsheet: ods
application/vnd.oasis.opendocument.spreadsheet-template: ots
application/vnd.oasis.opendocument.presentation: odp
application/vnd.oasis.opendocument.presentation-template: otp
application/vnd.oasis.opendocument.graphics: odg
application/vnd.oasis.opendocument.formula: odf
application/vnd.apple.pages application/x-iwork-pages-sffpages: pages
application/vnd.apple.numbers application/x-iwork-numbers-sffnumbers: numbers
application/vnd.apple.keynote application/x-iwork-keynote-sffkey: key
application/vnd.visio: vsd vst
application/vnd.ms-visio.drawing application/vnd.visio2013: vsdx
application/vnd.ms-project application/x-project: mpp
application/x-mspublisher application/vnd.ms-publisher: pub
application/onenote application/msonenote: one
application/vnd.ms-outlook: msg
application/vnd.ms-works: wps
application/vnd.wordperfect: wpd
application/vnd.ms-xpsdocument: xps
application/oxps: oxps
application/rtf text/rtf application/x-rtf text/richtext: rtf
application/postscript application/illustrator application/eps image/x-eps: ps eps ai
application/x-indesign application/vnd.adobe.indesign: indd
application/vnd.figma: fig
application/vnd.sketch application/x-sketch: sketch
text/plain: txt text log md csv tsv srt lrc ini conf cfg toml yaml yml tex bib diff patch asc
text/markdown text/x-markdown: md markdown
text/csv application/csv text/x-csv text/comma-separated-values: csv
text/tab-separated-values: tsv tab
text/calendar: ics ifb
text/vcard text/x-vcard text/directory: vcf vcard
text/vtt: vtt
application/x-subrip text/srt text/x-subrip: srt
text/x-ssa text/x-ass: ass ssa
text/x-tex application/x-tex application/x-latex text/x-bibtex: tex bib latex
text/x-log: log
text/x-diff text/x-patch: diff patch
text/yaml text/x-yaml application/yaml application/x-yaml: yaml yml
application/toml text/x-toml: toml
application/json text/json: json
application/geo+json application/vnd.geo+json: geojson json
application/ld+json: jsonld json
application/jsonl application/x-ndjson application/x-jsonlines: jsonl ndjson
application/x-ipynb+json: ipynb
application/epub+zip: epub
application/x-mobipocket-ebook: mobi prc
application/vnd.amazon.ebook application/vnd.amazon.mobi8-ebook: azw azw3
application/vnd.comicbook+zip application/x-cbz: cbz
application/vnd.comicbook-rar application/x-cbr: cbr
application/x-ms-reader: lit
application/zip application/x-zip-compressed application/x-zip: zip
application/x-7z-compressed: 7z
application/vnd.rar application/x-rar-compressed application/x-rar: rar
application/x-tar application/tar: tar
application/gzip application/x-gzip application/x-compressed-tar: gz tgz
application/x-bzip2 application/x-bzip application/x-bzip-compressed-tar: bz2 tbz2 tbz bz
application/x-xz application/x-xz-compressed-tar: xz txz
application/zstd application/x-zstd: zst tzst
application/x-lzip: lz
application/x-lz4: lz4
application/x-lzma: lzma
application/x-lzh-compressed application/x-lha: lzh lha
application/x-stuffit application/x-stuffitx: sit sitx
application/x-arj: arj
application/x-compress: z
font/ttf application/x-font-ttf application/font-sfnt font/sfnt: ttf
font/otf application/x-font-otf application/vnd.ms-opentype: otf
font/collection: ttc otc
font/woff application/font-woff application/x-font-woff: woff
font/woff2: woff2
application/vnd.ms-fontobject: eot
application/x-font-type1: pfb pfm afm
model/stl application/sla application/vnd.ms-pki.stl model/x.stl-binary model/x.stl-ascii: stl
model/obj text/prs.wavefront-obj: obj
model/mtl: mtl
model/3mf application/vnd.ms-package.3dmanufacturing-3dmodel: 3mf
model/gltf-binary: glb
model/gltf+json: gltf
model/step application/step application/x-step: step stp
model/step+zip: stpz
model/iges application/iges: iges igs
model/vnd.usdz+zip: usdz
model/ply application/x-ply: ply
application/vnd.autodesk.fbx: fbx
application/x-3ds image/x-3ds: 3ds
application/x-blender: blend
application/vnd.sketchup.skp: skp
application/x-sldworks application/sldworks: sldprt sldasm slddrw
application/vnd.autodesk.inventor.part: ipt
application/vnd.autodesk.inventor.assembly: iam
model/vnd.dwf drawing/x-dwf application/x-dwf: dwf dwfx
application/x-step-ifc application/p21 application/x-ifc: ifc
text/x-gcode text/x.gcode: gcode
application/vnd.google-earth.kmz: kmz
application/geopackage+sqlite3: gpkg
application/vnd.shp application/x-esri-shape: shp
application/vnd.shx: shx
application/vnd.dbf application/dbf: dbf
application/dicom: dcm
application/fits image/fits: fits fit
application/vnd.apache.parquet application/x-parquet: parquet
application/x-binary application/macbinary: bin dat
application/vnd.sqlite3 application/x-sqlite3: sqlite db
application/pgp-signature: sig asc
application/pgp-encrypted: pgp gpg
application/pkcs7-mime application/x-pkcs7-mime: p7m
application/pkcs7-signature application/x-pkcs7-signature: p7s
text/html: html htm
application/xhtml+xml: xhtml xht
text/xml application/xml: xml
text/xsl text/xslt application/xslt+xml: xsl xslt
text/javascript application/javascript application/x-javascript: js mjs
text/css: css
application/wasm: wasm
application/rss+xml: xml
application/atom+xml: atom xml
application/gpx+xml: gpx
application/vnd.google-earth.kml+xml: kml
application/vnd.recordare.musicxml+xml: musicxml xml
model/vnd.collada+xml: dae
model/x3d+xml: x3d
message/rfc822: eml
multipart/related application/x-mimearchive: mhtml mht
`

package profile

import (
	"slices"
	"strings"
)

// typeRow is one kind of file: one row of typeTable.
type typeRow struct {
	names      []string // of one and the same type, the usual one first; may be none
	kinds      []string // other types whose files have the same extensions
	mistaken   []string // other types by which systems and browsers call files with these extensions
	extensions []string // the usual one first
}

// typeRows are the rows of typeTable, in its order.
var typeRows = func() (rows []typeRow) {
	for line := range strings.Lines(strings.TrimSpace(typeTable)) {
		types, extensions, _ := strings.Cut(line, ":")
		types, mistaken, _ := strings.Cut(types, "?")
		names, kinds, _ := strings.Cut(types, "|")
		rows = append(rows, typeRow{strings.Fields(names), strings.Fields(kinds), strings.Fields(mistaken), strings.Fields(extensions)})
	}
	return rows
}()

// rowOfName has the row of each name in it, and rowOfType that of each kind too.
var rowOfName, rowOfType = func() (names, types map[string]*typeRow) {
	names, types = map[string]*typeRow{}, map[string]*typeRow{}
	for i := range typeRows {
		row := &typeRows[i]
		for _, t := range row.names {
			names[t], types[t] = row, row
		}
		for _, t := range row.kinds {
			types[t] = row
		}
	}
	return names, types
}()

// rowsOfExtension has the rows of each extension: those whose usual one it is come first.
var rowsOfExtension = func() map[string][]*typeRow {
	usual, other := map[string][]*typeRow{}, map[string][]*typeRow{}
	for i := range typeRows {
		row := &typeRows[i]
		usual[row.extensions[0]] = append(usual[row.extensions[0]], row)
		for _, e := range row.extensions[1:] {
			other[e] = append(other[e], row)
		}
	}
	for e, rows := range other {
		usual[e] = append(usual[e], rows...)
	}
	return usual
}()

// isMistaken reports whether files of the row are called t by some systems, although that is the
// name of another type: a CSV file is application/vnd.ms-excel where Excel is installed.
func (r *typeRow) isMistaken(t string) bool {
	return slices.ContainsFunc(r.mistaken, func(m string) bool { return slices.Contains(TypeNames(m), t) })
}

// TypeNames returns the names of one content type, the usual one first: image/jpeg, image/jpg,
// image/pjpeg. contentType is as CleanType returns it; one that nobody calls otherwise is alone.
// All names of a type are active, or none is.
func TypeNames(contentType string) []string {
	if row := rowOfName[contentType]; row != nil {
		return row.names
	}
	return []string{contentType}
}

// typeTable has a line for each kind of file: the names of its type, of which the first one is the
// registered one (https://www.iana.org/assignments/media-types) or else the usual one; after "|"
// other types whose files have the same extensions; after "?" types by which such files are called
// wrongly, so that name and extension together decide; a colon, and the extensions.
//
// The other names are those of the Windows registry, of freedesktop.org's shared-mime-info, of
// Apple's uniform type identifiers, of Android's MimeUtils and of the browsers' own lists
// (Chromium's net/base/mime_util.cc, Gecko's nsMimeTypes.h).
//
// Missing on purpose: what servers execute (php, jsp, asp, cgi, pl, py), what desktops run or
// install (exe, msi, bat, sh, jar, apk, dmg, iso), what leads elsewhere when it is opened or seen
// in a folder (lnk, url, scf, desktop, library-ms), documents with macros (docm, xlsm, pptm), and
// lists of addresses (rss, m3u, torrent).
const typeTable = `
image/jpeg image/jpg image/pjpeg image/x-jpeg image/x-jpg image/jpe image/jfif image/pipeg: jpg jpeg jpe jfif
image/png image/x-png | image/apng image/vnd.mozilla.apng: png apng
image/gif image/x-gif: gif
image/webp image/x-webp: webp
image/avif: avif
image/avif-sequence: avifs avif
image/heic | image/heic-sequence ? image/heif: heic heics heif hif
image/heif | image/heif-sequence ? image/heic: heif heifs heic hif
image/jxl: jxl
image/bmp image/x-bmp image/x-ms-bmp image/x-windows-bmp image/x-bitmap: bmp dib
image/tiff image/tif image/x-tiff image/x-tif | image/tiff-fx: tif tiff
image/x-icon image/vnd.microsoft.icon image/ico image/icon: ico cur
image/jp2 image/jpeg2000 image/x-jp2: jp2 j2k jpg2
image/jpx: jpx jpf
image/jpm: jpm
image/jxr image/vnd.ms-photo: jxr wdp hdp
image/vnd.adobe.photoshop image/x-photoshop image/psd image/x-psd application/x-photoshop application/photoshop application/psd: psd psb
image/x-xcf: xcf
image/x-exr | image/aces: exr
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
image/vnd.dwg image/x-dwg application/acad application/x-acad application/autocad_dwg application/dwg application/x-dwg: dwg
image/vnd.dxf image/x-dxf application/dxf: dxf
image/svg+xml: svg
video/mp4 video/x-mp4 video/x-m4v video/m4v | application/mp4 ? audio/mp4: mp4 m4v mp4v
video/quicktime video/x-quicktime video/mov ? video/mp4: mov qt
video/webm ? audio/webm: webm
video/x-matroska video/matroska video/mkv application/x-matroska: mkv mk3d
video/x-msvideo video/avi video/msvideo video/vnd.avi video/x-avi: avi
video/x-ms-wmv video/wmv ? video/x-ms-asf: wmv
video/x-ms-asf video/asf application/vnd.ms-asf: asf
video/x-flv video/flv: flv
video/x-f4v | video/mp4-f4v: f4v
video/mpeg video/mpg video/x-mpeg video/x-mpg: mpg mpeg mpe m1v m2v
video/mp2t video/vnd.dlna.mpeg-tts: ts m2ts mts m2t
video/mp2p | video/dvd: mpg vob
video/3gpp video/3gp ? audio/3gpp: 3gp 3gpp
video/3gpp2 video/3g2 ? audio/3gpp2: 3g2
video/ogg | application/ogg ? audio/ogg: ogv ogg ogx
video/x-mjpeg: mjpeg
application/mxf: mxf
audio/mpeg audio/mp3 audio/x-mp3 audio/mpeg3 audio/x-mpeg-3 audio/x-mpeg audio/mpg audio/x-mpg: mp3 mp2 mpga
audio/mp4 audio/x-m4a audio/m4a audio/x-mp4 audio/x-mp4a | audio/aac-mp4 ? video/mp4 audio/aac: m4a m4b m4r mp4
audio/aac audio/x-aac audio/x-hx-aac-adts audio/vnd.dlna.adts | audio/aacp: aac
audio/wav audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav: wav
audio/flac audio/x-flac application/x-flac: flac
audio/ogg audio/x-ogg | audio/vorbis ? application/ogg video/ogg: ogg oga opus spx
audio/opus ? audio/ogg application/ogg: opus ogg
audio/webm ? video/webm: weba webm
audio/x-ms-wma audio/wma ? video/x-ms-asf: wma
audio/aiff audio/x-aiff audio/aif audio/x-aif: aif aiff aifc
audio/midi audio/x-midi audio/mid audio/x-mid: mid midi
audio/amr audio/x-amr | audio/amr-wb: amr awb
audio/x-caf audio/caf: caf
audio/ac3 audio/vnd.dolby.dd-raw: ac3
audio/eac3: eac3
audio/basic audio/x-au: au snd
audio/x-matroska: mka
audio/ape audio/x-ape audio/x-monkeys-audio: ape
audio/3gpp ? video/3gpp: 3gp
audio/3gpp2 ? video/3gpp2: 3g2
application/pdf application/x-pdf application/acrobat application/vnd.pdf text/pdf text/x-pdf: pdf
application/msword application/x-msword application/vnd.ms-word application/vnd.msword application/doc application/winword: doc dot
application/vnd.ms-excel application/msexcel application/x-msexcel application/x-ms-excel application/x-excel application/excel application/xls application/x-xls: xls xlt
application/vnd.ms-powerpoint application/mspowerpoint application/powerpoint application/x-mspowerpoint: ppt pps pot
application/vnd.openxmlformats-officedocument.wordprocessingml.document ? application/msword application/zip: docx
application/vnd.openxmlformats-officedocument.wordprocessingml.template: dotx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet ? application/vnd.ms-excel application/zip: xlsx
application/vnd.openxmlformats-officedocument.spreadsheetml.template: xltx
application/vnd.openxmlformats-officedocument.presentationml.presentation ? application/vnd.ms-powerpoint application/zip: pptx
application/vnd.openxmlformats-officedocument.presentationml.slideshow: ppsx
application/vnd.openxmlformats-officedocument.presentationml.template: potx
application/vnd.oasis.opendocument.text application/x-vnd.oasis.opendocument.text ? application/zip: odt
application/vnd.oasis.opendocument.text-template: ott
application/vnd.oasis.opendocument.spreadsheet application/x-vnd.oasis.opendocument.spreadsheet ? application/zip: ods
application/vnd.oasis.opendocument.spreadsheet-template: ots
application/vnd.oasis.opendocument.presentation application/x-vnd.oasis.opendocument.presentation ? application/zip: odp
application/vnd.oasis.opendocument.presentation-template: otp
application/vnd.oasis.opendocument.graphics: odg
application/vnd.oasis.opendocument.formula: odf
application/vnd.apple.pages application/x-iwork-pages-sffpages ? application/zip: pages
application/vnd.apple.numbers application/x-iwork-numbers-sffnumbers ? application/zip: numbers
application/vnd.apple.keynote application/x-iwork-keynote-sffkey ? application/zip: key
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
application/rtf text/rtf application/x-rtf text/richtext ? application/msword: rtf
application/postscript | application/illustrator application/eps image/x-eps ? application/pdf: ps eps ai
application/x-indesign application/vnd.adobe.indesign: indd
application/vnd.figma: fig
application/vnd.sketch application/x-sketch: sketch
text/plain | text/x-log: txt text log md csv tsv srt lrc ini conf cfg toml yaml yml tex bib diff patch asc
text/markdown text/x-markdown ? text/plain: md markdown
text/csv application/csv text/x-csv application/x-csv text/comma-separated-values text/x-comma-separated-values ? application/vnd.ms-excel text/plain: csv
text/tab-separated-values ? text/plain application/vnd.ms-excel: tsv tab
text/calendar application/ics ? text/plain: ics ifb
text/vcard text/x-vcard | text/directory ? text/plain: vcf vcard
text/vtt ? text/plain: vtt
application/x-subrip application/srt text/srt text/x-subrip text/x-srt application/x-srt ? text/plain: srt
text/x-ssa text/x-ass: ass ssa
text/x-tex application/x-tex application/x-latex | text/x-bibtex ? text/plain: tex bib latex
text/x-diff text/x-patch: diff patch
text/yaml text/x-yaml application/yaml application/x-yaml ? text/plain: yaml yml
application/toml text/x-toml ? text/plain: toml
application/json text/json application/x-json text/x-json ? text/plain: json
application/geo+json application/vnd.geo+json ? application/json text/plain: geojson json
application/ld+json ? application/json text/plain: jsonld json
application/jsonl application/x-ndjson application/x-jsonlines application/ndjson ? application/json text/plain: jsonl ndjson
application/x-ipynb+json ? application/json text/plain: ipynb
application/epub+zip application/epub ? application/zip: epub
application/x-mobipocket-ebook: mobi prc
application/vnd.amazon.ebook | application/vnd.amazon.mobi8-ebook ? application/x-mobipocket-ebook: azw azw3
application/vnd.comicbook+zip application/x-cbz ? application/zip: cbz
application/vnd.comicbook-rar application/x-cbr ? application/vnd.rar: cbr
application/x-ms-reader: lit
application/zip application/x-zip-compressed application/x-zip application/zip-compressed application/pkzip ? application/x-compressed: zip
application/x-7z-compressed application/7z application/x-7zip application/x-7z ? application/x-compressed: 7z
application/vnd.rar application/x-rar-compressed application/x-rar application/rar ? application/x-compressed: rar
application/x-tar application/tar application/x-gtar ? application/x-compressed: tar
application/gzip application/x-gzip application/x-gunzip application/gzipped application/gzip-compressed | application/x-compressed-tar application/x-tgz ? application/x-compressed-tar application/x-tgz application/x-compressed: gz tgz
application/x-bzip2 application/bzip2 application/x-bzip | application/x-bzip-compressed-tar ? application/x-bzip-compressed-tar: bz2 tbz2 tbz bz
application/x-xz application/xz | application/x-xz-compressed-tar ? application/x-xz-compressed-tar: xz txz
application/zstd application/x-zstd: zst tzst
application/x-lzip: lz
application/x-lz4: lz4
application/x-lzma: lzma
application/x-lzh-compressed application/x-lha: lzh lha
application/x-stuffit | application/x-stuffitx: sit sitx
application/x-arj: arj
application/x-compress: z
font/ttf application/x-font-ttf application/x-font-truetype application/font-ttf | application/font-sfnt font/sfnt: ttf
font/otf font/opentype application/x-font-otf application/x-font-opentype application/font-otf application/vnd.ms-opentype: otf
font/collection: ttc otc
font/woff application/font-woff application/x-font-woff application/x-woff: woff
font/woff2 application/font-woff2 application/x-font-woff2: woff2
application/vnd.ms-fontobject: eot
application/x-font-type1: pfb pfm afm
model/stl application/sla application/vnd.ms-pki.stl model/x.stl-binary model/x.stl-ascii model/x-stl-binary model/x-stl-ascii: stl
model/obj text/prs.wavefront-obj ? text/plain: obj
model/mtl: mtl
model/3mf application/vnd.ms-package.3dmanufacturing-3dmodel: 3mf
model/gltf-binary: glb
model/gltf+json: gltf
model/step application/step application/x-step: step stp
model/step+zip: stpz
model/iges application/iges: iges igs
model/vnd.usdz+zip model/usd ? application/zip: usdz
model/ply application/x-ply: ply
application/vnd.autodesk.fbx: fbx
application/x-3ds image/x-3ds: 3ds
application/x-blender: blend
application/vnd.sketchup.skp: skp
application/x-sldworks | application/sldworks: sldprt sldasm slddrw
application/vnd.autodesk.inventor.part: ipt
application/vnd.autodesk.inventor.assembly: iam
model/vnd.dwf drawing/x-dwf application/x-dwf: dwf dwfx
application/x-step-ifc application/x-ifc | application/p21 ? text/plain: ifc
text/x-gcode text/x.gcode ? text/plain: gcode
application/vnd.google-earth.kmz ? application/zip: kmz
application/geopackage+sqlite3: gpkg
application/vnd.shp application/x-esri-shape: shp
application/vnd.shx: shx
application/vnd.dbf application/dbf: dbf
application/dicom: dcm
application/fits image/fits: fits fit
application/vnd.apache.parquet application/x-parquet: parquet
| application/x-binary application/macbinary: bin dat
application/vnd.sqlite3 application/x-sqlite3: sqlite db
application/pgp-signature ? text/plain: sig asc
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
application/gpx+xml ? text/xml: gpx
application/vnd.google-earth.kml+xml ? text/xml: kml
application/vnd.recordare.musicxml+xml: musicxml xml
model/vnd.collada+xml: dae
model/x3d+xml: x3d
message/rfc822: eml
multipart/related application/x-mimearchive: mhtml mht
`

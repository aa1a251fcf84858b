# Bundles a module with what it imports into dist, and removes those parts from there: sh bundle.sh NAME OTHER…
# The others stay modules of their own, which are loaded when they are needed or are there already.
set -eu
name=$1
shift
external=
for other in "$@"; do external="$external --external:./$other.js"; done
# Written beside its source first: esbuild makes the paths of other modules relative to where it writes.
# shellcheck disable=SC2086
go tool esbuild --minify --target=es2022 --charset=utf8 --log-level=error --bundle --format=esm --metafile=bundle.json --outfile=bundled.js $external "$name.js"
for part in $(grep -o '"[a-z-]*\.js": *{' bundle.json | cut -d '"' -f 2); do
  [ "$part" = bundled.js ] || rm -f "dist/$part"
done
mv bundled.js "dist/$name.js"
rm bundle.json

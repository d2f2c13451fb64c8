#!/bin/sh
# The pinned Node.js needs libatomic, which a minimal Debian does not have.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
node=$here/../node_modules/node/bin/node
"$node" --version >/dev/null 2>&1 && exit 0
[ -x "$node" ] || { echo "the pinned Node.js is missing: run npm ci" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "the pinned Node.js does not start: as root, apt-get install libatomic1" >&2; exit 1; }
sh "$here/install.sh" libatomic1
"$node" --version >/dev/null

#!/bin/sh
# The image's part of setting up a statelite image, as an xCAT administrator types it, from the distribution's media to nodes
# that run it:
#   sh image.sh [x86_64|ppc64le] [rpm|debian] [build] [--keep] [--directory DIR]
# Works on tables, directories and a network of its own, gone afterwards; media are made on the spot and kept in
# /var/tmp/liteboot-media. Prints every command and what it answers, and looks inside the running nodes. Needs root.
# `build` leaves the nodes out. The tables' part is the other script of this directory.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "image.sh: root is needed to build images, and for network namespaces" >&2; exit 1; }
sh "$here/../install.sh" createrepo-c dnf rpm mmdebstrap dpkg-dev xorriso libarchive-tools kmod iproute2 cpio radvd \
  busybox-static xz-utils zstd qemu-system-x86 qemu-system-ppc qemu-system-data ipxe-qemu ipxe qemu-user-static
sh "$here/../runtime.sh"
PATH=$here/../../node_modules/.bin:$PATH
exec node --disable-warning=ExperimentalWarning "$here/image.ts" "$@"

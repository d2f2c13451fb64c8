#!/bin/sh
# Rehearsals of one subject each, in virtual machines: `sh scenarios.sh [name …]`, by default all. Needs root.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "scenarios: root is needed for network namespaces and NFS" >&2; exit 1; }
[ $# -gt 0 ] || set -- ramdisk learn localdisk
sh "$here/install.sh" qemu-system-x86 qemu-system-data ipxe-qemu ipxe busybox-static kmod iproute2 mmdebstrap radvd xz-utils zstd \
  squashfs-tools e2fsprogs
sh "$here/runtime.sh"
for name in "$@"; do
  node --disable-warning=ExperimentalWarning "$here/scenarios/$name.ts"
done

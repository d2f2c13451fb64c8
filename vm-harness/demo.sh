#!/bin/sh
# The demonstration on a fresh Debian 12 machine: installs what it needs, then runs it. Needs root.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "demo: root is needed for network namespaces and NFS" >&2; exit 1; }
sh "$here/install.sh" qemu-system-x86 qemu-system-data ipxe-qemu ipxe busybox-static kmod iproute2 mmdebstrap radvd xz-utils zstd
sh "$here/runtime.sh"
exec node --disable-warning=ExperimentalWarning "$here/demo.ts" "$@"

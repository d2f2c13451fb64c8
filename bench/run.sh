#!/bin/sh
# The benchmark on a Debian 12 machine: installs the peers and the load programs, then runs it. Needs root.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "bench: root is needed for network namespaces" >&2; exit 1; }
# The libraries at the end are those of nginx, which is unpacked by the benchmark itself (bench/http.ts says why).
sh "$here/../vm-harness/install.sh" iproute2 procps gcc libc6-dev \
  kea-dhcp4-server kea-admin dnsmasq-base atftpd wrk nfs-ganesha nfs-ganesha-vfs rpcbind libnfs-dev \
  libcrypt1 libpcre2-8-0 libssl3 zlib1g \
  mmdebstrap squashfs-tools pigz zstd xz-utils cpio busybox-static kmod
node=$here/../node_modules/node/bin/node
[ -x "$node" ] || node=node
exec "$node" --disable-warning=ExperimentalWarning "$here/main.ts" "$@"

#!/bin/sh
# Rehearsals of one subject each, in virtual machines, two at a time: `sh scenarios.sh [name[:word…] …]`, by default those of
# the project's CI. Needs root.
#   sh scenarios.sh x86_64:secure-boot ppc64le:petitboot:nfs walk-through:ppc64le:debian
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "scenarios: root is needed for network namespaces and NFS" >&2; exit 1; }
# The longest first.
[ $# -gt 0 ] || set -- ppc64le x86_64 dracut localdisk ramdisk failures walk-through:x86_64:rpm learn discovery
install() { sh "$here/install.sh" "$@"; }
install qemu-system-x86 qemu-system-data ipxe-qemu ipxe busybox-static kmod iproute2 mmdebstrap radvd xz-utils zstd \
  squashfs-tools e2fsprogs
for title in "$@"; do
  case $title in
  proxy*) install dnsmasq-base ovmf ;;
  x86_64*) install ovmf pxelinux syslinux-common grub-common grub-efi-amd64-bin ;;
  exported*) install ovmf pxelinux syslinux-common grub-common grub-efi-amd64-bin dnsmasq-base python3 ;;
  secure-boot) install ovmf grub-common grub-efi-amd64-bin sbsigntool openssl ;;
  failures*) install pxelinux syslinux-common nfs-ganesha nfs-ganesha-vfs rpcbind ;;
  discovery*) install python3-minimal ovmf ;;
  walk-through*) install createrepo-c dnf rpm dpkg-dev xorriso libarchive-tools cpio qemu-system-ppc qemu-user-static ;;
  aarch64*)
    install qemu-system-arm qemu-efi-aarch64 qemu-user-static grub-common debian-archive-keyring
    ;;
  esac
  case $title in
  ppc64le* | discovery:slof | discovery:petitboot | proxy:slof | proxy:petitboot)
    # The last two lines build GRUB's modules.
    install qemu-system-ppc qemu-user-static grub-common grub2-common debian-archive-keyring \
      quilt autoconf automake libtool gettext autopoint flex bison make gcc libc6-dev python3 \
      gcc-powerpc-linux-gnu libc6-dev-powerpc-cross liblzma-dev
    ;;
  esac
done
sh "$here/runtime.sh"
PATH=$here/../node_modules/.bin:$PATH
exec node --disable-warning=ExperimentalWarning "$here/lanes.ts" "$@"

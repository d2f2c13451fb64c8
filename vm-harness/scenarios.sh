#!/bin/sh
# Rehearsals of one subject each, in virtual machines: `sh scenarios.sh [name …]`, by default all. Needs root.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "scenarios: root is needed for network namespaces and NFS" >&2; exit 1; }
[ $# -gt 0 ] || set -- ramdisk learn localdisk dracut discovery
sh "$here/install.sh" qemu-system-x86 qemu-system-data ipxe-qemu ipxe busybox-static kmod iproute2 mmdebstrap radvd xz-utils zstd \
  squashfs-tools e2fsprogs
case " $* " in *" proxy "*) sh "$here/install.sh" dnsmasq-base ovmf ;; esac
case " $* " in *" uefi "*) sh "$here/install.sh" ovmf pxelinux syslinux-common grub-common grub-efi-amd64-bin ;; esac
case " $* " in
*" ppc64le "*)
  # The last two lines build GRUB's modules.
  sh "$here/install.sh" qemu-system-ppc qemu-user-static grub-common grub2-common debian-archive-keyring \
    quilt autoconf automake libtool gettext autopoint flex bison make gcc libc6-dev python3 \
    gcc-powerpc-linux-gnu libc6-dev-powerpc-cross liblzma-dev
  ;;
esac
case " $* " in
*" discovery "*) sh "$here/install.sh" python3-minimal ;;
esac
sh "$here/runtime.sh"
for name in "$@"; do
  node --disable-warning=ExperimentalWarning "$here/scenarios/$name.ts"
done

#!/bin/sh
# Builds a Debian 12 amd64 root file system with systemd from Debian packages, and puts a kernel into it.
#   build-root.sh ROOTIMGDIR [PACKAGE,...]
# The result is ROOTIMGDIR/rootimg. A finished build is recognised by its stamp and kept; an interrupted one is removed.
# shellcheck disable=SC2016 # hooks are expanded by mmdebstrap's shell, $(SITE) by apt
set -eu

dest=$1
mkdir -p -- "$dest"
# Two rehearsals at once build it once.
exec 9>"$dest/lock"
flock 9
suite=bookworm
packages=systemd-sysv,udev,dbus,libpam-systemd,iproute2,kmod,login,passwd,util-linux,procps,netbase,ca-certificates${2:+,$2}
kernel=linux-image-cloud-amd64
stamp="$suite $packages $kernel 2"

if [ -f "$dest/built" ] && [ "$(cat "$dest/built")" = "$stamp" ]; then
  echo "root file system is built already: $dest/rootimg"
  exit 0
fi
rm -rf -- "$dest/rootimg" "$dest/rootimg.new" "$dest/built"

# The mirror this machine uses is the mirror to build from.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
[ -n "$mirror" ] || { echo "build-root.sh: no Debian mirror is configured in /etc/apt" >&2; exit 1; }

mmdebstrap --quiet --variant=minbase --architectures=amd64 --include="$packages" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='echo root:liteboot | chroot "$1" chpasswd' \
  --customize-hook='rm -f "$1"/etc/resolv.conf "$1"/etc/hostname; : >"$1"/etc/resolv.conf; : >"$1"/etc/hostname' \
  --customize-hook=': >"$1"/etc/machine-id' \
  "$suite" "$dest/rootimg.new" "deb $mirror $suite main"

# The kernel is unpacked, not installed: its post-install would only build an initrd that nobody boots.
version=$(apt-cache depends "$kernel" | sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)$/\1/p' | head -n 1)
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT INT TERM
chmod 755 "$work"
(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$version")
# Not dpkg-deb -x: it would replace the link /lib -> usr/lib by a directory of its own.
dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | tar -x --keep-directory-symlink -C "$dest/rootimg.new"
for modules in "$dest/rootimg.new/lib/modules"/*; do depmod -b "$dest/rootimg.new" "${modules##*/}"; done

mv -- "$dest/rootimg.new" "$dest/rootimg"
echo "$stamp" >"$dest/built"
echo "root file system built: $dest/rootimg"

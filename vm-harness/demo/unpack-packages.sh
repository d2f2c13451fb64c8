#!/bin/sh
# Puts what Debian packages have in /usr/bin and /usr/lib into a tree. They are unpacked, not installed: scripts of boot loaders
# would look for a disk to boot from.
#   unpack-packages.sh ROOTIMG PACKAGE…
set -eu

root=$1
shift
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT INT TERM
cd "$work"
apt-get -qq -o APT::Sandbox::User=root download "$@"
for package in *.deb; do
  # Not dpkg-deb -x: it would replace links of the tree by directories of its own.
  dpkg-deb --fsys-tarfile "$package" |
    tar -x --keep-directory-symlink -C "$root" --exclude=./usr/share --exclude=./etc
done

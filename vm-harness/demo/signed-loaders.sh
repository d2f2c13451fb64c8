#!/bin/sh
# Puts Debian's signed loaders for UEFI into a tree: shim, MokManager, GRUB and its modules, as installing shim-signed and
# grub-efi-amd64-signed would. They are unpacked, not installed: their scripts would look for a disk to boot from.
#   signed-loaders.sh ROOTIMG
set -eu

root=$1
packages="shim-signed shim-helpers-amd64-signed grub-efi-amd64-signed grub-efi-amd64-bin"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT INT TERM
cd "$work"
# shellcheck disable=SC2086 # the list is meant to be split
apt-get -qq -o APT::Sandbox::User=root download $packages
for package in *.deb; do
  # Not dpkg-deb -x: it would replace links of the tree by directories of its own.
  dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root" --wildcards './usr/lib/*'
done

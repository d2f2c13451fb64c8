#!/bin/sh
# GRUB's modules for POWER (powerpc-ieee1275) from Debian's source package, with the one line that its network driver lost:
# the security patch "net: Use safe math macros" of 2025 dropped the allocation of the path in search_net_devices().
# Without it GRUB finds no network card (fedora-coreos-tracker 1886). Cross-compiled; two minutes, no root needed.
#   build-modules.sh DIRECTORY
# The result is DIRECTORY/powerpc-ieee1275. A finished build is recognised by its stamp and kept.
set -eu

dest=$1
mkdir -p -- "$dest"
# Two rehearsals at once build it once.
exec 9>"$dest/lock"
flock 9
# Where a moved or twice-applied patch would make a wrong program, the build must stop: this file's own version counts.
version=$(apt-cache show grub2-common | sed -n 's/^Version: //p' | head -n 1)
stamp="grub2 $version mended 1"
if [ -f "$dest/built" ] && [ "$(cat "$dest/built")" = "$stamp" ]; then
  echo "GRUB's modules are built already: $dest/powerpc-ieee1275"
  exit 0
fi
rm -rf -- "$dest/powerpc-ieee1275" "$dest/built"
work=$(mktemp -d "$dest/build.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$work"
log=$dest/build.log
: >"$log"

# The mirror this machine uses is the mirror to fetch from; nothing of the machine's own apt is changed.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
[ -n "$mirror" ] || { echo "build-modules.sh: no Debian mirror is configured in /etc/apt" >&2; exit 1; }
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb-src $mirror bookworm main" >"$work/sources.list"
apt_private() {
  apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" "$@"
}
(
  cd "$work"
  apt_private update
  apt_private source --download-only grub2
) >>"$log" 2>&1 || { cat "$log" >&2; exit 1; }

source=$work/grub2
mkdir "$source"
tar -x -C "$source" --strip-components=1 -f "$work"/grub2_*.orig.tar.*z
tar -x -C "$source" -f "$work"/grub2_*.debian.tar.*z
cd "$source"
ofnet=grub-core/net/drivers/ieee1275/ofnet.c
{
  QUILT_PATCHES=debian/patches quilt push -a
  if ! grep -q 'ofdata->path = grub_malloc' "$ofnet"; then
    sed -i '0,/^\( *\)if (!ofdata->path)/s//\1ofdata->path = grub_malloc (sz);\n&/' "$ofnet"
  fi
  grep -n -B 2 -A 4 'ofdata->path = grub_malloc (sz);' "$ofnet"
  # The configure that is shipped is older than the patched sources.
  PYTHON=python3 ./autogen.sh
  ./configure --target=powerpc-linux-gnu --with-platform=ieee1275 --disable-werror --disable-nls --disable-grub-mkfont \
    --disable-device-mapper --disable-libzfs --disable-grub-mount
  make -j2 -C grub-core
} >>"$log" 2>&1 || { tail -n 30 "$log" >&2; echo "build-modules.sh: the build failed; all of it is in $log" >&2; exit 1; }

modules=$work/powerpc-ieee1275
mkdir "$modules"
cp grub-core/*.mod grub-core/*.lst grub-core/kernel.img grub-core/modinfo.sh "$modules"
[ -f "$modules/ofnet.mod" ] || { echo "build-modules.sh: the build made no ofnet.mod; see $log" >&2; exit 1; }
mv -- "$modules" "$dest/powerpc-ieee1275"
echo "$stamp" >"$dest/built"
echo "GRUB's modules are built: $dest/powerpc-ieee1275"

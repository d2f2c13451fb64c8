# shellcheck shell=sh
# Programs for disks and file systems. They are the image's own, run in its root: they fit the machine, and the initrd stays
# small.

: "${FORMAT_TIMEOUT_SECONDS:=3600}"

open_tools() {
  for ot_dir in dev proc sys; do
    is_mounted "$NEWROOT/$ot_dir" || run mount -o bind "/$ot_dir" "$NEWROOT/$ot_dir" || {
      fail "/$ot_dir cannot be shown to the image: $run_output"
      return 1
    }
  done
}

close_tools() {
  for ct_dir in sys proc dev; do
    is_mounted "$NEWROOT/$ct_dir" && { umount "$NEWROOT/$ct_dir" 2>/dev/null || umount -l "$NEWROOT/$ct_dir"; }
  done
  return 0
}

# tool NAME ARGUMENTS...; TOOL_ENV: more of its environment, words without blanks
TOOL_ENV=
tool() {
  # shellcheck disable=SC2086
  timeout "$FORMAT_TIMEOUT_SECONDS" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C $TOOL_ENV chroot "$NEWROOT" "$@" </dev/null
}

has_tool() {
  for ht_dir in usr/sbin usr/bin sbin bin; do
    ht_found=$(resolve_in_root "$NEWROOT" "/$ht_dir/$1")
    [ ! -x "$ht_found" ] || return 0
  done
  return 1
}

need_tool() {
  has_tool "$1" || fail "the image has no $1: install $2 in the image"
}

# probe_type DEVICE: the file system on it, as the image's blkid says.
probe_type() {
  tool blkid -p -o value -s TYPE "/dev/$1" 2>/dev/null
}

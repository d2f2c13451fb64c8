# shellcheck shell=sh
# Whether a packed root fits into the memory of this node, before it is fetched: again at each attempt, as tables and image
# may have been mended meanwhile. What it takes was counted by the server, in pages of the image's kernel (64 KiB on POWER).

: "${MEMORY_RESERVE_KIB:=65536}" "${MEMINFO_FILE:=/proc/meminfo}"

# A node that runs out of memory while it unpacks is killed by its kernel in some place or other: say it before.
check_memory() {
  cm_need=$(((mp_unpacked + 1023) / 1024))
  [ "$mp_format" != squashfs ] || cm_need=$(((mp_size + 1023) / 1024))
  cm_total=$(meminfo_kib MemTotal)
  cm_free=$(meminfo_kib MemAvailable)
  if [ "$((cm_need + MEMORY_RESERVE_KIB))" -gt "$cm_free" ]; then
    fail "the root takes $((cm_need / 1024)) MiB of memory, $((cm_free / 1024)) MiB of $((cm_total / 1024)) MiB are free: $(need_less)"
    return 1
  fi
  set_limit && check_limit && check_misfit
}

# need_less: what the operator can do. squashfs stays packed: a third of the memory, and what is written comes on top.
need_less() {
  nl_other=', pack as squashfs'
  [ "$mp_format" != squashfs ] || nl_other=
  printf '%s\n' "give the node more, leave more out (exlist)$nl_other, or use rootfstype=nfs"
}

meminfo_kib() { sed -n "s/^$1: *\([0-9]*\) kB\$/\1/p" "$MEMINFO_FILE"; }

# set_limit: LIMIT, the size= of what can be written to. rootlimit= on the kernel command line, else the kernel's own
# default of half the memory, or more where the root would not leave room in that.
set_limit() {
  LIMIT=$(cmdline_value rootlimit)
  case $LIMIT in
    '')
      LIMIT=50%
      [ "$mp_format" = squashfs ] || [ "$((cm_need * 5 / 4))" -le "$((cm_total / 2))" ] || LIMIT=90%
      return 0
      ;;
    *[!0-9kmgKMG%]* | [!0-9]* | *[kmgKMG%]?*)
      warn "rootlimit=$LIMIT is not a size (4g, 512m, 80%): taken as 50%"
      LIMIT=50%
      return 0
      ;;
  esac
}

# check_limit: whether what is to be unpacked fits into a tmpfs of that size.
check_limit() {
  [ "$mp_format" != squashfs ] || return 0
  cl_most=$(size_kib "$LIMIT")
  [ "$cl_most" -lt "$cm_need" ] || return 0
  if [ -n "$(cmdline_value rootlimit)" ]; then
    fail "rootlimit=$LIMIT is too small: the root takes $((cm_need / 1024)) MiB"
  else
    fail "the root takes $((cm_need / 1024)) MiB of memory, it may have $((cl_most / 1024)) MiB ($LIMIT) of $((cm_total / 1024)) MiB: $(need_less)"
  fi
}

# check_misfit: a root that has been seen not to fit is not fetched again until it is another one, or may be larger.
check_misfit() {
  [ "$(cat "$RUN_DIR/root.misfit" 2>/dev/null)" = "$mp_sha256 $LIMIT" ] || return 0
  fail "the root takes more than the $((cm_need / 1024)) MiB of memory it was said to: it did not fit into its tmpfs of size $LIMIT, and is not fetched again: set rootlimit= on the kernel command line, or $(need_less)"
}

# size_kib SIZE: as tmpfs reads it.
size_kib() {
  sk_number=${1%[kmgKMG%]}
  case $1 in
    *%) printf '%s\n' "$((cm_total * sk_number / 100))" ;;
    *[kK]) printf '%s\n' "$sk_number" ;;
    *[mM]) printf '%s\n' "$((sk_number * 1024))" ;;
    *[gG]) printf '%s\n' "$((sk_number * 1048576))" ;;
    *) printf '%s\n' "$((sk_number / 1024))" ;;
  esac
}

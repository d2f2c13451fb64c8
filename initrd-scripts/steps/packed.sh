# shellcheck shell=sh
# A packed root: fetched over HTTP and, on its way, checked and unpacked into a tmpfs (cpio), or kept as it is and mounted
# under an overlay (squashfs). Nothing of it is believed before its length and SHA-256 are right. The whole root can be
# written then, and lasts until the node is switched off.

: "${FETCH_IDLE_SECONDS:=60}" "${PROGRESS_SECONDS:=30}"
: "${ZSTD_PROGRAM:=/liteboot/zstd/zstd}"
# In /run: with squashfs it stays behind the running root.
PACKED_DIR=$RUN_DIR/root

# root_type: nfs or ramdisk.
root_type() {
  rt_line=$(plan_line root)
  printf '%s\n' "${rt_line%%"$TAB"*}"
}

mount_packed_root() {
  IFS=$TAB read -r _ mp_format mp_url mp_size mp_sha256 mp_unpacked <<LINE
$(plan_line root)
LINE
  # Something else was not right (the tables, the image's revision): no reason to fetch the same again.
  if is_mounted "$NEWROOT" && ! is_learning && [ "$(cat "$RUN_DIR/root.sha256" 2>/dev/null)" = "$mp_sha256" ]; then
    log "the root is here from the attempt before"
    is_mounted "$STATELITE" || return 0
    run umount "$STATELITE" && return 0
  fi
  take_packed_down || return 1
  find_unpacker "$mp_format" || return 1
  check_memory || return 1
  mkdir -p "$PACKED_DIR" && chmod 700 "$PACKED_DIR"
  mkfifo "$PACKED_DIR/pipe"
  log "fetching the root $mp_url ($mp_format, $((mp_size / 1048576)) MiB, unpacked $((mp_unpacked / 1048576)) MiB)"
  mp_started=$(now_seconds)
  case $mp_format in
    squashfs) fetch_squashfs && mount_squashfs ;;
    *) fetch_cpio ;;
  esac || {
    mp_reason=$FAIL_REASON
    take_packed_down
    FAIL_REASON=$mp_reason
    return 1
  }
  printf '%s\n' "$mp_sha256" >"$RUN_DIR/root.sha256"
  log "the root is here, $(($(now_seconds) - mp_started)) s"
}

# What an attempt that did not succeed left. Memory it takes would be missing for the next one.
take_packed_down() {
  for tp_place in "$NEWROOT/.statelite" "$NEWROOT" "$PACKED_DIR/rw" "$PACKED_DIR/lower" "$PACKED_DIR/image"; do
    while is_mounted "$tp_place"; do
      run umount "$tp_place" || {
        fail "$tp_place of an earlier attempt cannot be unmounted: $run_output"
        return 1
      }
    done
  done
  rm -rf "$PACKED_DIR" "$RUN_DIR/root.sha256"
  mkdir -p "$NEWROOT"
}

# find_unpacker FORMAT: sets UNPACKER, which turns the bytes into a plain archive. The kernel reads squashfs by itself.
find_unpacker() {
  case $1 in
    squashfs) return 0 ;;
    cpio.gz) UNPACKER=gzip ;;
    cpio.xz) UNPACKER=xz ;;
    cpio.zst) UNPACKER=$ZSTD_PROGRAM ;;
    *)
      fail "a root packed as $1 is not known here: the initrd is older or newer than the server"
      return 1
      ;;
  esac
  command -v "$UNPACKER" >/dev/null ||
    fail "the initrd cannot unpack $1 (it has no ${UNPACKER##*/}): run liteimg, which makes both anew"
}

# download: the packed root on standard output. Its end is not trusted; the digest is. The process is known by its number,
# so that it can be ended when nothing comes any more (busybox 1.35 has a wget that dies of its own time-out option).
download() {
  wget -q -O - "$mp_url" &
  echo "$!" >"$PACKED_DIR/fetch.pid"
  wait "$!"
}

# watch_transfer DIRECTORY: ends the download when the file system that it fills has stayed as it is for too long. A server
# that lost its power leaves the connection open for ever. As long as something comes it says so: a large root takes longer
# than a stage that nothing is heard of may.
watch_transfer() {
  (
    wt_idle=0
    wt_silent=0
    wt_before=
    while [ "$wt_idle" -lt "$FETCH_IDLE_SECONDS" ]; do
      sleep 1
      wt_now=$(df -k "$1" | tail -n 1)
      wt_idle=$((wt_idle + 1))
      [ "$wt_now" = "$wt_before" ] || wt_idle=0
      wt_before=$wt_now
      wt_silent=$((wt_silent + 1))
      if [ "$wt_silent" -lt "$PROGRESS_SECONDS" ] || [ "$wt_idle" -gt 0 ]; then continue; fi
      wt_silent=0
      report root start "$(progress_words "$wt_now")"
    done
    echo "nothing came for $FETCH_IDLE_SECONDS s" >>"$PACKED_DIR/said"
    kill "$(cat "$PACKED_DIR/fetch.pid")"
  ) >/dev/null 2>&1 </dev/null &
  WATCH_PID=$!
}

# progress_words LINE: a line of df, as what has come of the whole.
progress_words() {
  pw_all=$mp_unpacked
  [ "$mp_format" != squashfs ] || pw_all=$mp_size
  printf '%s\n' "$1" | awk -v all="$pw_all" '{ printf "%d of %d MiB are here\n", $(NF - 3) / 1024, all / 1048576 }'
}

# The watcher's reports have been counted by itself.
stop_watch() {
  kill "$WATCH_PID" 2>/dev/null
  wait "$WATCH_PID" 2>/dev/null
  [ ! -r "$RUN_DIR/report.seq" ] || read -r REPORT_SEQ <"$RUN_DIR/report.seq" || :
}

# begin_digest / check_digest: of everything that goes through the pipe. There are no process substitutions in sh.
begin_digest() {
  sha256sum <"$PACKED_DIR/pipe" >"$PACKED_DIR/digest" &
  DIGEST_PID=$!
}

check_digest() {
  stop_watch
  wait "$DIGEST_PID"
  read -r cd_digest _ <"$PACKED_DIR/digest" || cd_digest=
  [ "$cd_digest" = "$mp_sha256" ] ||
    fail "the root $mp_url did not come as it was packed (SHA-256 ${cd_digest:-none}, expected $mp_sha256)"
}

# The digest's reader would wait for ever if nobody had opened the other end of its pipe.
give_up_transfer() {
  stop_watch
  kill "$DIGEST_PID" 2>/dev/null
  wait "$DIGEST_PID" 2>/dev/null
}

# part NAME COMMAND...: one part of the pipeline; notes its exit status, as sh tells only that of the last part.
part() {
  pt_name=$1
  shift
  "$@"
  pt_status=$?
  echo "$pt_status" >"$PACKED_DIR/$pt_name.status"
  # What is left in the pipe belongs to the digest; after a failure nobody needs it.
  [ "$pt_status" -ne 0 ] || [ "$pt_name" = fetch ] || cat >/dev/null
}

# part_failed NAME: also when it was killed before it could say how it ended.
part_failed() {
  read -r pf_status <"$PACKED_DIR/$1.status" || pf_status=killed
  [ "$pf_status" != 0 ]
} 2>/dev/null

said() { tr '\n' ' ' <"$PACKED_DIR/said" | cut -c 1-300; }

fetch_cpio() {
  run mount -t tmpfs -o "mode=755,size=$LIMIT" liteboot-root "$NEWROOT" || {
    fail "no tmpfs of size $LIMIT for the root: $run_output"
    return 1
  }
  begin_digest
  watch_transfer "$NEWROOT"
  part fetch download 2>>"$PACKED_DIR/said" | part tee tee "$PACKED_DIR/pipe" 2>>"$PACKED_DIR/said" |
    part unpack "$UNPACKER" -dc 2>>"$PACKED_DIR/said" |
    (cd "$NEWROOT" && part cpio cpio -i -d -m -u -H newc --quiet) >>"$PACKED_DIR/said" 2>&1
  # The end of the chain first: what it said is the cause, the broken pipes before it are not.
  for fc_part in cpio unpack fetch; do
    part_failed "$fc_part" || continue
    give_up_transfer
    explain_part "$fc_part"
    return 1
  done
  check_digest || return 1
  [ -z "$(said)" ] || note "while the root was unpacked: $(said)"
  rm -rf "$PACKED_DIR"
}

explain_part() {
  ep_said=$(said)
  # A transfer that broke off leaves cpio and the decompressor at an unexpected end; a broken pipe (141) is their doing.
  read -r ep_fetch <"$PACKED_DIR/fetch.status" || ep_fetch=141
  case $ep_fetch in 0 | 141) ;; *) set -- fetch ;; esac
  case $1 in
    fetch) fail "the root cannot be fetched from $mp_url: ${ep_said:-no answer}" ;;
    unpack) fail "the root from $mp_url cannot be decompressed: $ep_said" ;;
    *)
      if [ "$(df -k "$NEWROOT" | awk 'NR > 1 && $(NF - 2) ~ /^[0-9]+$/ { print $(NF - 2) }')" = 0 ]; then
        printf '%s\n' "$mp_sha256 $LIMIT" >"$RUN_DIR/root.misfit"
        fail "the root does not fit into its tmpfs of size $LIMIT: set rootlimit= on the kernel command line, or $(need_less)"
      else
        fail "the root from $mp_url cannot be unpacked: $ep_said"
      fi
      ;;
  esac
}

fetch_squashfs() {
  mkdir -p "$PACKED_DIR/image"
  # Its own tmpfs, so that its size is bounded by what was announced.
  run mount -t tmpfs -o "mode=700,size=$((mp_size / 1024 + 1024))k" liteboot-image "$PACKED_DIR/image" || {
    fail "no tmpfs for the packed root: $run_output"
    return 1
  }
  begin_digest
  watch_transfer "$PACKED_DIR/image"
  part fetch download 2>>"$PACKED_DIR/said" | part tee tee "$PACKED_DIR/pipe" >"$PACKED_DIR/image/rootimg.sfs" 2>>"$PACKED_DIR/said"
  if part_failed fetch || part_failed tee; then
    give_up_transfer
    fail "the root cannot be fetched from $mp_url: $(said)"
    return 1
  fi
  check_digest
}

mount_squashfs() {
  for ms_module in loop squashfs overlay; do modprobe -q "$ms_module" 2>/dev/null; done
  mkdir -p "$PACKED_DIR/lower" "$PACKED_DIR/rw"
  run mount -t squashfs -o ro,loop "$PACKED_DIR/image/rootimg.sfs" "$PACKED_DIR/lower" || {
    fail "the packed root cannot be mounted: ${run_output:-unknown}; $(dmesg | grep -i squashfs | tail -n 1)"
    return 1
  }
  run mount -t tmpfs -o "mode=755,size=$LIMIT" liteboot-root "$PACKED_DIR/rw" || {
    fail "no tmpfs of size $LIMIT for what is written: $run_output"
    return 1
  }
  mkdir "$PACKED_DIR/rw/upper" "$PACKED_DIR/rw/work"
  # The overlay's top directory is the upper layer's own.
  chmod "$(stat -c %a "$PACKED_DIR/lower")" "$PACKED_DIR/rw/upper"
  chown "$(stat -c %u:%g "$PACKED_DIR/lower")" "$PACKED_DIR/rw/upper"
  ms_layers=lowerdir=$PACKED_DIR/lower,upperdir=$PACKED_DIR/rw/upper,workdir=$PACKED_DIR/rw/work
  run mount -t overlay -o "$ms_layers" liteboot-root "$NEWROOT" || {
    fail "no overlay over the packed root: $run_output (has the kernel the module overlay? run liteimg, it is part of the initrd)"
    return 1
  }
  rm -f "$PACKED_DIR/pipe"
}

# check_packed_root: what is mounted is in memory, and can be written.
check_packed_root() {
  cp_type=$(mount_facts "$NEWROOT") || cp_type=nothing
  case $cp_type in
    "tmpfs "* | "overlay "*) return 0 ;;
  esac
  fail "$NEWROOT is not a root in memory: $cp_type"
}

# keep_read_only OBJECT: of the image itself. A root in memory can be written everywhere, also where an entry says ro.
keep_read_only() {
  [ "$(root_type)" = ramdisk ] || return 0
  case $1 in "$NEWROOT"/.statelite/*) return 0 ;; esac
  is_read_only "$1" || bind_read_only "$1" "$1"
}

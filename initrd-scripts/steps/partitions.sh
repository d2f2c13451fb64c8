# shellcheck shell=sh
# Partitions and file systems made on a disk that may be written: its parts are in disk.parts. Whether it may be is decided
# before (localdisk.sh): nothing here asks.

# partition_disk DISK: from here on what was there is lost.
partition_disk() {
  need_tool mkswap util-linux && check_formats && choose_table_tool && lay_out_parts "$1" || return 1
  ld_formatted="$ld_formatted $1"
  log "partitioning $1: $(tr '\t\n' ' ;' <"$RUN_DIR/disk.plan")"
  report localdisk start "partitioning $1 ($pd_state)"
  for pd_old in $(partitions_of "$1"); do run tool wipefs -a -q "/dev/$pd_old" || return 1; done
  if ! run tool wipefs -a -q "/dev/$1" || ! write_table "$1" || ! wait_for_partitions "$1"; then
    fail "$1 cannot be partitioned: ${run_output:-$FAIL_REASON}"
    return 1
  fi
  while IFS=$TAB read -r pt_number pt_name _ _ pt_format; do
    format_part "$(partition_of "$1" "$pt_number")" "$pt_format" || return 1
  done <"$RUN_DIR/disk.plan"
  run tool sync
  # Only now they count as finished.
  while IFS=$TAB read -r pt_number pt_name _; do
    rename_part "$1" "$pt_number" "$pt_name${ld_order:+.$ld_order}" || return 1
  done <"$RUN_DIR/disk.plan"
  # parted tells the kernel of places and sizes, not of names.
  run tool blockdev --rereadpt "/dev/$1" || warn "the kernel does not read the partitions of $1 again: $run_output"
  wait_for_partitions "$1" || return 1
  note "$1 was partitioned and formatted"
}

check_formats() {
  while IFS=$TAB read -r _ _ cf_format; do
    case $cf_format in
      ext4) need_tool mkfs.ext4 e2fsprogs || return 1 ;;
      xfs) need_tool mkfs.xfs xfsprogs || return 1 ;;
    esac
  done <"$RUN_DIR/disk.parts"
}

# sfdisk writes GPTs since util-linux 2.26; before that (RHEL 7) there is parted.
choose_table_tool() {
  if has_tool sfdisk && tool sfdisk --help 2>&1 | grep -q part-label; then
    TABLE_TOOL=sfdisk
  elif has_tool parted; then
    TABLE_TOOL=parted
  else
    fail "the image has neither sfdisk nor parted: install util-linux (Debian: fdisk) or parted in the image"
  fi
}

# lay_out_parts DISK: number, name, first MiB, last MiB + 1, format of every part into disk.plan. Whole MiB from the
# second one on, so every part is aligned whatever the sector size; the last MiB is the second table's.
lay_out_parts() {
  lo_end=$(($(disk_mib "$1") - 1))
  lo_all=$((lo_end - 1))
  lo_at=1
  lo_number=0
  : >"$RUN_DIR/disk.plan"
  while IFS=$TAB read -r lo_name lo_size lo_format; do
    lo_number=$((lo_number + 1))
    case $lo_size in
      rest) lo_from=$lo_at lo_to=$lo_end ;;
      *%) lo_from=$lo_at lo_to=$((lo_at + lo_all * ${lo_size%"%"} / 100)) ;;
      *) lo_from=${lo_size%-*} lo_to=${lo_size#*-} ;;
    esac
    [ "$lo_from" -ge "$lo_at" ] || lo_from=$lo_at
    if [ "$lo_to" -gt "$lo_end" ] || [ $((lo_to - lo_from)) -lt 2 ]; then
      fail "$1 has $(disk_mib "$1") MiB: part $lo_number ($lo_size) does not fit"
      return 1
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$lo_number" "$lo_name" "$lo_from" "$lo_to" "$lo_format" >>"$RUN_DIR/disk.plan"
    lo_at=$lo_to
  done <"$RUN_DIR/disk.parts"
}

# write_table DISK: every part with a `+` behind its name.
write_table() {
  wt_order=${ld_order:+.$ld_order}+
  read -r wt_sector <"$SYS_BLOCK/$1/queue/logical_block_size" || wt_sector=512
  if [ "$TABLE_TOOL" = sfdisk ]; then
    {
      echo 'label: gpt'
      while IFS=$TAB read -r _ wt_name wt_from wt_to wt_format; do
        wt_type=0FC63DAF-8483-4772-8E79-3D69D8477DE4
        [ "$wt_format" != swap ] || wt_type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
        printf 'start=%s, size=%s, type=%s, name="%s"\n' "$((wt_from * 1048576 / wt_sector))" \
          "$(((wt_to - wt_from) * 1048576 / wt_sector))" "$wt_type" "$wt_name$wt_order"
      done <"$RUN_DIR/disk.plan"
    } >"$STATELITE/sfdisk.in"
    # shellcheck disable=SC2016 # expanded by the shell of the image
    run tool sh -c 'exec sfdisk -q --wipe always --wipe-partitions always "$1" <"$2"' sh "/dev/$1" /.statelite/sfdisk.in
    return
  fi
  set -- "$1" mklabel gpt
  while IFS=$TAB read -r _ wt_name wt_from wt_to _; do
    set -- "$@" mkpart "$wt_name$wt_order" "${wt_from}MiB" "${wt_to}MiB"
  done <"$RUN_DIR/disk.plan"
  wt_disk=$1
  shift
  run tool parted -s -a none "/dev/$wt_disk" "$@"
}

# The kernel shows new partitions a moment later.
wait_for_partitions() {
  wp_end=$(($(now_seconds) + DISK_WAIT_SECONDS))
  while :; do
    wp_missing=
    while IFS=$TAB read -r wp_number _; do
      wp_name=$(partition_of "$1" "$wp_number")
      [ -e "$SYS_BLOCK/$wp_name" ] && [ -e "$DEV_DIR/$wp_name" ] || wp_missing=$wp_name
    done <"$RUN_DIR/disk.plan"
    [ -n "$wp_missing" ] || return 0
    [ "$(now_seconds)" -lt "$wp_end" ] || break
    sleep_ms 200
  done
  fail "partition $wp_missing does not appear"
}

# Signatures of what was on this stretch of the disk before must not be taken for ours.
format_part() {
  log "formatting $1: $2"
  run tool wipefs -a -q "/dev/$1" || {
    fail "$1 cannot be cleared: $run_output"
    return 1
  }
  case $2 in
    ext4) run tool mkfs.ext4 -q -F "/dev/$1" ;;
    xfs) run tool mkfs.xfs -q -f "/dev/$1" ;;
    swap) run tool mkswap "/dev/$1" ;;
  esac || fail "$1 cannot be formatted: $run_output"
}

rename_part() {
  if [ "$TABLE_TOOL" = sfdisk ]; then
    run tool sfdisk -q --part-label "/dev/$1" "$2" "$3"
  else
    run tool parted -s "/dev/$1" name "$2" "$3"
  fi || fail "partition $2 of $1 cannot be named $3: $run_output"
}

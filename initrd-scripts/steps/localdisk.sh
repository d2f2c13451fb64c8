# shellcheck shell=sh
# Stage `localdisk`: the local disk as the plan's layout says. A disk is written only when all of this holds: the layout
# says `clear`, and either the disk is blank, or holds what this step itself left unfinished, or the administrator has
# ordered a reformat that these partitions have not seen. Everything else is left as it is.
#
# Partitions are recognised by their GPT names: SLLOCAL-<label>-<n>, then `.<order>` when a reformat was ordered, then `+`
# while they are not finished. So nothing that was ever in use carries a `+`.
#
# The tools are the image's own, run in its root: they fit the machine, and the initrd stays small.

: "${DISK_WAIT_SECONDS:=30}" "${FORMAT_TIMEOUT_SECONDS:=3600}"
LOCAL=$NEWROOT/.sllocal/localmnt
LOCALDISK_TRIED=

# Only plans with a layout have this stage.
run_localdisk() {
  [ -z "$(plan_line localdisk)" ] || run_stage localdisk stage_localdisk
}

stage_localdisk() {
  STAGE_NOTES=
  # While this waits somebody may correct the layout, or order a reformat.
  if [ -n "$LOCALDISK_TRIED" ]; then refetch_layout || return 1; fi
  LOCALDISK_TRIED=1
  IFS=$TAB read -r ld_label ld_order <<LINE
$(plan_line localdisk)
LINE
  [ "$ld_order" != - ] || ld_order=
  ld_refused=
  ld_formatted=
  open_tools || return 1
  prepare_disks
  ld_status=$?
  if [ "$ld_status" = 0 ]; then
    use_localspace && use_swap
    ld_status=$?
  fi
  close_tools
  [ "$ld_status" = 0 ] || return 1
  # The server takes the order back when it reads this.
  if [ -n "$ld_order" ]; then
    if order_is_done; then note "reformatted $ld_order"; else note "reformat $ld_order was not carried out: $ld_refused"; fi
  fi
  return 0
}

# What has been mounted belongs to one image at one revision; a plan for another is for the next boot.
refetch_layout() {
  rl_before="$(plan_line image) $(plan_line root)"
  cp "$PLAN_FILE" "$RUN_DIR/plan.before"
  fetch_plan || return 1
  if [ "$rl_before" != "$(plan_line image) $(plan_line root)" ]; then
    mv "$RUN_DIR/plan.before" "$PLAN_FILE"
    fail "the image or its entries have changed meanwhile: start the node again"
    return 1
  fi
  cp "$PLAN_FILE" "$STATELITE/plan"
}

# --- tools -----------------------------------------------------------------------------------------------------------

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

# --- partitions ------------------------------------------------------------------------------------------------------

# prepare_disks: 0 unless something went wrong half-way. What must be left alone is noted, and whether the boot can go
# on without it shows when the local space is mounted.
prepare_disks() {
  if plan_line partition-script >/dev/null; then
    prepare_by_script
    return
  fi
  pd_number=0
  plan_rows 'disk|part' >"$RUN_DIR/disk.rows"
  while IFS=$TAB read -r pd_key pd_device pd_clear _ <&4; do
    [ "$pd_key" = disk ] || continue
    pd_number=$((pd_number + 1))
    disk_parts "$pd_number" >"$RUN_DIR/disk.parts"
    prepare_disk "$pd_device" "$pd_clear" || return 1
  done 4<"$RUN_DIR/disk.rows"
}

# plan_rows KEYS: whole lines of the plan with these keys (`a|b`).
plan_rows() {
  grep -E "^($1)$TAB" "$PLAN_FILE"
}

# disk_parts N: the parts of the Nth disk: name, size, format.
disk_parts() {
  awk -F '\t' -v OFS='\t' -v want="$1" '$1 == "disk" { n++ } $1 == "part" && n == want { print $2, $3, $4 }' "$RUN_DIR/disk.rows"
}

wait_for_device() {
  wd_end=$(($(now_seconds) + DISK_WAIT_SECONDS))
  until DEVICE=$(resolve_device "$1"); do
    [ "$(now_seconds)" -lt "$wd_end" ] || return 1
    sleep_ms 500
  done
}

refuse() {
  ld_refused=${ld_refused:+$ld_refused; }$1
  note "$1"
}

# prepare_disk DEVICE CLEAR, with its parts in disk.parts
prepare_disk() {
  if ! wait_for_device "$1"; then
    refuse "$DEVICE"
    return 0
  fi
  pd_disk=$DEVICE
  if [ -e "$SYS_BLOCK/$pd_disk/partition" ]; then
    refuse "$1 is a partition, [disk] needs a whole disk"
    return 0
  fi
  pd_state=$(disk_state "$pd_disk") || {
    fail "$pd_disk cannot be looked at: $pd_state"
    return 1
  }
  log "disk $1 is $pd_disk, $(disk_mib "$pd_disk") MiB: $pd_state"
  [ "$pd_state" != prepared ] || return 0
  if [ "$2" != clear ]; then
    refuse "$pd_disk is left alone ($pd_state): the partition file does not say clear=yes"
    return 0
  fi
  case $pd_state in blank | unfinished) ;; *)
    if [ -z "$ld_order" ]; then
      refuse "$pd_disk is left alone ($pd_state): if that may be lost, liteboot localdisk reformat $NODE"
      return 0
    fi
    ;;
  esac
  pd_use=$(disk_use "$pd_disk")
  if [ -n "$pd_use" ]; then
    refuse "$pd_disk is left alone: it is in use ($pd_use)"
    return 0
  fi
  partition_disk "$pd_disk"
}

# disk_state DISK: prints `prepared`, `blank`, `unfinished`, or in words what else is there. 1: it cannot be told.
disk_state() {
  st_partitions=$(partitions_of "$1")
  st_ours=0
  st_unfinished=
  for st_partition in $st_partitions; do
    st_name=$(partition_name "$st_partition")
    case $st_name in
      "$ld_label"-*+) st_unfinished=1 ;;
      "$ld_label"-*) is_part_name "$st_name" && st_ours=$((st_ours + 1)) ;;
    esac
  done
  if [ -n "$st_unfinished" ]; then
    echo unfinished
  elif [ "$st_ours" -gt 0 ] && [ "$st_ours" = "$(wc -l <"$RUN_DIR/disk.parts")" ]; then
    echo prepared
  elif [ -n "$st_partitions" ]; then
    echo "other partitions: $(for st_partition in $st_partitions; do
      echo "$st_partition $(partition_name "$st_partition")"
    done | sed 's/ *$//' | tr '\n' ',' | sed 's/,$//; s/,/, /g')"
  else
    need_tool wipefs util-linux >/dev/null || {
      echo "the image has no wipefs: install util-linux in the image"
      return 1
    }
    st_found=$(tool wipefs --noheadings "/dev/$1" 2>&1) || {
      echo "$st_found"
      return 1
    }
    if [ -z "$st_found" ]; then echo blank; else echo "data of others: $(echo "$st_found" | tr -s ' \t\n' ' ' | sed 's/ $//')"; fi
  fi
}

# is_part_name NAME: a finished part of this disk's layout, which has seen the order if there is one. An order has no
# hyphen, and a name without one ends in hyphen and number.
is_part_name() {
  ip_plain=${1%.[0-9a-z][0-9a-z][0-9a-z][0-9a-z][0-9a-z][0-9a-z]}
  [ -z "$ld_order" ] || [ "$1" = "$ip_plain.$ld_order" ] || return 1
  cut -f 1 "$RUN_DIR/disk.parts" | grep -F -x -q -- "$ip_plain"
}

# disk_use DISK: who holds the disk or a partition of it: mounts, swap, RAID, device mapper.
disk_use() {
  for du_name in "$1" $(partitions_of "$1"); do
    for du_holder in "$SYS_BLOCK/$du_name/holders"/*; do
      [ ! -e "$du_holder" ] || printf '%s by %s ' "$du_name" "${du_holder##*/}"
    done
    ! grep -q "^/dev/$du_name " /proc/mounts || printf '%s mounted ' "$du_name"
    ! grep -q "^/dev/$du_name " /proc/swaps || printf '%s swap ' "$du_name"
  done
}

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

# --- script form -----------------------------------------------------------------------------------------------------

# The script runs only when no partition is called <label>-local, or a reformat was ordered that this disk has not seen.
prepare_by_script() {
  IFS=$TAB read -r ps_url ps_sha <<LINE
$(plan_line partition-script)
LINE
  resolve_label "$ld_label-local" >/dev/null && {
    [ -n "$ld_order" ] || return 0
    order_is_done && return 0
  }
  ps_file=$STATELITE/partition-script
  run timeout "$PLAN_TIMEOUT_SECONDS" wget -q -O "$ps_file" "$ps_url" || {
    fail "the partition script could not be fetched from $ps_url: $run_output"
    return 1
  }
  [ "$(sha256sum "$ps_file" | cut -d ' ' -f 1)" = "$ps_sha" ] || {
    fail "the partition script from $ps_url is not the one of the plan"
    return 1
  }
  chmod 700 "$ps_file"
  report localdisk start "running the partition script"
  TOOL_ENV="LITEBOOT_NODE=$NODE LITEBOOT_IMAGE=$(plan_line image | cut -f 1) LITEBOOT_LABEL=$ld_label LITEBOOT_REFORMAT=$ld_order"
  run tool /.statelite/partition-script || {
    TOOL_ENV=
    fail "the partition script ended with status $run_status: $run_output"
    return 1
  }
  TOOL_ENV=
  ld_formatted=' script'
  wait_for_device "label:$ld_label-local" || {
    fail "the partition script has made no partition called $ld_label-local"
    return 1
  }
  note "the partition script has run"
}

# --- use -------------------------------------------------------------------------------------------------------------

use_swap() {
  plan_lines swapspace >"$RUN_DIR/swap.list"
  while IFS= read -r us_spec; do
    if ! us_device=$(resolve_device "$us_spec"); then
      case $us_spec in label:*) ;; *) note "no swap: $us_device" ;; esac
    elif grep -q "^/dev/$us_device " /proc/swaps; then
      debug "$us_device is used for swap already"
    elif [ "$(probe_type "$us_device")" != swap ]; then
      note "no swap on $us_device: it is not a swap area, and nothing is overwritten"
    else
      run swapon "/dev/$us_device" || note "no swap on $us_device: $run_output"
    fi
  done <"$RUN_DIR/swap.list"
  return 0
}

# probe_type DEVICE: the file system on it, as the image's blkid says.
probe_type() {
  tool blkid -p -o value -s TYPE "/dev/$1" 2>/dev/null
}

# use_localspace: the boot stops here when entries are promised to be kept on a disk that is not there.
use_localspace() {
  ul_line=$(plan_line localspace) || return 0
  IFS=$TAB read -r ul_spec ul_wanted <<LINE
$ul_line
LINE
  mount_localspace && return 0
  FAIL_REASON="${ld_refused:+$ld_refused; }$ul_spec: $ul_fault"
  log_line 3 "error: $FAIL_REASON"
  plan_lines entry | grep -q "^localdisk$TAB" && return 1
  note "going on without it: no entry needs it: $FAIL_REASON"
}

mount_localspace() {
  is_mounted "$LOCAL" && return 0
  ul_fault=
  if [ ! -d "$LOCAL" ]; then
    ul_fault="the image has no /.sllocal/localmnt: run liteimg"
    return 1
  fi
  # What was refused above will not come by waiting.
  if [ -n "$ld_refused" ]; then DEVICE=$(resolve_device "$ul_spec"); else wait_for_device "$ul_spec"; fi || {
    ul_fault=$DEVICE
    return 1
  }
  ul_device=$DEVICE
  case $(partition_name "$ul_device") in
    "$LABEL_START"*+)
      ul_fault="$ul_device was not finished by an earlier boot"
      return 1
      ;;
  esac
  ul_type=$(probe_type "$ul_device")
  case $ul_type in
    '' | swap)
      ul_fault="$ul_device has no file system, and nothing is overwritten"
      return 1
      ;;
  esac
  [ "$ul_wanted" = auto ] || [ "$ul_wanted" = "$ul_type" ] ||
    note "$ul_device has $ul_type, the partition file says $ul_wanted: it is used as it is"
  mount_or_repair || return 1
  ul_dir=$LOCAL/.liteboot
  if ! mkdir -p "$ul_dir" || ! chmod 700 "$ul_dir" || ! { : >"$ul_dir/probe"; } 2>/dev/null; then
    umount "$LOCAL"
    ul_fault="$ul_device cannot be written"
    return 1
  fi
  # Left by a boot that died while it copied.
  rm -rf "$ul_dir/probe" "$ul_dir/new"
  [ -z "$ld_order" ] || [ -z "$ld_formatted" ] || printf '%s\n' "$ld_order" >"$ul_dir/reformat"
  log "local space: $ul_device ($ul_type) on /.sllocal/localmnt"
}

mount_or_repair() {
  run mount -t "$ul_type" "/dev/$ul_device" "$LOCAL" && is_mounted "$LOCAL" && return 0
  ul_fault="$ul_device cannot be mounted: $run_output"
  [ "$ul_type" = ext4 ] && has_tool fsck.ext4 || return 1
  # 1: errors were corrected. Only what is safe to correct without asking (-p).
  run tool fsck.ext4 -p "/dev/$ul_device"
  [ "$run_status" -le 1 ] || return 1
  run mount -t ext4 "/dev/$ul_device" "$LOCAL" && note "$ul_device was repaired" && ul_fault=
}

LABEL_START=SLLOCAL-

# order_is_done: every disk of the layout, or the script's partition, has seen the order.
order_is_done() {
  if plan_line partition-script >/dev/null; then
    od_seen=
    [ ! -r "$LOCAL/.liteboot/reformat" ] || read -r od_seen <"$LOCAL/.liteboot/reformat" || :
    [ "$od_seen" = "$ld_order" ]
    return
  fi
  for od_dir in "$SYS_BLOCK"/*; do
    [ -e "$od_dir/partition" ] || continue
    partition_name "${od_dir##*/}"
  done | sed -n "s/[.]$ld_order\$//p" | sort >"$RUN_DIR/order.seen"
  plan_lines part | cut -f 1 | sort >"$RUN_DIR/order.wanted"
  [ -s "$RUN_DIR/order.wanted" ] && cmp -s "$RUN_DIR/order.seen" "$RUN_DIR/order.wanted"
}

# shellcheck shell=sh
# The local space and swap used as they are found: nothing here writes to a disk but what repairs a file system safely.

LOCAL=$NEWROOT/.sllocal/localmnt
LABEL_START=SLLOCAL-

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

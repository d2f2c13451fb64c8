# shellcheck shell=sh
# Stage `persistent`: the node's own directory on the server. Without it the boot does not go on: data that was
# promised to stay must never go to memory in silence.

PERSISTENT=$STATELITE/persistent

stage_persistent() {
  sp_line=$(plan_line persistent) || {
    debug "this node has no persistent directory"
    return 0
  }
  IFS=$TAB read -r sp_server sp_directory sp_options <<LINE
$sp_line
LINE
  sp_options=$(join_options "$sp_options" rw)
  if ! is_mounted "$PERSISTENT"; then
    log "mounting the persistent directory $sp_server:$sp_directory ($sp_options)"
    run mount_nfs "$sp_server" "$sp_directory" "$PERSISTENT" "$sp_options" || {
      fail "the persistent directory $sp_server:$sp_directory cannot be mounted: $(why_not_mounted "$sp_server" "$run_output")"
      return 1
    }
  fi
  probe_persistent && return 0
  umount "$PERSISTENT" 2>/dev/null
  return 1
}

# Writes and reads as root: an export that squashes root, or is read-only, shows here and not in a service hours later.
probe_persistent() {
  is_network_mount "$PERSISTENT" || {
    fail "$PERSISTENT is not an NFS mount"
    return 1
  }
  pp_dir=$PERSISTENT/.liteboot
  if ! pp_said=$(exec 2>&1; mkdir -p "$pp_dir" && chmod 700 "$pp_dir"); then
    fail "the persistent directory $sp_server:$sp_directory $(lack_of_room "$PERSISTENT" || echo "cannot be written: ${pp_said##*: }")"
    return 1
  fi
  pp_word="$(cat /proc/sys/kernel/random/boot_id) $(uptime_seconds)"
  pp_read=
  if { printf '%s\n' "$pp_word" >"$pp_dir/probe"; } 2>/dev/null && IFS= read -r pp_read <"$pp_dir/probe" &&
    [ "$pp_read" = "$pp_word" ] && [ "$(stat -c %u "$pp_dir/probe")" = 0 ] && rm "$pp_dir/probe"; then
    # Left by a boot that died while it copied.
    rm -rf "$pp_dir/new"
    return 0
  fi
  fail "the persistent directory $sp_server:$sp_directory $(lack_of_room "$PERSISTENT" || echo "does not keep what root writes: check its export's options and quotas on $sp_server")"
}

# lack_of_room DIRECTORY: says what to do where not one more file fits, else returns 1. Over NFS a write shows it only when it
# is flushed, and then the shell has stopped listening.
lack_of_room() {
  lr_blocks=$(df -P -k "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')
  lr_inodes=$(df -P -i "$1" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print $4 }')
  if [ "${lr_blocks:-4}" -lt 4 ]; then
    echo "is full: make room on $sp_server (df -h $sp_directory)"
  elif [ "${lr_inodes:-1}" = 0 ]; then
    echo "has no inodes left: remove files on $sp_server (df -i $sp_directory)"
  else
    return 1
  fi
}

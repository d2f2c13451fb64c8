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
      fail "the persistent directory $sp_server:$sp_directory cannot be mounted: ${run_output:-no answer}"
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
  if ! mkdir -p "$pp_dir" 2>/dev/null || ! chmod 700 "$pp_dir"; then
    fail "the persistent directory $sp_server:$sp_directory cannot be written"
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
  fail "the persistent directory $sp_server:$sp_directory does not keep what root writes (export options?)"
}

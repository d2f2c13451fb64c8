# shellcheck shell=sh
# Stage `switch`: the last look, then the hand-over to the image's init. `switch ok` is reported before the hand-over
# because nothing of the initrd is left after it.

stage_switch() {
  sw_image=$(image_mount)
  [ "$(root_type)" = ramdisk ] || is_read_only "$sw_image" || {
    fail "the root is not read-only any more: $(mount_facts "$sw_image")"
    return 1
  }
  sw_init=$(cmdline_value init)
  sw_init=${sw_init:-/sbin/init}
  sw_found=$(resolve_in_root "$NEWROOT" "$sw_init")
  if [ ! -x "$sw_found" ] || [ -d "$sw_found" ]; then
    fail "the image has no executable $sw_init"
    return 1
  fi
  for sw_dir in dev proc sys run; do
    [ -d "$NEWROOT/$sw_dir" ] || {
      fail "the image has no directory /$sw_dir"
      return 1
    }
  done
  provide_learning && kill_leftovers
}

# Nothing started here may go on below the new init. The interface stays up: the root hangs on it.
kill_leftovers() {
  for kl_pid in $(pidof udhcpc); do kill "$kl_pid"; done
  return 0
}

# switch_over: does not return if all goes well.
switch_over() {
  sync
  rm -rf "$RUN_DIR/tree-status" "$RUN_DIR/entries.plan" "$RUN_DIR/pieces" "$RUN_DIR/interfaces" "$RUN_DIR/resolv.conf"
  log "handing over to $sw_init"
  for sw_dir in dev proc sys run; do
    mount -o move "/$sw_dir" "$NEWROOT/$sw_dir" || {
      fail "/$sw_dir cannot be handed over"
      return 1
    }
  done
  # shellcheck disable=SC2046 # arguments for init, as the kernel would split them
  exec switch_root "$NEWROOT" "$sw_init" $(init_arguments)
}

# What the kernel would pass to init: the words after `--`, and the run level (`single`, `1`..`5`, `emergency`, `-b`).
init_arguments() {
  CMDLINE_FILE=$NEWROOT/proc/cmdline
  cmdline_words | awk 'after { print } $0 == "--" { after = 1 } !after && /^([1-5sS]|single|emergency|-b)$/ { print }'
}

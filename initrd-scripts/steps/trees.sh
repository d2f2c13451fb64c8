# shellcheck shell=sh
# Stage `trees`: every litetree directory read-only at /.statelite/mnt/<priority>, all at once, with one deadline.
# TREES_FILE then lists the ones there are, best first: mount point, priority, server, directory.

: "${TREES_DEADLINE_SECONDS:=60}"
TREES_FILE=$RUN_DIR/trees
TREES_DIR=$STATELITE/mnt

stage_trees() {
  rm -rf "$RUN_DIR/tree-status"
  mkdir -p "$RUN_DIR/tree-status"
  STAGE_NOTES=
  start_tree_mounts
  wait_for_trees
  settle_trees
}

# tree_target PRIORITY: sets `tree_dir`. A priority may occur twice (a row for ALL and one for the image).
tree_target() {
  tree_dir=$TREES_DIR/$1
  tt_count=1
  while [ -e "$RUN_DIR/tree-status/${tree_dir##*/}.listed" ]; do
    tt_count=$((tt_count + 1))
    tree_dir=$TREES_DIR/$1.$tt_count
  done
  : >"$RUN_DIR/tree-status/${tree_dir##*/}.listed"
}

start_tree_mounts() {
  plan_lines tree >"$RUN_DIR/tree-status/plan"
  : >"$RUN_DIR/tree-status/list"
  while IFS=$TAB read -r st_priority st_server st_directory st_options st_need; do
    tree_target "$st_priority"
    printf '%s\t%s\t%s\t%s\t%s\n' "$tree_dir" "$st_priority" "$st_server" "$st_directory" "$st_need" >>"$RUN_DIR/tree-status/list"
    is_mounted "$tree_dir" && continue
    mkdir -p "$tree_dir"
    st_status=$RUN_DIR/tree-status/${tree_dir##*/}
    (
      if mount_tree "$st_server" "$st_directory" "$tree_dir" "$st_options" >"$st_status.said" 2>&1; then
        echo 0 >"$st_status.done"
      else
        echo 1 >"$st_status.done"
      fi
    ) </dev/null &
    echo "$!" >"$st_status.pid"
  done <"$RUN_DIR/tree-status/plan"
}

# A tree without a server is a directory of the image itself.
mount_tree() {
  if [ "$1" = - ]; then
    mt_source=$(resolve_in_root "$NEWROOT" "$2")
    [ -d "$mt_source" ] || {
      echo "the image has no directory $2"
      return 1
    }
    bind_read_only "$mt_source" "$3"
    return
  fi
  mount_nfs "$1" "$2" "$3" "$(join_options "$4" ro)"
}

wait_for_trees() {
  wt_end=$(($(now_seconds) + TREES_DEADLINE_SECONDS))
  while :; do
    wt_open=0
    for wt_pid in "$RUN_DIR"/tree-status/*.pid; do
      [ -e "$wt_pid" ] || continue
      [ -e "${wt_pid%.pid}.done" ] || wt_open=$((wt_open + 1))
    done
    [ "$wt_open" -gt 0 ] || return 0
    [ "$(now_seconds)" -lt "$wt_end" ] || break
    sleep_ms 100
  done
  for wt_pid in "$RUN_DIR"/tree-status/*.pid; do
    [ -e "${wt_pid%.pid}.done" ] && continue
    kill "$(cat "$wt_pid")" 2>/dev/null
    echo "no answer in $TREES_DEADLINE_SECONDS s" >>"${wt_pid%.pid}.said"
  done
}

settle_trees() {
  set_missing=
  : >"$TREES_FILE"
  while IFS=$TAB read -r set_dir set_priority set_server set_directory set_need; do
    if is_mounted "$set_dir" && is_read_only "$set_dir"; then
      printf '%s\t%s\t%s\t%s\n' "$set_dir" "$set_priority" "$set_server" "$set_directory" >>"$TREES_FILE"
      continue
    fi
    is_mounted "$set_dir" && umount "$set_dir"
    set_said=$(cat "$RUN_DIR/tree-status/${set_dir##*/}.said" 2>/dev/null)
    set_said=$(why_not_mounted "$set_server" "$set_said")
    if [ "$set_need" = required ]; then
      set_missing="${set_missing:+$set_missing; }$set_server:$set_directory ($set_said)"
      warn "required tree $set_priority $set_server:$set_directory is not mounted: $set_said"
    else
      note "optional tree $set_priority $set_server:$set_directory is not mounted, going on without it: $set_said"
    fi
  done <"$RUN_DIR/tree-status/list"
  [ -z "$set_missing" ] || fail "required litetree directories are not mounted: $set_missing"
}

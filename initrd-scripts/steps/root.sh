# shellcheck shell=sh
# Stage `root`: the image, read-only over NFS or in memory (packed.sh), and the tmpfs of this node on /.statelite.

STATELITE=$NEWROOT/.statelite
REFETCH_PLAN=

stage_root() {
  # Somebody may run liteimg, or repair the tables, while this node waits.
  if [ -n "$REFETCH_PLAN" ]; then
    fetch_plan retry || return 1
    set_report_url "$(plan_line report)"
  fi
  REFETCH_PLAN=1
  mount_root && check_root && lay_over_root && mount_statelite
}

mount_root() {
  case $(root_type) in
    ramdisk)
      mount_packed_root
      return
      ;;
  esac
  IFS=$TAB read -r _ mr_server mr_directory mr_options <<LINE
$(plan_line root)
LINE
  while is_mounted "$NEWROOT"; do run umount "$NEWROOT" || break; done
  mkdir -p "$NEWROOT"
  mr_options=$(join_options "$mr_options" ro)
  log "mounting the root $mr_server:$mr_directory ($mr_options)"
  run mount_nfs "$mr_server" "$mr_directory" "$NEWROOT" "$mr_options" ||
    fail "the root $mr_server:$mr_directory cannot be mounted: $(why_not_mounted "$mr_server" "$run_output")"
}

check_root() {
  case $(root_type) in
    ramdisk) check_packed_root ;;
    *) check_nfs_root ;;
  esac || return 1
  IFS=$TAB read -r cr_image cr_wanted <<LINE
$(plan_line image)
LINE
  cr_found=
  [ ! -f "$STATELITE/revision" ] || read -r cr_found <"$STATELITE/revision" || :
  [ "$cr_found" = "$cr_wanted" ] || {
    fail "image $cr_image was prepared for revision ${cr_found:-(none)}, the tables are at $cr_wanted: run liteimg $cr_image"
    return 1
  }
  [ -d "$NEWROOT/.default" ] || fail "image $cr_image has no /.default: run liteimg $cr_image"
}

# The kernel's word counts, not the options that were asked for: an image that is mounted writable is every node's image.
check_nfs_root() {
  is_network_mount "$NEWROOT" || {
    fail "$NEWROOT is not an NFS mount: $(mount_facts "$NEWROOT")"
    return 1
  }
  is_read_only "$NEWROOT" || fail "the root is not mounted read-only: $(mount_facts "$NEWROOT")"
}

# Mode from the plan: the kernel's default for a tmpfs, 1777, would let every user of the node in.
mount_statelite() {
  ms_mode=$(plan_line statelite)
  run mount -t tmpfs -o "mode=$ms_mode" statelite "$STATELITE" || {
    fail "no tmpfs on /.statelite: $run_output"
    return 1
  }
  mkdir "$STATELITE/tmpfs" "$STATELITE/mnt" "$STATELITE/persistent" || {
    fail "/.statelite cannot be written"
    return 1
  }
  chmod 755 "$STATELITE/tmpfs" "$STATELITE/mnt" "$STATELITE/persistent"
  cp "$PLAN_FILE" "$STATELITE/plan"
}

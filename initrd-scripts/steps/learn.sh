# shellcheck shell=sh
# Learning mode (a `learn` line in the plan): a tmpfs overlay over the read-only root takes every write that no entry
# takes. Trees, persistent directory and entries are set up on it as in any other boot, so that what ends in the overlay
# is what the tables still miss. What the initrd itself writes is no news: it is noted down before the switch.

LEARN_DIR=$RUN_DIR/learn
LEARN_IMAGE=$LEARN_DIR/image
LEARN_LAYER=$LEARN_DIR/layer
: "${LEARN_SCRIPT:=/liteboot/liteboot-learned.sh}" "${LEARN_UNIT:=/liteboot/liteboot-learned.service}"

is_learning() { plan_line learn >/dev/null; }

# image_mount: where the image itself is mounted, under the overlay or as the new root.
image_mount() {
  if is_learning; then printf '%s\n' "$LEARN_IMAGE"; else printf '%s\n' "$NEWROOT"; fi
}

# lay_over_root: the image is mounted on NEWROOT; afterwards it is at LEARN_IMAGE and the overlay on NEWROOT.
lay_over_root() {
  is_learning || return 0
  IFS=$TAB read -r lo_url lo_size <<LINE
$(plan_line learn)
LINE
  lo_asked=$(cmdline_value liteboot.learnsize)
  lo_size=${lo_asked:-$lo_size}
  # Of an attempt that got this far and no further.
  for lo_old in "$LEARN_IMAGE" "$LEARN_LAYER"; do
    while is_mounted "$lo_old"; do run umount "$lo_old" || break; done
  done
  mkdir -p "$LEARN_IMAGE" "$LEARN_LAYER"
  chmod 700 "$LEARN_DIR"
  printf '%s\n' "$lo_url" >"$LEARN_DIR/url"
  run mount -t tmpfs -o "mode=700,size=$lo_size" liteboot-learn "$LEARN_LAYER" || {
    fail "learning: no tmpfs of size $lo_size: $run_output"
    return 1
  }
  mkdir "$LEARN_LAYER/upper" "$LEARN_LAYER/work"
  run mount -o move "$NEWROOT" "$LEARN_IMAGE" || {
    fail "learning: the root cannot be moved aside: $run_output"
    return 1
  }
  # The overlay's top directory is the upper layer's own.
  chmod "$(stat -c %a "$LEARN_IMAGE")" "$LEARN_LAYER/upper"
  chown "$(stat -c %u:%g "$LEARN_IMAGE")" "$LEARN_LAYER/upper"
  run mount -t overlay -o "lowerdir=$LEARN_IMAGE,upperdir=$LEARN_LAYER/upper,workdir=$LEARN_LAYER/work" overlay "$NEWROOT" || {
    fail "learning: no overlay over the root: $run_output (has the kernel the module overlay? run liteimg, it is part of the initrd)"
    return 1
  }
  note "learning: what is written goes to a tmpfs overlay (at most $lo_size) and is gone after this boot"
}

# Directories of services (StateDirectory= with User=) go into the layer at once. systemd removes their ACLs before it uses
# them, and an overlay answers for one that is still on NFS without ACLs: not supported (Linux 6.1); the service then fails.
copy_up_owned() {
  for cu_dir in "$NEWROOT"/var/lib/* "$NEWROOT"/var/cache/* "$NEWROOT"/var/log/* "$NEWROOT"/var/spool/* "$NEWROOT"/etc/*; do
    if [ -L "$cu_dir" ] || [ ! -d "$cu_dir" ]; then continue; fi
    cu_owner=$(stat -c %u:%g "$cu_dir")
    case $cu_owner in 0:*) ;; *) chown "$cu_owner" "$cu_dir" ;; esac
  done
}

# provide_learning: the node tells what was written, until it is switched off. The unit in /run needs no change of the image.
provide_learning() {
  is_learning || return 0
  if ! cp "$LEARN_SCRIPT" "$RUN_DIR/learned" || ! chmod 755 "$RUN_DIR/learned"; then
    fail "learning: the initrd has no $LEARN_SCRIPT: run liteimg"
    return 1
  fi
  copy_up_owned
  LITEBOOT_RUN_DIR=$RUN_DIR sh "$RUN_DIR/learned" baseline || {
    fail "learning: the layer cannot be read"
    return 1
  }
  [ -f "$LEARN_UNIT" ] || return 0
  pl_dir=$NEWRUN/systemd/system
  mkdir -p "$pl_dir/sysinit.target.wants" &&
    cp "$LEARN_UNIT" "$pl_dir/liteboot-learned.service" &&
    ln -sf ../liteboot-learned.service "$pl_dir/sysinit.target.wants/liteboot-learned.service" &&
    chmod 755 "$pl_dir" "$pl_dir/sysinit.target.wants" && chmod 644 "$pl_dir/liteboot-learned.service"
}

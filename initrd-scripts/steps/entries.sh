# shellcheck shell=sh
# Stage `entries`: every entry of the plan, parents before children, each verified. An entry that does not succeed stops
# the stage (it is reported, and tried again); those already done are not done twice.
#
# T is the tmpfs (/.statelite/tmpfs), P the persistent directory, L the local disk, N the new root. What the image brings, made by liteimg:
# for a link option N/path is a symbolic link to T/path; for the others N/path is a mount point with the original content.

T=$STATELITE/tmpfs
P=$PERSISTENT
L=$LOCAL
ENTRIES_DONE=$RUN_DIR/entries

stage_entries() {
  [ -e "$ENTRIES_DONE" ] || : >"$ENTRIES_DONE"
  plan_lines entry >"$RUN_DIR/entries.plan"
  while IFS=$TAB read -r entry_option entry_path entry_parent <&3; do
    entry_is_done && continue
    debug "entry $entry_option $entry_path"
    SOURCE=
    SOURCE_FROM=none
    apply_entry || {
      FAIL_REASON="entry $entry_option $entry_path: ${FAIL_REASON:-failed}"
      return 1
    }
    log "entry $entry_option $entry_path from $SOURCE_FROM"
    printf '%s\t%s\t%s\t%s\n' "$entry_option" "$entry_path" "$entry_parent" "$SOURCE_FROM" >>"$ENTRIES_DONE"
  done 3<"$RUN_DIR/entries.plan"
}

entry_is_done() {
  while IFS=$TAB read -r _ ed_path _; do
    [ "$ed_path" = "$entry_path" ] && return 0
  done <"$ENTRIES_DONE"
  return 1
}

apply_entry() {
  entry_name=${entry_path%/}
  entry_kind='file'
  case $entry_path in */) entry_kind=directory ;; esac
  # Listed without its slash, but a directory in the image: handled as one object.
  [ ! -d "$DEFAULT_DIR$entry_name" ] || entry_kind=directory
  entry_parent_option=
  [ "$entry_parent" = - ] || entry_parent_option=$(option_of "$entry_parent")
  if [ "$entry_parent" = - ]; then
    mkdir -p "$T${entry_name%/*}" || return 1
  fi
  case $entry_option in
    tmpfs) apply_tmpfs ;;
    ro) apply_ro ;;
    con) apply_con ;;
    persistent) apply_persistent ;;
    localdisk) seed_kept "$L" localdisk && place_on && bind_mount "$L$entry_name" "$PLACE" ;;
    link) apply_link ;;
    link,ro) apply_link_ro ;;
    link,con) apply_link_con ;;
    link,persistent) apply_link_persistent ;;
    *) fail "option $entry_option is not known here" ;;
  esac
}

# option_of PATH: the option of a listed path.
option_of() {
  while IFS=$TAB read -r oo_option oo_path _; do
    [ "$oo_path" = "$1" ] && printf '%s\n' "$oo_option" && return 0
  done <"$RUN_DIR/entries.plan"
}

# place_on: sets PLACE, the object in the new root that the entry is put on. Directories above it may be symbolic links
# that stay inside the root; the object itself may not be one, because nothing can be mounted on a link.
place_on() {
  PLACE=$(resolve_in_root "$NEWROOT" "${entry_name%/*}")/${entry_name##*/}
  case $PLACE in
    "$NEWROOT"/proc/* | "$NEWROOT"/sys/* | "$NEWROOT"/dev/* | "$NEWROOT"/run/*)
      fail "$entry_name leads through a symbolic link to ${PLACE#"$NEWROOT"}: list a path of its own instead"
      return 1
      ;;
  esac
  if [ "$entry_parent" = - ]; then
    if [ -L "$PLACE" ]; then
      fail "${PLACE#"$NEWROOT"} is a symbolic link in the image: run liteimg, or list its target"
      return 1
    fi
    [ -e "$PLACE" ] && is_kind "$PLACE" && return 0
    fail "the image has no $entry_kind ${PLACE#"$NEWROOT"} to mount on: run liteimg"
    return 1
  fi
  # Below a parent's writable copy a missing mount point is made, and one of the wrong kind replaced.
  [ ! -L "$PLACE" ] && [ -e "$PLACE" ] && is_kind "$PLACE" && return 0
  rm -rf "$PLACE"
  make_placeholder "$PLACE" "$entry_kind"
}

is_kind() {
  if [ "$entry_kind" = directory ]; then [ -d "$1" ]; else [ ! -d "$1" ]; fi
}

# fresh_copy TARGET: the entry's content at TARGET, replacing what was there.
fresh_copy() {
  find_source "$entry_name" "$entry_kind"
  if ! rm -rf "$1" || ! mkdir -p "${1%/*}"; then
    fail "$1 cannot be replaced"
    return 1
  fi
  copy_object "$SOURCE" "$1" "$entry_kind"
}

apply_tmpfs() {
  case $entry_parent_option in
    '') place_on && fresh_copy "$T$entry_name" && bind_mount "$T$entry_name" "$PLACE" ;;
    # The parent's copy is mounted already and the child is part of it.
    *) place_on && fresh_copy "$PLACE" ;;
  esac
}

apply_ro() {
  find_source "$entry_name" "$entry_kind"
  [ -n "$SOURCE" ] || {
    fail "neither a tree nor the image has a $entry_kind $entry_name"
    return 1
  }
  place_on && bind_read_only "$SOURCE" "$PLACE"
}

apply_con() {
  place_on || return 1
  con_target=$T$entry_name
  [ "$entry_parent" = - ] || con_target=$PLACE
  concatenate "$entry_name" "$con_target" && bind_mount "$con_target" "$PLACE"
}

apply_persistent() {
  seed_kept "$P" persistent && place_on && bind_mount "$P$entry_name" "$PLACE"
}

# The image's own link leads to T; this makes sure that it does, and that a child's parent leads there.
link_leads_to() {
  ll_found=$(resolve_in_root "$NEWROOT" "$entry_name")
  [ "$ll_found" = "$1" ] && return 0
  fail "$entry_name leads to ${ll_found#"$NEWROOT"} and not to ${1#"$NEWROOT"}: run liteimg"
}

apply_link() {
  [ "$entry_parent" = - ] || {
    apply_tmpfs
    return
  }
  fresh_copy "$T$entry_name" && link_leads_to "$T$entry_name"
}

apply_link_con() {
  if [ "$entry_parent" = - ]; then
    concatenate "$entry_name" "$T$entry_name" && link_leads_to "$T$entry_name"
  else
    place_on && concatenate "$entry_name" "$PLACE"
  fi
}

apply_link_ro() {
  find_source "$entry_name" "$entry_kind"
  [ -n "$SOURCE" ] || {
    fail "neither a tree nor the image has a $entry_kind $entry_name"
    return 1
  }
  keep_read_only "$SOURCE" && link_in_tmpfs "$SOURCE" && link_leads_to "$SOURCE"
}

apply_link_persistent() {
  seed_kept "$P" persistent || return 1
  case $entry_parent_option in
    '') link_in_tmpfs "$P$entry_name" && link_leads_to "$P$entry_name" ;;
    # The parent's link leads into P, the child is part of it.
    link,persistent | persistent) link_leads_to "$P$entry_name" ;;
    *) place_on && bind_mount "$P$entry_name" "$PLACE" ;;
  esac
}

# link_in_tmpfs OBJECT: T/path becomes a link to an object of the new root. Relative, so that it leads to the same place
# before and after the switch.
link_in_tmpfs() {
  lt_up=
  lt_rest=${entry_name#/}
  while :; do
    lt_up=../$lt_up
    case $lt_rest in
      */*) lt_rest=${lt_rest#*/} ;;
      *) break ;;
    esac
  done
  # lt_up leads from the directory of T/path to /.statelite; one more leads to the root.
  rm -rf "$T$entry_name"
  ln -s "../$lt_up${1#"$NEWROOT"/}" "$T$entry_name" || fail "no link $T$entry_name"
}

# seed_kept PLACE OPTION: on the first boot, puts the content into PLACE (P or L). Copied under another name and renamed,
# so that a copy which was cut off half-way is not taken for a finished one. Once there it is never touched again.
seed_kept() {
  sd_place=$1
  if [ -e "$sd_place$entry_name" ] || [ -L "$sd_place$entry_name" ]; then
    SOURCE_FROM=$2
    [ ! -L "$sd_place$entry_name" ] && is_kind "$sd_place$entry_name" && return 0
    fail "$2 $entry_name is not a $entry_kind where it is kept, but something else: remove it there"
    return 1
  fi
  find_source "$entry_name" "$entry_kind"
  sd_from=$SOURCE_FROM
  rm -rf "$sd_place/.liteboot/new"
  mkdir -p "$sd_place/.liteboot" "$sd_place${entry_name%/*}" 2>/dev/null
  if ! copy_object "$SOURCE" "$sd_place/.liteboot/new" "$entry_kind" || ! seed_children "$2"; then
    return 1
  fi
  # A disk may lose its power at any time: the content first, then the name.
  [ "$2" = persistent ] || sync
  run mv "$sd_place/.liteboot/new" "$sd_place$entry_name" || {
    fail "the first copy cannot be put in place: $run_output"
    return 1
  }
  SOURCE_FROM=$sd_from
  log "$2 $entry_name: first copy, from $SOURCE_FROM"
}

# A kept child is resolved on its own, whatever its parent's source was; it must be in place before the parent
# appears, or a crash between the two would leave the parent's version for good.
seed_children() {
  while IFS=$TAB read -r sc_option sc_path sc_parent <&4; do
    [ "$sc_parent" = "$entry_path" ] || continue
    case $1/$sc_option in persistent/persistent | persistent/link,persistent | localdisk/localdisk) ;; *) continue ;; esac
    sc_kind='file'
    case $sc_path in */) sc_kind=directory ;; esac
    sc_name=${sc_path%/}
    [ ! -d "$DEFAULT_DIR$sc_name" ] || sc_kind=directory
    sc_target=$sd_place/.liteboot/new/${sc_name#"$entry_path"}
    find_source "$sc_name" "$sc_kind"
    rm -rf "$sc_target"
    mkdir -p "${sc_target%/*}" && copy_object "$SOURCE" "$sc_target" "$sc_kind" || return 1
  done 4<"$RUN_DIR/entries.plan"
}

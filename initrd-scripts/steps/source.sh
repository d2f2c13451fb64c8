# shellcheck shell=sh
# Where the content of an entry comes from, and copying it. The rules, for one path:
#   file       the first tree that has it, else the image's pristine copy in /.default
#   directory  the first tree that has it non-empty, as a whole; else /.default. Nothing is merged
#   con        /.default first, then every tree in order of priority
# An entry of the wrong kind (a file where a directory is listed), or an empty directory, counts as absent and is logged.

DEFAULT_DIR=$NEWROOT/.default

# usable_source ROOT PATH KIND: prints the object under ROOT. Symbolic links are followed inside ROOT only.
usable_source() {
  us_found=$(resolve_in_root "$1" "$2") || return 1
  [ -e "$us_found" ] || return 1
  if [ "$3" = directory ]; then
    [ -d "$us_found" ] || {
      warn "$us_found is not a directory: treated as absent"
      return 1
    }
  elif [ -d "$us_found" ]; then
    warn "$us_found is a directory: treated as absent"
    return 1
  fi
  printf '%s\n' "$us_found"
}

is_empty_directory() {
  # shellcheck disable=SC2012 # only whether there is a line, and no find -quit in busybox
  [ -z "$(ls -A "$1" 2>/dev/null | head -n 1)" ]
}

# find_source PATH KIND: sets SOURCE, and SOURCE_FROM to a tree's priority, `default` or `none`.
find_source() {
  while IFS=$TAB read -r fs_dir fs_priority _; do
    SOURCE=$(usable_source "$fs_dir" "$1" "$2") || continue
    if [ "$2" = directory ] && is_empty_directory "$SOURCE"; then
      log "$SOURCE is empty: treated as absent"
      continue
    fi
    SOURCE_FROM=$fs_priority
    return 0
  done <"$TREES_FILE"
  SOURCE_FROM=default
  SOURCE=$(usable_source "$DEFAULT_DIR" "$1" "$2") && return 0
  SOURCE_FROM=none
  SOURCE=
}

# copy_object SOURCE TARGET: with owner, mode, times, links; TARGET must not exist. SOURCE empty: a new empty object.
# busybox cp keeps no extended attributes (file capabilities, ACLs, SELinux labels): documented, not worked around.
copy_object() {
  if [ -n "$1" ]; then
    run cp -a -T "$1" "$2" || {
      fail "$1 cannot be copied to $2: ${run_output:-unknown}"
      return 1
    }
    return 0
  fi
  make_placeholder "$2" "$3"
}

# make_placeholder TARGET KIND: an empty object, and the directories above it.
make_placeholder() {
  mkdir -p "${1%/*}" 2>/dev/null
  if [ "$2" = directory ]; then
    mkdir -p "$1" 2>/dev/null && return 0
  else
    { : >"$1"; } 2>/dev/null && return 0
  fi
  fail "$1 cannot be created"
}

# concatenate PATH TARGET: builds the file from every source that has it. Owner, mode and times are those of the first.
# A newline goes between two pieces when the first does not end in one.
concatenate() {
  SOURCE_FROM=
  rm -rf "$2"
  : >"$RUN_DIR/pieces"
  co_piece=$(usable_source "$DEFAULT_DIR" "$1" file) && printf '%s\tdefault\n' "$co_piece" >>"$RUN_DIR/pieces"
  while IFS=$TAB read -r co_dir co_priority _; do
    co_piece=$(usable_source "$co_dir" "$1" file) && printf '%s\t%s\n' "$co_piece" "$co_priority" >>"$RUN_DIR/pieces"
  done <"$TREES_FILE"
  IFS=$TAB read -r co_first _ <"$RUN_DIR/pieces" || co_first=
  copy_object "$co_first" "$2" file || return 1
  { : >"$2"; } || return 1
  while IFS=$TAB read -r co_piece co_from; do
    SOURCE_FROM=$SOURCE_FROM${SOURCE_FROM:+,}$co_from
    [ -s "$co_piece" ] || continue
    if [ -s "$2" ] && [ "$(tail -c 1 "$2" | od -An -tx1 | tr -d ' \n')" != 0a ]; then
      echo >>"$2"
    fi
    run append "$co_piece" "$2" || {
      fail "$co_piece cannot be added to $2: $run_output"
      return 1
    }
  done <"$RUN_DIR/pieces"
  SOURCE_FROM=${SOURCE_FROM:-none}
}

append() { cat "$1" >>"$2"; }

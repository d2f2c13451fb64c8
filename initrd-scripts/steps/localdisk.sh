# shellcheck shell=sh
# Stage `localdisk`: the local disk as the plan's layout says. A disk is written only when all of this holds: the layout
# says `clear`, and either the disk is blank, or holds what this step itself left unfinished, or the administrator has
# ordered a reformat that these partitions have not seen. Everything else is left as it is.
#
# Partitions are recognised by their GPT names: SLLOCAL-<label>-<n>, then `.<order>` when a reformat was ordered, then `+`
# while they are not finished. So nothing that was ever in use carries a `+`.

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

# --- which disks may be written ----------------------------------------------------------------------------------------

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

# shellcheck shell=sh
# liteboot.run=discover: a machine that no table knows takes stock of itself, tells the server, and waits until somebody
# adopts it; then it boots again, as the node it has become. Nothing on its disks is touched or mounted.

: "${SYS:=/sys}" "${PROC:=/proc}" "${DEVICE_TREE:=/proc/device-tree}" "${FRAME_READER:=/liteboot/frame-reader}"
# How often the server is asked: often while somebody is likely to stand in front of the rack.
: "${DISCOVER_POLL_SECONDS:=10}" "${DISCOVER_SLOW_SECONDS:=60}" "${DISCOVER_SLOW_AFTER:=3600}"
# Then the machine stays as it is, quiet, until it is switched off.
: "${DISCOVER_END_AFTER:=604800}" "${DISCOVER_TIMEOUT_SECONDS:=5}"
# Switches send LLDP every 30 seconds unless told otherwise (IEEE 802.1AB, msgTxInterval); the link may be slow to come.
: "${LLDP_SECONDS:=130}" "${LLDP_PAUSE_SECONDS:=20}" "${PORTS_MAX:=32}" "${DISKS_MAX:=48}" "${LLDP_MAX:=8}"
INVENTORY=$RUN_DIR/inventory
FRAMES=$RUN_DIR/lldp

# one_field: standard input as one field: a single line without control characters or outer blanks, `-` when nothing is left.
one_field() {
  of_text=$(tr '\000-\037\177' ' ' | cut -c 1-120 | sed 's/^ *//; s/ *$//')
  printf '%s' "${of_text:--}"
}

# file_field FILE...: the first that can be read and says something.
file_field() {
  for ff_file in "$@"; do
    [ -r "$ff_file" ] || continue
    ff_text=$(one_field 2>/dev/null <"$ff_file")
    [ "$ff_text" = - ] || {
      printf '%s' "$ff_text"
      return 0
    }
  done
  printf '%s' -
}

inventory_line() {
  il_line=$1
  shift
  for il_field in "$@"; do il_line=$il_line$TAB$il_field; done
  printf '%s\n' "$il_line"
}

# What is printed on the machine: SMBIOS on x86; on POWER the device tree, where numbers carry the maker's prefix.
identity_lines() {
  id_dmi=$SYS/class/dmi/id
  inventory_line uuid "$(file_field "$id_dmi/product_uuid" "$DEVICE_TREE/vm,uuid" "$DEVICE_TREE/ibm,partition-uuid")"
  id_serial=$(file_field "$id_dmi/product_serial" "$DEVICE_TREE/host-serial" "$DEVICE_TREE/serial-number" "$DEVICE_TREE/system-id")
  # PowerVM: IBM,021012345, where 02 says which plant made it.
  case $id_serial in IBM,[0-9][0-9]?*) id_serial=${id_serial#IBM,??} ;; esac
  inventory_line serial "$id_serial"
  id_model=$(file_field "$id_dmi/product_name" "$DEVICE_TREE/host-model" "$DEVICE_TREE/model-name" "$DEVICE_TREE/model")
  id_vendor=$(file_field "$id_dmi/sys_vendor" "$DEVICE_TREE/vendor")
  case $id_model in
    IBM,*)
      id_model=${id_model#IBM,}
      id_vendor=IBM
      ;;
  esac
  inventory_line vendor "$id_vendor"
  inventory_line model "$id_model"
}

processor_lines() {
  inventory_line cpus "$(grep -c '^processor' "$PROC/cpuinfo")"
  inventory_line cputype "$(awk -F ' *: *' '/^(model name|cpu)[ \t]*:/ { print $2; exit }' "$PROC/cpuinfo" | tr '\t' ' ' | one_field)"
  inventory_line memory "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' "$PROC/meminfo" | one_field)"
}

# Ports of cards, not what the kernel makes by itself. A port that is not up cannot say whether it has a link.
port_names() {
  for pn_path in "$SYS_NET"/*; do
    [ -e "$pn_path/device" ] || continue
    case $(cat "$pn_path/type" 2>/dev/null) in 1 | 32) printf '%s\n' "${pn_path##*/}" ;; esac
  done | head -n "$PORTS_MAX"
}

link_name() {
  ln_target=$(readlink "$1") || return 0
  printf '%s' "${ln_target##*/}"
}

port_lines() {
  port_names | while IFS= read -r po_name; do
    po_link=down
    has_carrier "$po_name" && po_link=up
    inventory_line port "$po_name" "$(tr '[:upper:]' '[:lower:]' <"$SYS_NET/$po_name/address" | one_field)" "$po_link" \
      "$(link_name "$SYS_NET/$po_name/device/driver" | one_field)" "$(link_name "$SYS_NET/$po_name/device" | one_field)"
  done
}

# Disks that hold something for long: no loop devices, memory, floppies, optical drives, nor disks made of others.
disk_lines() {
  for di_path in "$SYS"/block/*; do
    case ${di_path##*/} in loop* | ram* | zram* | fd* | sr* | dm-* | md* | nbd*) continue ;; esac
    [ "$(cat "$di_path/size" 2>/dev/null || echo 0)" -gt 0 ] || continue
    # Always counted in 512 bytes, whatever the disk's own sectors are.
    inventory_line disk "${di_path##*/}" "$(($(cat "$di_path/size") * 512))" "$(file_field "$di_path/device/model")" \
      "$(file_field "$di_path/serial" "$di_path/device/serial")"
  done | head -n "$DISKS_MAX"
}

lldp_lines() {
  for ll_file in "$FRAMES"/*.hex; do
    [ -s "$ll_file" ] || continue
    ll_name=${ll_file##*/}
    inventory_line lldp "${ll_name%.hex}" "$(cat "$ll_file")"
  done | head -n "$LLDP_MAX"
}

# One item a line, fields separated by TAB; `end` says how many lines came before it.
take_inventory() {
  {
    inventory_line liteboot-inventory 1
    inventory_line arch "$(uname -m)"
    identity_lines
    processor_lines
    inventory_line boot "${BOOT_INTERFACE:--}"
    port_lines
    disk_lines
    lldp_lines
  } >"$INVENTORY.new"
  awk '{ print } END { print "end\t" NR }' "$INVENTORY.new" >"$INVENTORY"
}

# packet(7), sockaddr_ll: family 17, protocol 0x88cc (LLDP) in network order, interface number, the rest zero. All
# machines this runs on are little-endian.
lldp_address() {
  read -r la_index <"$SYS_NET/$1/ifindex" || return 1
  printf '\021\000\210\314'
  for la_shift in 0 8 16 24; do
    # shellcheck disable=SC2059 # the octal number is the format
    printf "\\$(printf '%03o' "$(((la_index >> la_shift) & 255))")"
  done
  printf '\000\000\000\000\000\000\000\000\000\000\000\000'
}

# The newest frame of each port, in the background; cards drop what is sent to LLDP's address unless told not to.
listen_lldp() {
  mkdir -p "$FRAMES"
  [ -x "$FRAME_READER" ] || {
    log "no program here to read LLDP with"
    return 0
  }
  for li_name in $(port_names); do
    [ "$(cat "$SYS_NET/$li_name/type")" = 1 ] || continue
    ifconfig "$li_name" allmulti 2>/dev/null || ip link set "$li_name" promisc on 2>/dev/null
    (
      # As long as this shell is there: cables are moved, and switches come up after the machines.
      while kill -0 $$; do
        # In one piece: the program reads once.
        lldp_address "$li_name" >"$FRAMES/$li_name.address"
        timeout "$LLDP_SECONDS" "$FRAME_READER" <"$FRAMES/$li_name.address" | od -An -v -tx1 | tr -d ' \n' >"$FRAMES/$li_name.part"
        [ -s "$FRAMES/$li_name.part" ] && mv "$FRAMES/$li_name.part" "$FRAMES/$li_name.hex"
        sleep "$LLDP_PAUSE_SECONDS"
      done
    ) </dev/null >/dev/null 2>&1 &
  done
}

# The link of a port appears seconds after it was brought up; the boot port has had its time.
raise_ports() {
  ra_waiting=
  for ra_name in $(port_names); do
    ip link set "$ra_name" up 2>/dev/null
    has_carrier "$ra_name" || ra_waiting=yes
  done
  [ -z "$ra_waiting" ] || sleep "${PORT_SECONDS:-5}"
}

# ask_server: sends what is new, else asks; prints the answer's first line. 1: no answer, or a refusal.
ask_server() {
  if [ -n "$DISCOVER_SEND" ]; then
    timeout "$DISCOVER_TIMEOUT_SECONDS" wget -q -O - --post-data "$(cat "$INVENTORY")" "$DISCOVER_URL/report" 2>&1 </dev/null
  else
    timeout "$DISCOVER_TIMEOUT_SECONDS" wget -q -O - "$DISCOVER_URL/state" 2>&1 </dev/null
  fi
}

# The lease of a stranger ends unless it is asked for again; an address that went to somebody else must not be used.
renew_lease() {
  rl_seconds=$(lease_value lease)
  case $rl_seconds in '' | *[!0-9]*) rl_seconds=3600 ;; esac
  rl_now=$(now_seconds)
  [ $((rl_now - DISCOVER_LEASED)) -ge $((rl_seconds / 2)) ] || return 0
  DISCOVER_LEASED=$rl_now
  get_lease "$BOOT_INTERFACE" || warn "the address could not be renewed"
}

# stage_discover: does not return. Every question is bounded, and one that fails is only asked again later.
stage_discover() {
  STAGE=discover
  REPORTS_OFF=1
  DISCOVER_URL=$(cmdline_value liteboot.discover)
  DISCOVER_SEND=yes
  DISCOVER_LEASED=$(now_seconds)
  sd_start=$DISCOVER_LEASED
  raise_ports
  listen_lldp
  take_inventory
  say_who_we_are
  sd_failures=0
  while :; do
    sd_passed=$(($(now_seconds) - sd_start))
    [ "$sd_passed" -lt "$DISCOVER_END_AFTER" ] || stay_here
    renew_lease
    # A switch may speak long after the first report.
    cp "$INVENTORY" "$INVENTORY.sent"
    take_inventory
    cmp -s "$INVENTORY" "$INVENTORY.sent" || DISCOVER_SEND=yes
    if sd_answer=$(ask_server); then
      sd_failures=0
      follow_answer "$sd_answer"
    else
      sd_failures=$((sd_failures + 1))
      debug "discovery: $sd_answer"
      [ "$sd_failures" != 3 ] || log "the server does not take the inventory: $sd_answer"
      if [ $((sd_failures % 10)) -eq 0 ]; then get_lease "$BOOT_INTERFACE" || :; fi
    fi
    sd_wait=$DISCOVER_POLL_SECONDS
    [ "$sd_passed" -lt "$DISCOVER_SLOW_AFTER" ] || sd_wait=$DISCOVER_SLOW_SECONDS
    # A rack that was switched on together must not ask together.
    sleep_ms "$((sd_wait * 750 + $(random_below "$((sd_wait * 500 + 1))")))"
  done
}

# follow_answer TEXT: wait; report (the server does not know this machine any more); reboot NODE.
follow_answer() {
  case $1 in
    wait*) DISCOVER_SEND= ;;
    report*) DISCOVER_SEND=yes ;;
    reboot*)
      printf '\nliteboot: adopted%s: booting again.\n' "${1#reboot}"
      log "adopted${1#reboot}: booting again"
      sync
      reboot -f
      sleep 60
      ;;
    *) warn "the server said something unknown: $1" ;;
  esac
}

say_who_we_are() {
  printf '\nliteboot: no node is defined for this machine. It tells the server of itself, and waits to be adopted:\n'
  sed -n "s/^\(serial\|vendor\|model\|uuid\|port\)$TAB/  \1 /p" "$INVENTORY" | tr '\t' ' '
  printf 'On the server: liteboot discovered; liteboot adopt --mac %s NODE\n\n' "$(mac_of "$BOOT_INTERFACE")"
}

stay_here() {
  printf '\nliteboot: nobody has adopted this machine. It asks no more: switch it off, or restart it to try again.\n'
  while :; do sleep 86400; done
}

# shellcheck shell=sh
# Stage `network`: the boot interface up, with an address. Which one: netdev=, else BOOTIF=, else every Ethernet or
# InfiniBand card in turn. A link that is up proves little (switches with spanning tree drop everything for half a
# minute); an address from the server, and then the plan, do.

: "${SYS_NET:=/sys/class/net}" "${UDHCPC_SCRIPT:=/liteboot/udhcpc.script}" "${CARRIER_SECONDS:=10}"
LEASE_FILE=$RUN_DIR/lease
BOOT_INTERFACE=

# mac_of INTERFACE: an InfiniBand card has 20 bytes; its 6-byte name in boot loaders leaves out two of the port's 8.
mac_of() {
  read -r mo_address <"$SYS_NET/$1/address" || return 1
  if [ "$(cat "$SYS_NET/$1/type" 2>/dev/null)" = 32 ]; then
    printf '%s' "$mo_address" | awk -F : '{ print $13 ":" $14 ":" $15 ":" $18 ":" $19 ":" $20 }'
  else
    printf '%s\n' "$mo_address" | tr '[:upper:]' '[:lower:]'
  fi
}

# interface_by_mac MAC
interface_by_mac() {
  for im_path in "$SYS_NET"/*; do
    [ -e "$im_path/address" ] || continue
    [ "$(mac_of "${im_path##*/}")" = "$1" ] && printf '%s\n' "${im_path##*/}" && return 0
  done
  return 1
}

# boot_interfaces: candidates, one a line. netdev= and BOOTIF= name one card and no other is tried then.
boot_interfaces() {
  bi_named=$(cmdline_value netdev)
  if [ -n "$bi_named" ]; then
    [ -e "$SYS_NET/$bi_named" ] && printf '%s\n' "$bi_named"
    return 0
  fi
  # Server and boot loader may each have added one, in different spellings.
  bi_given=$(cmdline_values BOOTIF)
  if [ -n "$bi_given" ]; then
    for bi_text in $bi_given; do
      bi_mac=$(parse_bootif "$bi_text") && interface_by_mac "$bi_mac" && return 0
    done
    return 0
  fi
  for bi_path in "$SYS_NET"/*; do
    case $(cat "$bi_path/type" 2>/dev/null) in 1 | 32) printf '%s\n' "${bi_path##*/}" ;; esac
  done
}

has_carrier() { [ "$(cat "$SYS_NET/$1/carrier" 2>/dev/null)" = 1 ]; }

stage_network() {
  command -v load_modules >/dev/null && load_modules
  sn_candidates=$(boot_interfaces)
  [ -n "$sn_candidates" ] || {
    fail "no boot interface: netdev='$(cmdline_value netdev)' BOOTIF='$(cmdline_values BOOTIF | tr '\n' ' ')', cards: $(list_cards)"
    return 1
  }
  for sn_name in $sn_candidates; do run ip link set "$sn_name" up; done
  wait_for_carrier "$sn_candidates"
  for sn_name in $sn_candidates; do
    has_carrier "$sn_name" || {
      warn "$sn_name has no carrier (cable, switch port)"
      continue
    }
    get_lease "$sn_name" || continue
    # Cards that lost the race must not keep half a configuration.
    BOOT_INTERFACE=$sn_name
    log "boot interface $BOOT_INTERFACE $(mac_of "$BOOT_INTERFACE"), $(tr '\n' ' ' <"$LEASE_FILE")"
    return 0
  done
  fail "no address on: $(printf '%s' "$sn_candidates" | tr '\n' ' ')"
}

list_cards() {
  for lc_path in "$SYS_NET"/*; do
    [ "${lc_path##*/}" = lo ] || printf '%s=%s ' "${lc_path##*/}" "$(mac_of "${lc_path##*/}" 2>/dev/null)"
  done
}

# Any of them: where several cards are candidates, most have no cable.
wait_for_carrier() {
  wc_left=$((CARRIER_SECONDS * 10))
  while [ "$wc_left" -gt 0 ]; do
    for wc_name in $1; do has_carrier "$wc_name" && return 0; done
    wc_left=$((wc_left - 1))
    sleep 0.1
  done
}

# Bounded tries; the stage's back-off starts the next round. Two rounds: the hint comes after about 15 s of silence.
get_lease() {
  rm -f "$LEASE_FILE"
  export LEASE_FILE
  dhcp_round "$1" 5 && return 0
  warn "no DHCP answer on $1 for 15 s although the link is up: if the switch port runs spanning tree, make it an edge port (portfast)"
  dhcp_round "$1" 5
}

# dhcp_round INTERFACE TRIES
dhcp_round() {
  run timeout 60 udhcpc -i "$1" -n -q -f -t "$2" -T 3 -O mtu -s "$UDHCPC_SCRIPT" && [ -s "$LEASE_FILE" ]
}

# lease_value NAME: address, prefix, router, dns, domain, mtu or server of the lease.
lease_value() {
  sed -n "s/^$1=//p" "$LEASE_FILE" 2>/dev/null
}

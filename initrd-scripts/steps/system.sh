# shellcheck shell=sh
# Stage `system`: what the running system needs to know of this node: network configuration, resolv.conf, host name,
# machine id. The root is read-only, so a file is written in place only where an entry has made it writable; otherwise a
# generated one is bind-mounted over the image's, and what can go to /run (handed over) goes there. The boot interface
# is taken away from every network manager: the root file system hangs on it.

: "${NEWRUN:=/run}" "${UNIT_FILE:=/liteboot/liteboot-booted.service}"
SYSTEM_FILES=$STATELITE/system

stage_system() {
  mkdir -p "$SYSTEM_FILES"
  STAGE_NOTES=
  IFS=$TAB read -r ss_name ss_domain <<LINE
$(plan_line hostname)
LINE
  [ "$ss_domain" != - ] || ss_domain=
  provide_hostname && provide_machine_id && provide_resolv_conf && provide_network && provide_booted_unit &&
    provide_node_files
}

# provide_file PATH: standard input becomes the content of PATH in the new root.
# Returns 1 when there is no PATH to put it on; the caller decides whether that matters.
provide_file() {
  pf_new=$SYSTEM_FILES/${1##*/}
  pf_place=$(resolve_in_root "$NEWROOT" "$1")
  case $pf_place in
    # /run is the initrd's, handed over at the switch; below $NEWROOT it is only the image's empty directory.
    "$NEWROOT"/run/*)
      pf_place=$NEWRUN/${pf_place#"$NEWROOT"/run/}
      mkdir -p "${pf_place%/*}" && cat >"$pf_place"
      return
      ;;
  esac
  cat >"$pf_new"
  chmod 644 "$pf_new"
  if is_writable "$pf_place"; then
    cmp -s "$pf_new" "$pf_place" || cat "$pf_new" >"$pf_place"
    rm -f "$pf_new"
  elif [ -f "$pf_place" ]; then
    is_mounted "$pf_place" || bind_mount "$pf_new" "$pf_place"
  else
    rm -f "$pf_new"
    return 1
  fi
}

# is_writable FILE: opening it for appending succeeds, or it can be made. Asking for permission is not enough: root is
# allowed everything, a read-only file system still refuses.
is_writable() {
  if [ -e "$1" ]; then
    ({ : >>"$1"; } 2>/dev/null)
  else
    ({ : >>"$1"; } 2>/dev/null) && rm -f "$1"
  fi
}

# chosen_by_operator PATH: the path is an entry whose content a litetree or the persistent directory gave, or one that
# nobody is to write (ro, con). Then it stays as the operator has it.
chosen_by_operator() {
  while IFS=$TAB read -r cb_option cb_path _ cb_from; do
    [ "$cb_path" = "$1" ] || continue
    case $cb_option in *ro | *con) return 0 ;; esac
    case $cb_from in default | none) return 1 ;; *) return 0 ;; esac
  done <"$ENTRIES_DONE"
  return 1
}

# The kernel is told too: systemd keeps that name when the image has no /etc/hostname to say otherwise.
provide_hostname() {
  set_kernel_hostname "$ss_name" || warn "the kernel did not take the host name $ss_name"
  chosen_by_operator /etc/hostname && return 0
  printf '%s\n' "$ss_name" | provide_file /etc/hostname || note "the image has no /etc/hostname to put the name on"
  return 0
}

set_kernel_hostname() { hostname "$1"; }

# systemd does not start on a read-only /etc without this file.
provide_machine_id() {
  pm_id=$(plan_line machine-id)
  printf '%s\n' "$pm_id" | provide_file /etc/machine-id && return 0
  if [ -d "$NEWROOT/usr/lib/systemd" ] || [ -d "$NEWROOT/lib/systemd" ]; then
    fail "the image has systemd but no /etc/machine-id: create an empty one in the image (liteimg does)"
    return 1
  fi
  debug "no /etc/machine-id in the image"
}

provide_resolv_conf() {
  chosen_by_operator /etc/resolv.conf && return 0
  {
    [ -z "$ss_domain" ] || printf 'search %s\n' "$ss_domain"
    plan_lines nameserver | sed 's/^/nameserver /'
  } >"$RUN_DIR/resolv.conf"
  provide_file /etc/resolv.conf <"$RUN_DIR/resolv.conf" || note "the image has no /etc/resolv.conf to put name servers on"
  return 0
}

provide_network() {
  pn_line=$(plan_line interface) || pn_line=
  if [ -n "$pn_line" ]; then
    IFS=$TAB read -r pn_mac pn_address pn_gateway pn_mtu <<LINE
$pn_line
LINE
  else
    pn_mac=$(mac_of "$BOOT_INTERFACE")
    pn_address=$(lease_value address)/$(lease_value prefix)
    pn_gateway=$(lease_value router)
    pn_mtu=$(lease_value mtu)
  fi
  [ "$pn_address" != - ] || pn_address=
  [ "$pn_gateway" != - ] || pn_gateway=
  [ "$pn_mtu" != - ] || pn_mtu=
  # Kept for everything that has to match by name; udev may rename the card later, MAC addresses stay.
  pn_name=${BOOT_INTERFACE:-$(interface_by_mac "$pn_mac")}
  provide_networkd && provide_network_manager && provide_ifupdown && provide_ifcfg
}

# Lexically first, so it wins over what netplan writes to the same place (10-netplan-*) and over the image's own files.
provide_networkd() {
  mkdir -p "$NEWRUN/systemd/network" || return 1
  {
    printf '# Written by the liteboot initrd: the root file system comes through this card.\n'
    printf '[Match]\nMACAddress=%s\n\n[Link]\nRequiredForOnline=yes\n' "$pn_mac"
    [ -z "$pn_mtu" ] || printf 'MTUBytes=%s\n' "$pn_mtu"
    printf '\n[Network]\nKeepConfiguration=yes\nIgnoreCarrierLoss=yes\nDHCP=no\n'
    [ -z "$pn_address" ] || printf 'Address=%s\n' "$pn_address"
    [ -z "$pn_gateway" ] || printf 'Gateway=%s\n' "$pn_gateway"
    plan_lines nameserver | sed 's/^/DNS=/'
    [ -z "$ss_domain" ] || printf 'Domains=%s\n' "$ss_domain"
  } >"$NEWRUN/systemd/network/05-liteboot.network"
  # udev wants to rename the card (eth0 to ens3), which the kernel refuses before 6.2 while it is up; udev then leaves it
  # marked as being renamed, and systemd-networkd waits for ever. So it keeps its name; the others become further names.
  if [ -n "$pn_name" ]; then
    printf '[Match]\nMACAddress=%s\n\n[Link]\nName=%s\nAlternativeNamesPolicy=database onboard slot path mac\n' \
      "$pn_mac" "$pn_name" >"$NEWRUN/systemd/network/05-liteboot.link"
    chmod 644 "$NEWRUN/systemd/network/05-liteboot.link"
  fi
  chmod 755 "$NEWRUN/systemd" "$NEWRUN/systemd/network"
  chmod 644 "$NEWRUN/systemd/network/05-liteboot.network"
}

provide_network_manager() {
  [ -x "$NEWROOT/usr/sbin/NetworkManager" ] || return 0
  mkdir -p "$NEWRUN/NetworkManager/conf.d" || return 1
  printf '# Written by the liteboot initrd: the root file system comes through this card.\n[keyfile]\nunmanaged-devices=mac:%s\n' \
    "$pn_mac" >"$NEWRUN/NetworkManager/conf.d/05-liteboot.conf"
}

# ifupdown touches only cards that its file names; where it names ours, that part becomes `manual`.
provide_ifupdown() {
  [ -x "$NEWROOT/sbin/ifup" ] && [ -f "$NEWROOT/etc/network/interfaces" ] && [ -n "$pn_name" ] || return 0
  chosen_by_operator /etc/network/interfaces && return 0
  awk -v name="$pn_name" '
    $1 == "iface" { ours = ($2 == name); if (ours) { if (!said++) print "iface " name " inet manual"; next } }
    ours && ($1 == "auto" || $1 ~ /^allow-/ || $1 == "source" || $1 == "source-directory" || $1 == "mapping") { ours = 0 }
    ours { next }
    $1 == "auto" || $1 ~ /^allow-/ {
      line = $1
      for (i = 2; i <= NF; i++) if ($i != name) line = line " " $i
      if (line != $1) print line
      next
    }
    { print }' "$NEWROOT/etc/network/interfaces" >"$RUN_DIR/interfaces" || return 1
  cmp -s "$RUN_DIR/interfaces" "$NEWROOT/etc/network/interfaces" && return 0
  provide_file /etc/network/interfaces <"$RUN_DIR/interfaces"
}

# Red Hat's and SUSE's ifcfg files, where the directory is there and can be written (or the file exists).
provide_ifcfg() {
  [ -n "$pn_name" ] && [ -n "$pn_address" ] || return 0
  if [ -d "$NEWROOT/etc/sysconfig/network-scripts" ] && [ -x "$NEWROOT/etc/init.d/network" ]; then
    printf 'DEVICE=%s\nHWADDR=%s\nBOOTPROTO=none\nONBOOT=yes\nNM_CONTROLLED=no\nIPADDR=%s\nPREFIX=%s\n%s' "$pn_name" "$pn_mac" \
      "${pn_address%/*}" "${pn_address#*/}" "${pn_gateway:+GATEWAY=$pn_gateway
}" | provide_file "/etc/sysconfig/network-scripts/ifcfg-$pn_name" ||
      note "/etc/sysconfig/network-scripts cannot be written: no ifcfg-$pn_name"
  fi
  if [ -d "$NEWROOT/etc/sysconfig/network" ]; then
    # nfsroot: wicked sets nothing up and takes nothing down.
    printf "STARTMODE='nfsroot'\nBOOTPROTO='static'\nIPADDR='%s'\n" "$pn_address" |
      provide_file "/etc/sysconfig/network/ifcfg-$pn_name" ||
      note "/etc/sysconfig/network cannot be written: no ifcfg-$pn_name"
  fi
  return 0
}

# Units in /run need no change of the image.
provide_booted_unit() {
  [ -f "$UNIT_FILE" ] && [ -z "$REPORTS_OFF" ] || return 0
  pb_dir=$NEWRUN/systemd/system
  mkdir -p "$pb_dir/multi-user.target.wants" &&
    cp "$UNIT_FILE" "$pb_dir/liteboot-booted.service" &&
    ln -sf ../liteboot-booted.service "$pb_dir/multi-user.target.wants/liteboot-booted.service" &&
    chmod 755 "$pb_dir" "$pb_dir/multi-user.target.wants" && chmod 644 "$pb_dir/liteboot-booted.service"
}

# The image may have no program that can post: busybox goes along.
provide_node_files() {
  printf '%s\n' "$REPORT_URL" >"$RUN_DIR/report.url"
  printf '%s\n' "$BOOT_INTERFACE" >"$RUN_DIR/interface"
  [ -x /bin/busybox ] || return 0
  mkdir -p "$RUN_DIR/bin" && cp /bin/busybox "$RUN_DIR/bin/busybox" && chmod 755 "$RUN_DIR/bin" "$RUN_DIR/bin/busybox"
}

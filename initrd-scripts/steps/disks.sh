# shellcheck shell=sh
# Which disk or partition a name means. There is no udev in an initrd: the stable names are worked out from what the
# kernel says in /sys, in udev's spelling.

: "${SYS_BLOCK:=/sys/class/block}" "${DEV_DIR:=/dev}" "${DISK_WAIT_SECONDS:=30}"

# Kernel names of whole disks that could hold something.
disk_names() {
  for dn_dir in "$SYS_BLOCK"/*; do
    dn_name=${dn_dir##*/}
    case $dn_name in loop* | ram* | zram* | sr* | fd[0-9]* | dm-* | md* | nbd* | '*') continue ;; esac
    [ -e "$dn_dir/partition" ] || [ ! -e "$dn_dir/size" ] || printf '%s\n' "$dn_name"
  done
}

# partitions_of DISK: kernel names of its partitions.
partitions_of() {
  for po_dir in "$SYS_BLOCK"/*; do
    [ -e "$po_dir/partition" ] || continue
    po_parent=$(readlink -f "$po_dir")
    po_parent=${po_parent%/*}
    [ "${po_parent##*/}" != "$1" ] || printf '%s\n' "${po_dir##*/}"
  done
}

# partition_name PARTITION: its name in the GPT; empty when it has none.
partition_name() {
  sed -n 's/^PARTNAME=//p' "$SYS_BLOCK/$1/uevent" 2>/dev/null
}

# partition_of DISK NUMBER: the kernel's name of that partition, whether or not it is there.
partition_of() {
  case $1 in
    *[0-9]) printf '%sp%s\n' "$1" "$2" ;;
    *) printf '%s%s\n' "$1" "$2" ;;
  esac
}

# disk_mib DISK: /sys counts in 512 bytes whatever the disk does.
disk_mib() {
  read -r dm_size <"$SYS_BLOCK/$1/size" && printf '%s\n' "$((dm_size / 2048))"
}

disk_fact() {
  for df_file in "$SYS_BLOCK/$1/$2" "$SYS_BLOCK/$1/device/$2"; do
    [ -r "$df_file" ] || continue
    tr -d '\000' <"$df_file" | sed 's/^ *//; s/ *$//' | head -n 1
    return 0
  done
}

# The serial number, from where the driver puts it.
disk_serial() {
  ds_serial=$(disk_fact "$1" serial)
  # SCSI and SATA: page 0x80 as the disk sent it, four bytes of header first.
  [ -n "$ds_serial" ] || ds_serial=$(tail -c +5 "$SYS_BLOCK/$1/device/vpd_pg80" 2>/dev/null | tr -cd '[:alnum:]._-')
  printf '%s\n' "$ds_serial" | tr ' ' '_'
}

# disk_aliases DISK: every stable name we can say for it, one a line.
disk_aliases() {
  da_serial=$(disk_serial "$1")
  da_wwid=$(disk_fact "$1" wwid)
  [ -z "$da_serial" ] || printf 'serial:%s\n' "$da_serial"
  case $da_wwid in
    naa.*) printf 'wwn:0x%s\n/dev/disk/by-id/wwn-0x%s\n/dev/disk/by-id/scsi-3%s\n' "${da_wwid#naa.}" "${da_wwid#naa.}" "${da_wwid#naa.}" ;;
    eui.* | nvme.* | uuid.*) printf 'wwn:%s\n/dev/disk/by-id/nvme-%s\n' "$da_wwid" "$da_wwid" ;;
  esac
  case $1 in
    vd*) [ -z "$da_serial" ] || printf '/dev/disk/by-id/virtio-%.20s\n' "$da_serial" ;;
    nvme*) printf '/dev/disk/by-id/nvme-%s_%s\n' "$(disk_fact "$1" model | tr ' ' '_')" "$da_serial" ;;
  esac
  disk_paths "$1"
}

# by-path: the address of the controller, then the place of the disk on it.
disk_paths() {
  dp_real=$(readlink -f "$SYS_BLOCK/$1")
  dp_pci=$(printf '%s\n' "$dp_real" | tr / '\n' | grep -E '^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}[.][0-7]$' | tail -n 1)
  [ -n "$dp_pci" ] || return 0
  dp_tail=
  case $dp_real in
    */nvme/*) dp_tail=-nvme-$(disk_fact "$1" nsid) ;;
    */ata[0-9]*)
      dp_ata=${dp_real##*/ata}
      dp_ata=${dp_ata%%/*}
      read -r dp_port <"${dp_real%%/host*}/ata_port/ata$dp_ata/port_no" || dp_port=$dp_ata
      dp_tail=-ata-$dp_port
      ;;
    */host[0-9]*/target*)
      dp_address=${dp_real%/block/*}
      dp_address=${dp_address##*/}
      # The host's number on this controller, not among all hosts.
      dp_first=$(printf '%s\n' "${dp_real%%/host[0-9]*}"/host[0-9]* | sed 's/.*host//' | sort -n | head -n 1)
      dp_tail=-scsi-$((${dp_address%%:*} - dp_first)):${dp_address#*:}
      ;;
  esac
  printf '/dev/disk/by-path/pci-%s%s\n' "$dp_pci" "$dp_tail"
  case $dp_real in */virtio[0-9]*) printf '/dev/disk/by-path/virtio-pci-%s%s\n' "$dp_pci" "$dp_tail" ;; esac
}

# resolve_device NAME: prints the kernel's name of the disk or partition. 1 and a sentence when there is none, or two.
resolve_device() {
  rd_part=
  rd_name=$1
  case $rd_name in
    label:*)
      resolve_label "${rd_name#label:}"
      return
      ;;
    /dev/disk/by-partlabel/*)
      resolve_label "${rd_name#/dev/disk/by-partlabel/}"
      return
      ;;
    *-part[0-9] | *-part[0-9][0-9])
      rd_part=${rd_name##*-part}
      rd_name=${rd_name%-part*}
      ;;
  esac
  case $rd_name in
    /dev/disk/* | serial:* | wwn:* | size:*) rd_found=$(disk_names | while IFS= read -r rd_disk; do
      if disk_is "$rd_disk" "$rd_name"; then printf '%s\n' "$rd_disk"; fi
    done) ;;
    *)
      rd_found=${rd_name#/dev/}
      [ -e "$SYS_BLOCK/$rd_found" ] || rd_found=
      ;;
  esac
  case $rd_found in
    '')
      echo "there is no disk $rd_name; there are: $(known_disks)"
      return 1
      ;;
    *"
"*)
      echo "more than one disk is $rd_name: $(printf '%s' "$rd_found" | tr '\n' ' ')"
      return 1
      ;;
  esac
  [ -z "$rd_part" ] || rd_found=$(partition_of "$rd_found" "$rd_part")
  if [ ! -e "$SYS_BLOCK/$rd_found" ]; then
    echo "there is no partition $rd_found"
    return 1
  fi
  printf '%s\n' "$rd_found"
}

resolve_label() {
  rl_found=$(for rl_dir in "$SYS_BLOCK"/*; do
    [ ! -e "$rl_dir/partition" ] || [ "$(partition_name "${rl_dir##*/}")" != "$1" ] || printf '%s\n' "${rl_dir##*/}"
  done)
  case $rl_found in
    '')
      echo "no partition is called $1"
      return 1
      ;;
    *"
"*)
      echo "two partitions are called $1: $(printf '%s' "$rl_found" | tr '\n' ' ')"
      return 1
      ;;
  esac
  printf '%s\n' "$rl_found"
}

# disk_is DISK NAME
disk_is() {
  case $2 in
    size:*)
      [ "$(disk_fact "$1" removable)" != 1 ] || return 1
      di_range=${2#size:}
      di_mib=$(disk_mib "$1")
      [ "$di_mib" -ge "$(to_mib "${di_range%-*}")" ] || return 1
      [ -z "${di_range#*-}" ] || [ "$di_mib" -le "$(to_mib "${di_range#*-}")" ]
      return
      ;;
    /dev/disk/by-id/ata-* | /dev/disk/by-id/scsi-S*)
      # udev's model is longer than what the kernel keeps; the serial number behind it decides.
      di_serial=$(disk_serial "$1")
      [ -n "$di_serial" ] || return 1
      case $2 in *"_$di_serial") return 0 ;; esac
      return 1
      ;;
  esac
  disk_aliases "$1" | grep -F -x -q -- "$2"
}

to_mib() {
  case $1 in
    *G) printf '%s\n' "$((${1%G} * 1024))" ;;
    *T) printf '%s\n' "$((${1%T} * 1048576))" ;;
    *) printf '%s\n' "${1%M}" ;;
  esac
}

# What the administrator may write instead.
known_disks() {
  kd_list=$(disk_names | while IFS= read -r kd_disk; do
    printf '%s (%s MiB %s) ' "$kd_disk" "$(disk_mib "$kd_disk")" "$(disk_aliases "$kd_disk" | tr '\n' ' ')"
  done)
  printf '%s\n' "${kd_list:-none}"
}

# wait_for_device NAME: its kernel name in DEVICE, or why there is none.
wait_for_device() {
  wd_end=$(($(now_seconds) + DISK_WAIT_SECONDS))
  until DEVICE=$(resolve_device "$1"); do
    [ "$(now_seconds)" -lt "$wd_end" ] || return 1
    sleep_ms 500
  done
}

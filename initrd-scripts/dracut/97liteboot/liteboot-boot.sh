#!/bin/sh
# /liteboot/boot ROOT: the stages of the lean initrd's /init, in the same order, in an initrd made by dracut. Ends when the
# root is ready; dracut moves /dev, /proc, /sys and /run and starts the image's init. A test compares the two.
# shellcheck disable=SC2034,SC2154 # variables of the steps

umask 022
/bin/busybox mkdir -p /liteboot/bin /run/liteboot /etc /tmp
/bin/busybox --install -s /liteboot/bin
# kmod reads compressed modules of every kind.
for program in modprobe insmod rmmod lsmod depmod modinfo; do /bin/busybox rm -f "/liteboot/bin/$program"; done
export PATH=/liteboot/bin:/sbin:/bin:/usr/sbin:/usr/bin
chmod 755 /run/liteboot

RUN_DIR=/run/liteboot
NEWROOT=$1
STEPS=/liteboot/steps
# The order matters: each file uses what the ones before it define.
for step in log cmdline retry report plan mounts network inventory rescue learn memory packed root disks tools partitions localspace localdisk persistent trees source entries system switch; do
  # shellcheck disable=SC1090
  . "$STEPS/$step.sh"
done

cmdline_flag liteboot.debug && DEBUG=1
cmdline_flag nonodestatus && REPORTS_OFF=1
SHELL_STAGES=$(cmdline_value liteboot.shell)
PLAN_URL=$(cmdline_value liteboot.plan)
EXPECTED_NODE=$(cmdline_value NODE)
log "liteboot in an initrd by dracut, kernel $(uname -r), command line: $(cat /proc/cmdline)"

# udev loads drivers; this waits until it has, and adds what no device names.
load_modules() {
  for module in virtio_pci virtio_net af_packet sunrpc nfs nfsv3 nfsv4; do modprobe -q "$module" 2>/dev/null; done
  udevadm settle --timeout=30
}

ip link set lo up
run_stage network stage_network
run_instead
run_stage plan stage_plan
run_stage root stage_root
run_localdisk
run_stage persistent stage_persistent
run_stage trees stage_trees
run_stage entries stage_entries
run_stage system stage_system
run_stage switch stage_switch
: >/run/liteboot/handed-over
sync
log "handing over to $sw_init (dracut)"

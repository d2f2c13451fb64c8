#!/bin/bash
# dracut's view of liteboot: the steps of the lean initrd in an initrd that the image's own dracut makes. dracut brings up
# devices; the steps do everything from the network to the last look at the root; dracut hands over.
#
# Beside this file lies what the server puts there: steps/, programs/, udhcpc.script, busybox, files for the node.
# shellcheck disable=SC2154 # moddir and hostonly are dracut's; liteboot_* come from the server's configuration file

# Only where it is asked for by name.
check() {
  return 255
}

depends() {
  echo base
}

# The server names the modules that the lean initrd would have (linuximage.netdrivers, or all network cards).
installkernel() {
  if [ -n "${liteboot_modules:-}" ]; then
    # shellcheck disable=SC2086 # a list
    hostonly='' instmods $liteboot_modules
  else
    hostonly='' instmods '=drivers/net' nfs nfsv3 nfsv4 sunrpc overlay squashfs loop af_packet virtio_pci virtio_net
  fi
}

install() {
  inst_simple "$moddir/busybox" /bin/busybox
  for file in "$moddir"/steps/*.sh; do inst_simple "$file" "/liteboot/steps/${file##*/}"; done
  inst_simple "$moddir/udhcpc.script" /liteboot/udhcpc.script
  for file in "$moddir"/node/*; do
    [ -e "$file" ] && inst_simple "$file" "/liteboot/${file##*/}"
  done
  [ ! -e "$moddir/cmdline" ] || inst_simple "$moddir/cmdline" /liteboot/cmdline
  inst_simple "$moddir/liteboot-boot.sh" /liteboot/boot
  inst_hook cmdline 20 "$moddir/liteboot-cmdline.sh"
  inst_hook mount 10 "$moddir/liteboot-mount.sh"
  # With their own loader and libraries, as in the lean initrd: the image need not have them.
  for file in "$moddir"/programs/*/*; do
    [ -e "$file" ] && inst_simple "$file" "/liteboot/${file#"$moddir"/programs/}"
  done
  inst_multiple modprobe udevadm
}

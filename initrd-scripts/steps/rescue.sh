# shellcheck shell=sh
# What the initrd does when it is not to boot the image: liteboot.run=shell or liteboot.run=shutdown, as `nodeset` says,
# and liteboot.run=discover on a machine that no table knows. None of them needs a plan, a root file system or right
# tables. Reports go where the plan's would.

# run_instead: returns when the image is to be booted after all.
run_instead() {
  ri_what=$(cmdline_value liteboot.run)
  [ -n "$ri_what" ] || return 0
  [ "$ri_what" != discover ] || stage_discover
  guess_report_url
  case $ri_what in
    shell) rescue_shell ;;
    shutdown)
      report shutdown start "switching off (nodeset shutdown)"
      switch_off
      ;;
    *) warn "liteboot.run=$ri_what is not known here: the initrd is older or newer than the server" ;;
  esac
}

# A shell that ends is opened again: a console without anybody at it must not boot the image behind the operator's back.
rescue_shell() {
  STAGE=shell
  report shell start "a shell is open on the console (nodeset shell)"
  log "a shell is open on the console; address $(lease_value address)"
  while [ ! -e "$RUN_DIR/go-on" ]; do
    say_where_we_are
    open_shell
    sleep 1
  done
  rm -f "$RUN_DIR/go-on"
  report shell ok "the shell was left to boot the image"
}

say_where_we_are() {
  printf '\nliteboot: %s, kernel and initrd only; the network is up (%s, %s).\n' \
    "${EXPECTED_NODE:-this node}" "${BOOT_INTERFACE:-none}" "$(lease_value address)"
  printf 'Boot the image now: touch %s/go-on; exit\n' "$RUN_DIR"
  printf 'Leave: nodeset %s osimage on the server, then reboot -f here (poweroff -f switches off).\n\n' "${EXPECTED_NODE:-NODE}"
}

open_shell() {
  setsid cttyhack sh </dev/console >/dev/console 2>&1
  return 0
}

# Firmware that cannot switch off leaves the machine halted; either way nothing is mounted that could suffer.
switch_off() {
  sync
  poweroff -f
  sleep 60
  halt -f
}

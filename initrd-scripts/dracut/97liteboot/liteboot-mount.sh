#!/bin/sh
# Sourced by dracut until the root is mounted. A process of its own: dracut and the steps both have a function `warn`.
# shellcheck disable=SC2154 # root and NEWROOT are dracut's
if [ "$root" = liteboot ] && [ ! -e /run/liteboot/handed-over ]; then
  /bin/busybox sh /liteboot/boot "$NEWROOT" </dev/console >/dev/console 2>&1
fi

#!/bin/sh
# Sourced by dracut: a node with a plan gets its root from liteboot, whatever else the command line says.
# shellcheck disable=SC2034 # read by dracut
if [ -n "$(getarg liteboot.plan=)" ]; then
  root=liteboot
  rootok=1
  netroot=
fi

#!/bin/sh
# The tables' part of setting up a statelite image, as an xCAT administrator types it: `sh tables.sh`.
# Works on tables of its own, in a directory that is gone afterwards; prints every command and what it answers.
# The image's part, from the distribution's media to the boot, is the other script of this directory.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
LITEBOOT_STATE=$work/state
export LITEBOOT_STATE

# The commands under their own names, as in xCAT: a link each, found through PATH.
mkdir "$work/bin"
for command in lsdef mkdef chdef tabdump chtab litefile litetree lslite; do
  ln -s "$here/../../bin/liteboot" "$work/bin/$command"
done
PATH=$work/bin:$PATH

# Prints a command as it can be typed, then runs it.
run() {
  printf '$'
  for word; do
    case $word in
      *[!A-Za-z0-9_./:=,-]*) printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
  "$@"
}

# The site as it was before the image: a network, four ppc64le nodes in a group, still on another image.
run chdef -t site master=10.77.0.1 domain=cluster.test installdir=/install
run mkdef -t network -o provisioning net=10.77.0.0 mask=255.255.0.0
run mkdef -t osimage -o oldimg imagetype=linux provmethod=statelite osarch=ppc64le osname=linux osvers=rhels7.2 profile=compute
run mkdef 'node[1-4]' groups=p8,all
# shellcheck disable=SC2016 # $1 is the number in the node's name
run chdef -t group p8 'ip=|10.77.0.($1+10)|' netboot=petitboot arch=ppc64le os=rhels7.2 profile=compute provmethod=oldimg
run chdef node1 mac=42:77:00:00:00:01

# Which image do the nodes run, and what can be said of an image?
printf '%s\n' '$ lsdef node1-node4 | grep provmethod'
lsdef node1-node4 | grep provmethod
run tabdump -d osimage

# The new image.
run mkdef -t osimage -o redhat7img profile=compute imagetype=linux provmethod=statelite osarch=ppc64le osname=linux osvers=rhels7.3
run lsdef -t osimage redhat7img
run chdef -t osimage -o redhat7img pkglist=/install/custom/netboot/rh/compute.rhels7.ppc64le.pkglist \
  exlist=/install/custom/netboot/rh/compute.rhels7.ppc64le.exlist rootimgdir=/install/netboot/rhels7.3/ppc64le/redhat7img
run lsdef -t osimage redhat7img -i pkglist,exlist,rootimgdir

# What is writable, where its content comes from, and what is kept.
run chtab image=redhat7img,file=/var/log/ litefile.options=persistent
run chtab image=redhat7img,file=/tmp/ litefile.options=tmpfs
run chtab image=redhat7img,file=/etc/hosts litefile.options=ro
run chtab image=ALL,file=/root/.ssh/ litefile.options=tmpfs
# shellcheck disable=SC2016 # the dollar is the table's, not the shell's
run chtab priority=1.0 litetree.image=redhat7img 'litetree.directory=10.77.0.1:/install/lite/$nodetype.profile'
run chtab node=p8 statelite.statemnt=10.77.0.1:/install/persistent

# One node goes first.
run chdef -t node -o node1 provmethod=redhat7img
printf '%s\n' '$ lsdef node1-node4 | grep provmethod'
lsdef node1-node4 | grep provmethod
run litefile node1
run litetree node1
run lslite -i redhat7img
run lslite node1

/** /dev, /proc, /sys and /run of the tree while packages' scripts run in it; only inside the build room. */
import type { BuildPlaces, CommandStep } from './steps.ts'

/**
 * Devices are those that no script can do harm with; nothing of this machine's /dev is there. /proc shows the build's own
 * processes. What would change this machine's kernel is read-only. /run is empty, so systemctl finds nobody to talk to.
 */
const SCRIPT = `set -eu
root=$1 cache=$2
for name in dev proc sys run; do
  if [ -h "$root/$name" ]; then echo "/$name of the image is a symbolic link" >&2; exit 1; fi
  [ -d "$root/$name" ] || mkdir -m 755 "$root/$name"
done
mount -t tmpfs -o mode=755,nosuid,noexec liteboot-dev "$root/dev"
cd "$root/dev"
mknod -m 666 null c 1 3
mknod -m 666 zero c 1 5
mknod -m 666 full c 1 7
mknod -m 666 random c 1 8
mknod -m 666 urandom c 1 9
mknod -m 666 tty c 5 0
mknod -m 600 console c 5 1
mkdir pts shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 liteboot-pts pts
mount -t tmpfs -o mode=1777,nosuid,nodev liteboot-shm shm
ln -s pts/ptmx ptmx
ln -s /proc/self/fd fd
ln -s fd/0 stdin
ln -s fd/1 stdout
ln -s fd/2 stderr
cd /
mount -t proc -o nosuid,nodev,noexec liteboot-proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro,nosuid,nodev,noexec liteboot-sys "$root/sys"
mount -t tmpfs -o mode=755,nosuid,nodev liteboot-run "$root/run"
mkdir -p "$root/run/lock" "$root/run/liteboot/bin" "$root/run/liteboot/log" "$root/run/liteboot/cache"
mkdir -p "$cache"
mount --bind "$cache" "$root/run/liteboot/cache"
`

export function mountTree({ root, work }: BuildPlaces): CommandStep {
  return {
    kind: 'command',
    what: 'mounting /dev, /proc, /sys and /run of the tree',
    words: ['sh', '-c', SCRIPT, 'mount-tree', root, `${work}/tree-cache`],
  }
}

/**
 * Driver packages ask `uname -r` which kernel they are for. Under this path their scripts find one that knows; the real
 * one is left alone.
 */
export function fakeUname({ root }: BuildPlaces, kernelVersion: string, arch: string): CommandStep {
  const text = `#!/bin/sh
case "$*" in
-r) echo '${kernelVersion}' ;;
-m|-p|-i) echo '${arch}' ;;
*) PATH=/bin:/usr/bin:/sbin:/usr/sbin exec uname "$@" ;;
esac
`
  return {
    kind: 'command',
    what: 'uname of the image',
    words: [
      ...['sh', '-c', 'printf %s "$2" > "$1/uname" && chmod 755 "$1/uname"', 'uname'],
      `${root}/run/liteboot/bin`,
      text,
    ],
  }
}

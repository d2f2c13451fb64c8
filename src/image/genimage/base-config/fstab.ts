/** /etc/fstab of the image: what every node needs; the rest are litefile entries. */

export interface FstabRequest {
  readonly profile: string
  readonly arch: string
  readonly provmethod: 'netboot' | 'statelite'
  /** `-t`: /tmp and /var/tmp in memory, of this size each. */
  readonly tmpSize?: string | undefined
}

/**
 * systemd remounts the root by its line. On a statelite node it must stay read-only when it comes over NFS; liteimg makes
 * the line `rw` for a root in memory.
 */
export function renderFstab({ profile, arch, provmethod, tmpSize }: FstabRequest): string {
  const temporary = tmpSize === undefined ? [] : ['/tmp', '/var/tmp']
  const lines = [
    'proc            /proc    proc   defaults                      0 0',
    'sysfs           /sys     sysfs  defaults                      0 0',
    'devpts          /dev/pts devpts gid=5,mode=620                0 0',
    'tmpfs           /dev/shm tmpfs  defaults                      0 0',
    ...temporary.map((point) => `tmpfs ${point} tmpfs defaults,mode=1777,size=${tmpSize} 0 2`),
    // fsck has nothing to do here: pass 0.
    `${profile}_${arch} / tmpfs ${provmethod === 'statelite' ? 'ro' : 'rw'} 0 0`,
  ]
  return `${lines.join('\n')}\n`
}

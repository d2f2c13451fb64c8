/**
 * What is known about places that systems write to, as data: the row that suits, or why there should be none. Consulted
 * by the longest path; what stands in no line here is judged by where it is (suggest.ts).
 */

export type SuggestedOption = 'tmpfs' | 'persistent'

export interface KnownPlace {
  /** A directory ends in a slash, and speaks for everything below it. */
  readonly place: string
  /** `image`: belongs into the image. `noise`: nothing needs to be done. */
  readonly option: SuggestedOption | 'image' | 'noise'
  readonly reason: string
}

const place =
  (option: KnownPlace['option'], reason: string) =>
  (...paths: string[]): KnownPlace[] =>
    paths.map((path) => ({ place: path, option, reason }))

const SOFTWARE = 'software was installed or changed: do that in the image'
const ACCOUNTS =
  'accounts are files that are replaced as a whole: create them in the image, or take them from a directory'
const PACKAGES = 'the package database: install in the image'

export const KNOWN_PLACES: readonly KnownPlace[] = [
  // Gone or made again at every boot.
  ...place('tmpfs', 'temporary files')('/tmp/', '/var/tmp/'),
  ...place('tmpfs', 'logs; send them to a log server, or make it persistent, to keep them')('/var/log/'),
  ...place('tmpfs', 'a cache, made again when it is missing')('/var/cache/'),
  ...place('tmpfs', 'locks and process ids of what runs')('/var/lock/', '/var/run/'),
  ...place('tmpfs', 'leases, asked for again at every boot')(
    '/var/lib/dhclient/',
    '/var/lib/dhcp/',
    '/var/lib/dhcpcd/',
  ),
  ...place(
    'tmpfs',
    'connections and leases, made again at every boot',
  )(...['/var/lib/NetworkManager/', '/var/lib/wicked/', '/etc/NetworkManager/']),
  ...place(
    'tmpfs',
    'when logs were rotated or sent; the logs are in memory as well',
  )(...['/var/lib/logrotate/', '/var/lib/logrotate.status', '/var/lib/rsyslog/']),
  ...place('tmpfs', 'a cache of accounts, asked for again')('/var/lib/sss/'),
  ...place('tmpfs', 'identity of this boot, set by the initrd')('/etc/hostname', '/etc/machine-id', '/var/lib/dbus/'),
  ...place('tmpfs', 'name servers, written by the initrd and by DHCP clients')('/etc/resolv.conf'),
  ...place('tmpfs', 'hwclock(8) notes the drift of the hardware clock')('/etc/adjtime'),
  ...place('tmpfs', 'archives of volume group metadata, lvm(8)')('/etc/lvm/'),
  ...place('tmpfs', 'names of the disks this node has, multipath(8)')('/etc/multipath/'),
  ...place(
    'tmpfs',
    'interface files, written by the initrd for the boot interface',
  )(...['/etc/sysconfig/network-scripts/', '/etc/sysconfig/network/']),
  ...place('tmpfs', 'postscripts, fetched again at every boot')('/xcatpost/', '/opt/xcat/'),
  ...place('tmpfs', 'mount points')('/mnt/', '/media/'),
  // Each node's own, and the same after a reboot.
  ...place('persistent', 'host keys: every node its own, and the same after a reboot')('/etc/ssh/'),
  ...place('persistent', "root's home: history, keys, known hosts")('/root/'),
  ...place('persistent', 'home directories')('/home/'),
  ...place(
    'persistent',
    'random seed and time stamps of timers: a seed out of the image would be the same everywhere',
  )('/var/lib/systemd/'),
  ...place(
    'persistent',
    'drift of the clock: it is right sooner after a boot',
  )(...['/var/lib/chrony/', '/var/lib/ntp/', '/var/lib/ntpsec/', '/var/lib/private/systemd/']),
  ...place('persistent', 'rpc.statd(8) tells other hosts after a crash that their locks are gone')('/var/lib/nfs/'),
  ...place('persistent', 'queued work (mail, cron, print jobs) is not to be lost')('/var/spool/'),
  ...place('persistent', 'name of this node towards storage')('/etc/iscsi/', '/etc/nvme/'),
  // No rows.
  ...place('image', SOFTWARE)('/usr/', '/bin/', '/sbin/', '/lib/', '/lib32/', '/lib64/', '/libx32/', '/boot/', '/efi/'),
  ...place('image', SOFTWARE)(
    '/etc/ld.so.cache',
    '/etc/alternatives/',
    '/etc/selinux/',
    '/etc/pki/ca-trust/extracted/',
  ),
  ...place('image', SOFTWARE)('/etc/ssl/certs/', '/etc/udev/hwdb.bin', '/etc/dpkg/', '/etc/apt/', '/etc/yum.repos.d/'),
  ...place('image', 'services are enabled in the image: systemctl --root')(
    '/etc/systemd/',
    '/etc/rc.d/',
    '/etc/init.d/',
  ),
  ...place(
    'image',
    PACKAGES,
  )(...['/var/lib/rpm/', '/var/lib/dnf/', '/var/lib/yum/', '/var/lib/zypp/', '/var/lib/dpkg/', '/var/lib/apt/']),
  ...place('image', PACKAGES)('/var/lib/ucf/', '/var/lib/pam/', '/var/lib/alternatives/'),
  ...place('image', ACCOUNTS)(
    ...['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].flatMap((name) => [
      `/etc/${name}`,
      `/etc/${name}-`,
    ]),
    '/etc/.pwd.lock',
  ),
  ...place('image', 'the time zone is set in the image')('/etc/localtime', '/etc/timezone'),
  ...place('noise', 'liteimg makes it a link to /proc/self/mounts')('/etc/mtab'),
  ...place('noise', 'systemd-update-done(8) does nothing on a read-only root')('/etc/.updated', '/var/.updated'),
  ...place(
    'noise',
    'the kernel, or the statelite machinery itself',
  )(...['/proc/', '/sys/', '/dev/', '/run/', '/.statelite/', '/.default/', '/.sllocal/']),
]

/** Directories that are no row as a whole: they hold what belongs to many. */
const SHARED_PLACES: ReadonlySet<string> = new Set([
  ...['/', '/etc/', '/var/', '/var/lib/', '/var/lib/private/', '/var/opt/', '/opt/', '/srv/'],
  ...['/etc/sysconfig/', '/etc/default/', '/etc/pki/', '/etc/ssl/', '/etc/udev/', '/etc/xdg/', '/etc/profile.d/'],
])

export function isSharedPlace(directory: string): boolean {
  return SHARED_PLACES.has(directory) || /^\/opt\/[^/]+\/$/.test(directory)
}

/** What is written where nothing is known of the place. */
export function optionByPlace(path: string): { readonly option: SuggestedOption; readonly reason: string } {
  const [, top = '', second = '', third = ''] = path.split('/')
  if (top === 'etc') return { option: 'tmpfs', reason: "configuration; every boot begins with the image's" }
  if (top === 'var' && second === 'lib') return { option: 'persistent', reason: `state of ${third}` }
  if (top === 'var' && second !== 'opt') return { option: 'tmpfs', reason: "every boot begins with the image's" }
  return { option: 'persistent', reason: 'data of an application' }
}

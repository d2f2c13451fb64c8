/**
 * The rows that a systemd image of each family needs at least to come up without errors on a read-only root, each with
 * its reason. Data. Learning mode finds what a site needs beyond them.
 */
import type { LitefileRow } from '../cluster/model.ts'
import type { ImageSelector } from './entries.ts'
import { isCovered, isRefusedByRow, openRowSet } from './suggest-fit.ts'

export interface PresetRow {
  readonly file: string
  /** persistent becomes tmpfs where the nodes have no persistent directory. */
  readonly option: 'tmpfs' | 'persistent'
  readonly reason: string
}

export interface Preset {
  readonly name: string
  readonly title: string
  readonly rows: readonly PresetRow[]
}

const row = (file: string, option: PresetRow['option'], reason: string): PresetRow => ({ file, option, reason })

/** Written by systemd itself, or by what every family installs. */
const SYSTEMD: readonly PresetRow[] = [
  row(
    '/tmp/',
    'tmpfs',
    'systemd.exec(5) PrivateTmp= makes directories here; services that have it do not start without',
  ),
  row('/var/tmp/', 'tmpfs', 'the same for /var/tmp; file-hierarchy(7) promises that it can be written'),
  row('/var/log/', 'tmpfs', 'journald, wtmp and btmp of login(1), rsyslog; send logs on to keep them'),
  row('/var/cache/', 'tmpfs', 'CacheDirectory= of systemd.exec(5); ldconfig, man-db and package managers'),
  row('/var/spool/', 'tmpfs', 'cron, at and mail make their queues here'),
  row(
    '/var/lib/systemd/',
    'persistent',
    'systemd-random-seed(8), stamps of systemd.timer(5) Persistent=, linger of loginctl(1)',
  ),
  row('/var/lib/logrotate/', 'tmpfs', 'logrotate(8) keeps here when it rotated last'),
  row('/var/lib/nfs/', 'persistent', 'rpc.statd(8) and sm-notify(8): other hosts are told that locks are gone'),
  row('/var/lib/chrony/', 'persistent', 'driftfile of chrony.conf(5): the clock is right sooner after a boot'),
  row('/etc/adjtime', 'tmpfs', 'hwclock(8) and timedatectl(1) set-local-rtc write it'),
  row('/etc/ssh/', 'persistent', 'sshd(8) host keys are made at the first start: each node its own, and kept'),
  row('/root/', 'persistent', "root's history and ~/.ssh/known_hosts"),
]

const RESOLV_CONF = row(
  '/etc/resolv.conf',
  'tmpfs',
  'resolv.conf(5) is written by NetworkManager and dhclient-script(8)',
)

export const PRESETS: readonly Preset[] = [
  {
    name: 'rh',
    title: 'Red Hat Enterprise Linux, Rocky, Alma, Oracle, CentOS Stream (7 and later)',
    rows: [
      ...SYSTEMD,
      RESOLV_CONF,
      row(
        '/var/lib/NetworkManager/',
        'tmpfs',
        'NetworkManager(8) does not start without its state directory: leases, secret_key',
      ),
      row('/var/lib/dhclient/', 'tmpfs', 'dhclient.leases(5), of dhclient-script and NetworkManager dhcp=dhclient'),
      row('/var/lib/rsyslog/', 'tmpfs', 'imjournal.state: where rsyslogd(8) is in the journal'),
      row('/var/lib/gssproxy/', 'tmpfs', 'sockets and replay caches of gssproxy(8), which NFS brings along'),
      row('/var/lib/dbus/', 'tmpfs', 'dbus-uuidgen(1) --ensure'),
    ],
  },
  {
    name: 'sles',
    title: 'SUSE Linux Enterprise Server, openSUSE Leap (12 and later)',
    // No /etc/resolv.conf: netconfig(8) makes it a link into /run.
    rows: [
      ...SYSTEMD,
      row('/var/lib/wicked/', 'tmpfs', 'leases and interface state of wickedd(8)'),
      row('/var/lib/NetworkManager/', 'tmpfs', 'the same where NetworkManager(8) is used instead'),
      row('/var/adm/', 'tmpfs', 'update messages and backups of sysconfig files (fillup, netconfig)'),
      row('/var/lib/dbus/', 'tmpfs', 'dbus-uuidgen(1) --ensure'),
    ],
  },
  {
    name: 'debian',
    title: 'Debian, Ubuntu',
    rows: [
      ...SYSTEMD,
      RESOLV_CONF,
      row('/var/lib/dhcp/', 'tmpfs', 'dhclient.leases(5)'),
      row('/var/lib/NetworkManager/', 'tmpfs', 'NetworkManager(8), where it is installed'),
      row('/var/lib/dbus/', 'tmpfs', 'dbus-uuidgen(1) --ensure'),
    ],
  },
  {
    name: 'postscripts',
    title: 'postscripts as in xCAT, beside one of the others',
    rows: [
      row('/xcatpost/', 'tmpfs', 'postscripts are fetched into it at every boot'),
      row('/opt/xcat/', 'tmpfs', 'xcatinfo names the server and the image a node runs'),
    ],
  },
]

export interface PresetRequest {
  readonly preset: Preset
  readonly image: ImageSelector
  readonly rows: readonly LitefileRow[]
  readonly imageCell: string
  readonly canPersist: boolean
}

export interface FittedPreset {
  readonly suggestions: readonly { readonly row: LitefileRow; readonly reason: string }[]
  readonly left: readonly { readonly file: string; readonly reason: string }[]
  /** Rows that the table makes unnecessary. */
  readonly covered: number
}

export function fitPreset({ preset, image, rows, imageCell, canPersist }: PresetRequest): FittedPreset {
  const set = openRowSet(image, rows, imageCell)
  const suggestions: { row: LitefileRow; reason: string }[] = []
  const left: { file: string; reason: string }[] = []
  let covered = 0
  for (const { file, option, reason } of preset.rows) {
    const refused = isRefusedByRow(file, set.entries())
    if (isCovered(file, set.entries())) covered += 1
    else if (refused !== undefined) left.push({ file, reason: refused })
    else {
      const options = (['persistent', 'tmpfs', 'link'] as const).slice(option === 'persistent' && canPersist ? 0 : 1)
      const added = options.map((each) => set.add(file, each)).find((each) => each !== undefined)
      if (added) suggestions.push({ row: added, reason })
      else left.push({ file, reason: 'it does not fit beside the rows there are' })
    }
  }
  return { suggestions, left, covered }
}

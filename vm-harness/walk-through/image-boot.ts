/** Power on, and a look inside the running node. */
import type { SerialConsole } from '../console.ts'
import { fetchHanded } from '../handed.ts'
import type { Lab } from '../lab.ts'
import type { CleanUps } from '../liteboot.ts'
import { findAccelerator, startMachine } from '../machine.ts'
import { judge, say } from './image-judge.ts'
import { PASSWORD, type Walk } from './image-setup.ts'
import type { AdminShell } from './image-shell.ts'

const BOOT_TIMEOUT_MS = 600_000
const MEMORY_MIB = 2048

export interface BootRequest {
  readonly walk: Walk
  readonly lab: Lab
  readonly shell: AdminShell
  readonly directory: string
  readonly cleanUps: CleanUps
  /** `--build`: what was built is all that is looked at. */
  readonly isBooted: boolean
}

type RootType = 'nfs' | 'ramdisk'
type Look = readonly [title: string, script: string, expect: string | RegExp]

export async function bootAndLook(request: BootRequest, rootType: RootType): Promise<void> {
  const { walk, lab, shell, directory, cleanUps } = request
  const [node] = walk.nodes
  if (node === undefined || !request.isBooted) return
  const accelerator = await findAccelerator()
  say(`power on of ${node.name}: root ${rootType}`)
  const since = Date.now()
  const boot =
    walk.arch === 'x86_64'
      ? ({ firmware: 'bios' } as const)
      : // As petitboot does it: what its configuration names is fetched and started.
        ({ firmware: 'vof', handed: await fetchHanded(lab, node.name, node.mac, directory) } as const)
  const machine = await startMachine(lab, { ...node, ...boot, memoryMiB: MEMORY_MIB, directory, accelerator })
  cleanUps.add(() => machine.close())
  await machine.console.login('root', PASSWORD, BOOT_TIMEOUT_MS)
  say(`${node.name} has a shell, ${((Date.now() - since) / 1000).toFixed(0)} s after power-on (${accelerator})`)
  await look(machine.console, looksFor(walk, node.name, rootType))
  await machine.close()
  const { text } = await shell.run(`liteboot timeline ${node.name}`)
  judge('the timeline ends with the booted node', /^booted/m, text)
  const generation = rootType === 'nfs' ? 2 : 3
  const known = await shell.run(`lsdef ${node.name} -i current_osimage`)
  judge(
    'the tables know what it runs',
    `Object name: ${node.name}\n    current_osimage=${walk.image}@${generation}\n`,
    known.text,
  )
}

async function look(console: SerialConsole, looks: readonly Look[]): Promise<void> {
  for (const [title, script, expect] of looks) {
    const { output } = await console.command(script, 120_000)
    judge(title, expect, output.replace(/\n$/, ''))
  }
}

const MOUNTED = `mounted() { awk -v p="$1" '$5 == p { split($6, o, ","); for (i = 7; $i != "-"; i++); print $(i + 1), o[1] }' /proc/self/mountinfo | tail -n 1; }`

function looksFor({ arch, osvers, family }: Walk, name: string, rootType: RootType): Look[] {
  const isNfs = rootType === 'nfs'
  const unit = family === 'rpm' ? 'sshd.service' : 'ssh.service'
  return [
    ['shell functions', MOUNTED, ''],
    ['everything has started', 'systemctl is-system-running --wait', 'running'],
    ['the host name', 'hostname', name],
    ['the architecture', 'uname -m', arch],
    ['the root', 'mounted /', isNfs ? 'nfs ro' : 'tmpfs rw'],
    [
      'a path that nobody lists',
      '(echo x > /usr/written) 2>/dev/null && echo works || echo fails',
      isNfs ? 'fails' : 'works',
    ],
    ['the line of the root in /etc/fstab', `grep ' / ' /etc/fstab`, `compute_${arch} / nfs ${isNfs ? 'ro' : 'rw'} 0 0`],
    ['the postinstall script', 'cat /etc/redhat7img', `built as ${osvers} ${arch} compute\nby ${arch}`],
    ['the package from elsewhere', 'cat /usr/share/site-tools/about', 'tools of this site'],
    ['the package of a group', 'command -v lsof', /bin\/lsof$/],
    ['/etc/hosts comes from the tree', 'cat /etc/hosts; mounted /etc/hosts', '10.77.0.99 from-the-tree\nnfs ro'],
    [
      '/var/log is persistent',
      'mounted /var/log; echo kept >> /var/log/kept; cat /var/log/kept',
      isNfs ? 'nfs rw\nkept' : 'nfs rw\nkept\nkept',
    ],
    ['/tmp is in memory', 'mounted /tmp', 'tmpfs rw'],
    ['/root/.ssh is in memory', 'mounted /root/.ssh', 'tmpfs rw'],
    [
      'sshd runs',
      `systemctl is-active ${unit}; ls /etc/ssh/ssh_host_ed25519_key`,
      'active\n/etc/ssh/ssh_host_ed25519_key',
    ],
    ['no unit has failed', 'systemctl --no-pager --failed --no-legend --plain', ''],
    ['every entry is in order', '/etc/init.d/statelite status >/dev/null; echo $?', '0'],
    ...(isNfs
      ? []
      : [
          ['what exlist names is not there', 'ls /usr/share/zoneinfo; ls /boot | wc -l', 'Etc\n0'] as const,
          [
            'nothing of the image comes over NFS',
            `awk '$3 ~ /^nfs/ { print $1 }' /proc/mounts | grep -c rootimg`,
            '0',
          ] as const,
        ]),
  ]
}

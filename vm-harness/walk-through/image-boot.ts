/** Power on, and a look inside the running node. */
import type { Check } from '../demo/checklist.ts'
import { fetchHanded } from '../handed.ts'
import type { Lab } from '../lab.ts'
import type { Rehearsal } from '../rehearsal.ts'
import type { Walk } from './image-setup.ts'
import type { AdminShell } from './image-shell.ts'

/** Pages of ppc64le have 64 KiB: every small file of a root in memory takes one. */
const MEMORY_MIB = { x86_64: 2048, ppc64le: 4096 } as const

export interface BootRequest {
  readonly rehearsal: Rehearsal
  readonly walk: Walk
  readonly lab: Lab
  readonly shell: AdminShell
}

type RootType = 'nfs' | 'ramdisk'
type Look = readonly [title: string, script: string, expect: string | RegExp]

export async function bootAndLook({ rehearsal, walk, lab, shell }: BootRequest, rootType: RootType): Promise<void> {
  const [node] = walk.nodes
  rehearsal.say(`power on of ${node.name}: root ${rootType}`)
  const firmware =
    walk.arch === 'x86_64'
      ? ({ firmware: 'bios' } as const)
      : // As petitboot does it: what its configuration names is fetched and started.
        ({ firmware: 'vof', handed: await fetchHanded(lab, node.name, node.mac, rehearsal.runDirectory) } as const)
  const machine = await rehearsal.boot({ ...node, ...firmware, memoryMiB: MEMORY_MIB[walk.arch] })
  await rehearsal.look(machine, looksFor(walk, node.name, rootType))
  await machine.close()
  rehearsal.judge('the timeline ends with the booted node', /^booted/m, await rehearsal.timeline(node.name))
  const { text } = await shell.run(`lsdef ${node.name} -i current_osimage`)
  const generation = rootType === 'nfs' ? 2 : 3
  const known = `Object name: ${node.name}\n    current_osimage=${walk.image}@${generation}\n`
  rehearsal.judge('the tables know what it runs', known, text)
}

function looksFor({ arch, osvers, family }: Walk, name: string, rootType: RootType): Check[] {
  const isNfs = rootType === 'nfs'
  const unit = family === 'rpm' ? 'sshd.service' : 'ssh.service'
  const looks: Look[] = [
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
    ['the postinstall script', 'cat /etc/built', `built as ${osvers} ${arch} compute\nby ${arch}`],
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
  return looks.map(([title, script, expect]) => ({ title, script, expect }))
}

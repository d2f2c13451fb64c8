/** Units switched on by their links, as `systemctl enable` makes them: nothing of the image is run for it. */
import { basename } from 'node:path'
import type { OsFamily } from '../os-tools.ts'
import type { TreeFiles } from '../tree-files.ts'

/** What a node cannot be used without; distributions have most of these on by default, SUSE leaves it to the installer. */
const WANTED: Readonly<Record<OsFamily, readonly string[]>> = {
  el: ['sshd.service'],
  fedora: ['sshd.service'],
  suse: ['sshd.service', 'wicked.service'],
  debian: ['ssh.service'],
  ubuntu: ['ssh.service'],
}

const UNITS = ['usr/lib/systemd/system', 'lib/systemd/system']

export async function enableServices(tree: TreeFiles, family: OsFamily): Promise<void> {
  for (const unit of WANTED[family]) await enableUnit(tree, unit)
}

/** systemd.unit(5), [INSTALL]. A unit that the image has not is none to enable; a masked one stays masked. */
export async function enableUnit(tree: TreeFiles, unit: string): Promise<void> {
  for (const directory of UNITS) {
    const text = await tree.read(`${directory}/${unit}`)
    if (text === undefined) continue
    if (await tree.isLink(`etc/systemd/system/${unit}`)) return
    for (const rel of installLinks(text, unit))
      if (!(await tree.exists(rel))) await tree.link(rel, `/${directory}/${unit}`)
    return
  }
}

export function installLinks(text: string, unit: string): string[] {
  const section = /^\[Install\]\s*$([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(text)?.[1] ?? ''
  const values = (key: string) =>
    [...section.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].flatMap((match) =>
      (match[1] ?? '').split(/\s+/).filter((name) => name !== '' && name === basename(name)),
    )
  return [
    ...values('WantedBy').map((target) => `etc/systemd/system/${target}.wants/${unit}`),
    ...values('RequiredBy').map((target) => `etc/systemd/system/${target}.requires/${unit}`),
    ...values('Alias').map((alias) => `etc/systemd/system/${alias}`),
  ]
}

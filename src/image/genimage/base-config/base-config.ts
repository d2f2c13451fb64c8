/**
 * Configuration that every image gets, whatever its packages: written into the tree from outside, nothing of it is run.
 * Left as the packages made them: /etc/hosts, locales, and all that is not named here.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { lstatOrMissing } from '../../liteimg/confined.ts'
import { TreeEdit } from '../../liteimg/tree-edit.ts'
import { setRootPassword } from '../../root-password.ts'
import type { OsTools } from '../os-tools.ts'
import type { GenimageRequest } from '../request.ts'
import { TreeFiles } from '../tree-files.ts'
import { renderFstab } from './fstab.ts'
import { configureNetwork } from './network.ts'
import { enableServices } from './services.ts'

/** @returns warnings */
export async function configureBase(root: string, tools: OsTools, request: GenimageRequest): Promise<string[]> {
  const tree = new TreeFiles(root)
  const { profile, arch, provmethod, tmpSize, bootInterface, otherInterfaces = [] } = request
  await tree.write('etc/fstab', renderFstab({ profile, arch, provmethod, tmpSize }))
  await resetNames(tree, tools)
  await configureNetwork(tree, { family: tools.family, bootInterface, otherInterfaces })
  await allowConsoles(tree)
  await copySkeleton(tree)
  await enableServices(tree, tools.family)
  await switchOffSelinux(tree)
  await makeDevices(root)
  if (tools.family !== 'suse' && !(await tree.exists('sbin/fsck.nfs')))
    await tree.write('sbin/fsck.nfs', '#!/bin/sh\n# The root is on NFS: its server checks it.\nexit 0\n', 0o755)
  const warnings = await unlockRoot(root, request)
  const inits = await Promise.all(
    ['sbin/init', 'usr/lib/systemd/systemd', 'lib/systemd/systemd'].map((rel) => tree.target(rel)),
  )
  if (inits.every((path) => path === undefined))
    warnings.push('the image has no /sbin/init, so no node can run it: add systemd to the pkglist')
  return warnings
}

async function unlockRoot(root: string, { rootPassword }: GenimageRequest): Promise<string[]> {
  const { warnings } = await setRootPassword(new TreeEdit(root, () => undefined, undefined), rootPassword)
  if (rootPassword !== undefined || warnings.length > 0) return [...warnings]
  return [
    'root has no password in this image and cannot log in with one: chtab key=system,username=root passwd.password=…',
  ]
}

/** Whatever build machine it came from, an image has no name, no identity and no name server of its own. */
async function resetNames(tree: TreeFiles, tools: OsTools): Promise<void> {
  const leadsOn = tools.family === 'suse' && (await tree.isLink('etc/resolv.conf'))
  if (!leadsOn) await tree.write('etc/resolv.conf', '# written when the node boots\n')
  // The server names the node.
  if (tools.tool === 'apt') await tree.remove('etc/hostname')
  if ((await tree.exists('etc/machine-id')) || (await tree.exists('usr/lib/systemd/systemd')))
    await tree.write('etc/machine-id', '', 0o444)
  if ((await tree.exists('var/lib/dbus/machine-id')) && !(await tree.isLink('var/lib/dbus/machine-id')))
    await tree.link('var/lib/dbus/machine-id', '/etc/machine-id')
}

async function allowConsoles(tree: TreeFiles): Promise<void> {
  const text = await tree.read('etc/securetty')
  if (text === undefined) return
  const missing = ['ttyS0', 'ttyS1', 'ttyAMA0', 'hvc0'].filter((name) => !text.split('\n').includes(name))
  if (missing.length > 0)
    await tree.write('etc/securetty', `${text.replace(/\n*$/, '\n')}${missing.join('\n')}\n`, 0o600)
}

/** Dot files of /etc/skel for root, where it has none. */
async function copySkeleton(tree: TreeFiles): Promise<void> {
  await tree.makeDir('root', 0o700)
  for (const name of await tree.names('etc/skel')) {
    const text = name.startsWith('.') ? await tree.read(`etc/skel/${name}`) : undefined
    if (text !== undefined && !(await tree.exists(`root/${name}`))) await tree.write(`root/${name}`, text)
  }
}

/** Labels cannot be kept on a root over NFS, and files bound over it would have none. */
async function switchOffSelinux(tree: TreeFiles): Promise<void> {
  const text = await tree.read('etc/selinux/config')
  if (text === undefined) return
  const off = /^SELINUX=/m.test(text) ? text.replace(/^SELINUX=.*$/m, 'SELINUX=disabled') : `${text}SELINUX=disabled\n`
  if (off !== text) await tree.write('etc/selinux/config', off)
}

/** For programs that run before /dev is mounted. */
async function makeDevices(root: string): Promise<void> {
  if ((await lstatOrMissing(join(root, 'dev')))?.isDirectory() !== true) return
  for (const [name, minor] of [
    ['null', '3'],
    ['urandom', '9'],
  ] as const) {
    const path = join(root, 'dev', name)
    if ((await lstatOrMissing(path)) === undefined) spawnSync('mknod', ['-m', '666', path, 'c', '1', minor])
  }
}

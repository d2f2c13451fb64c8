/**
 * Boots that are made to fail, stage by stage: no loader, a wrong path to the kernel, no server, a plan that cannot be made, a
 * root that is gone, an NFS server that does not run or refuses, a full disk. Each time the timeline must say where and what to
 * do; then the cause is removed, and the boot must go on without a hand on the node. Meanwhile other nodes boot.
 *
 *   node vm-harness/scenarios/failures.ts [--keep] [--directory DIR]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import {
  addImageContent,
  IMAGE,
  NODES,
  SERVER,
  type SitePaths,
  siteCommands,
  sitePaths,
  writeTree,
} from '../demo/site.ts'
import type { Lab } from '../lab.ts'
import type { Machine } from '../machine.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'
import { FILER, type Filer, openFiler } from './filer.ts'

const [NODE, OTHER] = NODES
const MEMORY_MIB = 640
/** The demonstration's image under another name. */
const ASTRAY = 'astray-lite'
/** As the NFS server exports it. */
const ROOT = 'generations/2/rootimg'
/** Of the persistent directories. */
const DISK_BYTES = 4 * 1024 ** 2
const IS_UP: readonly Check[] = [
  { title: 'persistent storage takes writes', script: 'echo kept >/root/kept; cat /root/kept', expect: 'kept' },
  {
    title: '/etc/init.d/statelite status finds every entry in order',
    script: '/etc/init.d/statelite status >/dev/null; echo $?',
    expect: '0',
  },
  { title: 'no unit of systemd has failed', script: 'systemctl --no-pager --failed --no-legend --plain', expect: '' },
]

/** Waits until the end of the timeline says so, and shows it. */
async function judgeState(rehearsal: Rehearsal, node: string, title: string, expect: RegExp): Promise<void> {
  const timeline = await rehearsal.untilTimeline(node, expect).catch(() => rehearsal.quiet('timeline', node))
  rehearsal.judge(title, expect, timeline)
  const end = timeline.trimEnd().split('\n').slice(-2)
  process.stdout.write(`${end.map((line) => `            ${line}`).join('\n')}\n`)
}

async function judgeGoesOn(rehearsal: Rehearsal, node: string, next: RegExp): Promise<void> {
  const timeline = await rehearsal.untilTimeline(node, next).catch(String)
  rehearsal.judge('the boot goes on by itself', next, timeline)
}

/** It is switched on while no server runs, and is to boot an image whose directory is not where the table says. */
async function withoutServer(rehearsal: Rehearsal, lab: Lab): Promise<Machine> {
  rehearsal.say(`no server: it is stopped while the firmware of ${NODE.name} asks for an address`)
  await rehearsal.killServer()
  const machine = await rehearsal.power({ ...NODE, memoryMiB: MEMORY_MIB })
  // The machine's first frames: its firmware asks, and nobody answers.
  const frames = ['/sys/class/net/tap0/statistics/rx_packets']
  await rehearsal.until('the firmware asks', async () => Number(await lab.exec('cat', frames)) > 0 || undefined)
  rehearsal.judge(
    'the timeline says that no server runs, and what to do',
    /no server is running here: .*systemctl start liteboot/,
    await rehearsal.timeline(NODE.name),
  )
  await rehearsal.startServer()
  await judgeGoesOn(rehearsal, NODE.name, /dhcp +ACK[\s\S]*boot file/)
  return machine
}

/** The package of the loader is not installed, as the server sees it; the machine's own files stay where they are. */
async function withoutLoader(rehearsal: Rehearsal): Promise<void> {
  rehearsal.say(`no loader: ${OTHER.name} is to boot with pxelinux, whose package is not installed`)
  const inServer = (...words: string[]) =>
    execFileSync('nsenter', ['--mount', `--target=${rehearsal.serverPid}`, ...words])
  inServer('mount', '-t', 'tmpfs', 'none', '/usr/lib/PXELINUX')
  await rehearsal.command('chdef', OTHER.name, 'netboot=pxe')
  const machine = await rehearsal.power({ ...OTHER, memoryMiB: MEMORY_MIB })
  await judgeState(
    rehearsal,
    OTHER.name,
    'the timeline names the loader and its package',
    /^failed at loader: tftp pxelinux\.0: loader pxelinux\.0 .* is missing: apt-get install pxelinux.*\ncheck: mend what is named/m,
  )
  inServer('umount', '/usr/lib/PXELINUX')
  rehearsal.say(`the package is there; the firmware tries again, while ${NODE.name} still fails`)
  await judgeGoesOn(rehearsal, OTHER.name, /tftp +read +pxelinux\.0 [1-9]/)
  await rehearsal.login(machine)
  await rehearsal.look(machine, IS_UP)
  await machine.close()
}

async function wrongKernelPath(rehearsal: Rehearsal, paths: SitePaths): Promise<void> {
  rehearsal.say('a wrong path to the kernel')
  await judgeState(
    rehearsal,
    NODE.name,
    'the timeline names the path and what to run',
    /^failed at boot file: .*image astray-lite has no \S*\/elsewhere\/\S*kernel: run liteimg astray-lite.*\ncheck: correct the rows/m,
  )
  await rehearsal.command('chdef', '-t', 'osimage', ASTRAY, `rootimgdir=${paths.image}`)
  await judgeGoesOn(rehearsal, NODE.name, /http +get +\S*\/initrd [1-9]/)
}

/** The server goes away under the initrd; when it is back the tables have no place for what is to be persistent. */
async function badPlan(rehearsal: Rehearsal, paths: SitePaths): Promise<void> {
  rehearsal.say('the server is killed while the kernel starts; meanwhile the tables are broken')
  await rehearsal.killServer()
  await rehearsal.command('chtab', '-d', 'node=compute', 'statelite')
  await rehearsal.startServer()
  await judgeState(
    rehearsal,
    NODE.name,
    'the timeline shows that the server was away, and names the table',
    /server +start[\s\S]*^failed at plan: .*chtab node=n1 statelite\.statemnt=.*\ncheck: (mend what is named|.*liteboot plan)/m,
  )
  renameSync(join(paths.image, ROOT), join(paths.image, `${ROOT}.away`))
  await rehearsal.command('chtab', 'node=compute', `statelite.statemnt=${FILER}:${paths.persistent}`)
}

/** Up to the last block. */
function fill(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(DISK_BYTES))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

async function rootGone(rehearsal: Rehearsal, paths: SitePaths): Promise<void> {
  rehearsal.say('NFS: the directory of the root is gone')
  await judgeState(
    rehearsal,
    NODE.name,
    'the timeline says what the NFS server answers',
    /^failed at root: the root \S+rootimg cannot be mounted: .*No such file or directory.*\ncheck: .*NFS server.*rootimgdir/m,
  )
  renameSync(join(paths.image, `${ROOT}.away`), join(paths.image, ROOT))
}

/** The persistent directories are on another NFS server: it does not run, and then knows this node by another address. */
async function refusedByFiler(rehearsal: Rehearsal, paths: SitePaths, filer: Filer): Promise<void> {
  rehearsal.say('NFS: the server of the persistent directory refuses the connection')
  const cannotBeMounted = (why: string) =>
    new RegExp(
      `^failed at persistent: the persistent directory ${FILER}:${paths.persistent}/n1 cannot be mounted: .*${why}.*\ncheck: .*exports`,
      'm',
    )
  const refused = cannotBeMounted(`Connection refused: no NFS server runs on ${FILER}`)
  await judgeState(rehearsal, NODE.name, 'the timeline says that the NFS server does not run', refused)
  rehearsal.say('NFS: it runs, and has not exported the directory to this node')
  // As whoever runs another server has to.
  mkdirSync(join(paths.persistent, NODE.name))
  await filer.export(paths.persistent, OTHER.ip)
  const denied = cannotBeMounted(`Permission denied: ${FILER} does not export it`)
  await judgeState(rehearsal, NODE.name, 'the timeline says that the NFS server refuses the node', denied)
  fill(join(paths.persistent, 'big'))
  await filer.export(paths.persistent, NODE.ip)
}

async function fullDisk(rehearsal: Rehearsal, paths: SitePaths): Promise<void> {
  rehearsal.say('the disk of the persistent directory is full')
  await judgeState(
    rehearsal,
    NODE.name,
    'the timeline says which disk of which server is full',
    new RegExp(`^failed at persistent: .*${FILER}:${paths.persistent}/n1 is full: make room on ${FILER}`, 'm'),
  )
  rmSync(join(paths.persistent, 'big'))
}

async function failures(rehearsal: Rehearsal): Promise<void> {
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install')
  rehearsal.say('a Debian 12 root file system from Debian packages')
  placeRoot(paths.image)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('nodeset', 'compute', `osimage=${IMAGE}`)
  await rehearsal.command('mkdef', '-t', 'osimage', '-o', ASTRAY, '--template', IMAGE, `rootimgdir=${paths.image}`)
  await rehearsal.command('nodeset', NODE.name, `osimage=${ASTRAY}`)
  await rehearsal.command('chdef', '-t', 'osimage', ASTRAY, `rootimgdir=${join(rehearsal.directory, 'elsewhere')}`)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', paths.persistent])
  rehearsal.cleanUps.add(() => execFileSync('umount', ['--lazy', paths.persistent]))
  const lab = await rehearsal.open(`${SERVER}/16`)

  const filer = await openFiler(rehearsal, lab)
  const machine = await withoutServer(rehearsal, lab)
  await withoutLoader(rehearsal)
  await wrongKernelPath(rehearsal, paths)
  await badPlan(rehearsal, paths)
  await rootGone(rehearsal, paths)
  await refusedByFiler(rehearsal, paths, filer)
  await fullDisk(rehearsal, paths)
  await rehearsal.login(machine)
  await rehearsal.look(machine, IS_UP)
  await rehearsal.timeline(NODE.name)
}

await rehearse('failures', failures)

/**
 * Roots in memory: the demonstration's image packed as cpio and as squashfs, each booted to its login prompt, with the
 * demonstration's checks read inside the guest and the stages of the boot in its timeline. At the end a machine whose memory is
 * too small for the root.
 *
 *   node vm-harness/scenarios/ramdisk.ts [--keep] [--directory DIR]
 */
import { mkdirSync, rmSync } from 'node:fs'
import { type Check, memoryRootChecks } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeExlist, writeTree } from '../demo/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const MEMORY_MIB = 2048
/** Enough for kernel and initrd, and too little for the root of the demonstration. */
const SMALL_MIB = 256
const CONSOLE_MS = 30_000

interface Packing {
  readonly words: readonly string[]
  readonly rootType: string
  readonly said: RegExp
}

const PACKINGS: readonly Packing[] = [
  { words: ['-m', 'cpio', '-c', 'gzip'], rootType: 'tmpfs rw', said: /^compress method: gzip$/m },
  { words: ['-m', 'squashfs', '-c', 'zstd'], rootType: 'overlay rw', said: /rootimg-statelite\.sfs: squashfs/ },
  { words: ['-m', 'cpio', '-c', 'zstd'], rootType: 'tmpfs rw', said: /rootimg-statelite\.zst: cpio/ },
]

const EXLIST_APPLIED: Check = {
  title: 'the exlist was applied',
  script: 'ls -1 /usr/share/zoneinfo; ls /boot | wc -l',
  expect: 'Etc\nUTC\n0',
}

async function ramdisk(rehearsal: Rehearsal): Promise<void> {
  const [node] = NODES
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install')
  rehearsal.say('a Debian 12 root file system from Debian packages')
  placeRoot(paths.image)
  const exlist = writeExlist(rehearsal.directory)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'rootfstype=ramdisk', `exlist=${exlist}`)
  await rehearsal.open(`${SERVER}/16`)

  for (const packing of PACKINGS) {
    rehearsal.say(`packing: ${packing.words.join(' ')}`)
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    const said = await rehearsal.shown('liteimg', IMAGE, ...packing.words)
    rehearsal.judge('liteimg says how it packed', packing.said, said)
    await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
    const machine = await rehearsal.boot({ ...node, memoryMiB: MEMORY_MIB })
    await rehearsal.look(machine, [...memoryRootChecks(node.name, node.ip, packing.rootType), EXLIST_APPLIED])
    await machine.close()
    rehearsal.judge(
      'the timeline has the root by HTTP, its stage, and the end',
      /http +get +\/image\/\S+\/rootimg .*[\s\S]*root \d[\s\S]*^booted/m,
      await rehearsal.timeline(node.name),
    )
  }
  await tooSmall(rehearsal, node)
}

/** It must be told before the kernel kills something, on the console and in the timeline, and what helps. */
async function tooSmall(rehearsal: Rehearsal, node: (typeof NODES)[number]): Promise<void> {
  rehearsal.say(`a machine of ${SMALL_MIB} MiB`)
  const machine = await rehearsal.power({ ...node, memoryMiB: SMALL_MIB })
  const told = await rehearsal.untilTimeline(node.name, /^failed at root/m)
  rehearsal.judge(
    'the timeline says that the root does not fit, and what to do',
    /^failed at root: the root takes \d+ MiB of memory, \d+ MiB of \d+ MiB are free: give the node more.*\ncheck: do one of the things/m,
    told,
  )
  await machine.console.waitFor(/the root takes \d+ MiB of memory/, CONSOLE_MS, 'the reason on the console')
  rehearsal.judge(
    'nothing was killed for want of memory',
    /^(?![\s\S]*(Out of memory|Kernel panic))/,
    machine.console.tail(),
  )
  await machine.close()
}

await rehearse('ramdisk', ramdisk)

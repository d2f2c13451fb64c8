/**
 * Roots in memory: the demonstration's image packed as cpio and as squashfs, each booted to its login prompt, with the
 * demonstration's checks read inside the guest and the stages of the boot in its timeline.
 *
 *   node vm-harness/scenarios/ramdisk.ts [--keep] [--directory DIR]
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Check,
  type CheckOutcome,
  firstBootChecks,
  judgeCheck,
  loadFunctions,
  runChecks,
} from '../demo/checklist.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from '../demo/site.ts'
import { openLab } from '../lab.ts'
import { CleanUps, liteboot, startServer } from '../liteboot.ts'
import { findAccelerator, startMachine } from '../machine.ts'

const BOOT_TIMEOUT_MS = 300_000
const MEMORY_MIB = 2048
const startedMs = Date.now()
const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-ramdisk' },
    keep: { type: 'boolean', default: false },
  },
})
const { directory } = options
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
const paths = sitePaths(directory)
const outcomes: CheckOutcome[] = []

/** What no node of this image needs; `./tmp*` and `./boot*` as lists for xCAT have them. */
const EXLIST = [
  ...['./boot/*', './tmp*', './usr/share/zoneinfo/*', './usr/share/i18n*', './usr/share/perl*', './usr/lib/*/perl*'],
  ...[
    './usr/share/bash-completion*',
    './var/cache/*',
    './var/lib/apt/lists/*',
    './usr/share/locale*',
    './usr/share/info*',
  ],
  ...['+./usr/share/zoneinfo/UTC', '+./usr/share/zoneinfo/Etc*'],
]

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

function say(text: string): void {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)
  process.stdout.write(`${seconds}s  ${text}\n`)
}

function showOutcome({ check, output, passed }: CheckOutcome): void {
  process.stdout.write(`       ${passed ? 'ok  ' : 'FAIL'} ${check.title}\n`)
  if (!passed)
    process.stdout.write(
      `            expected ${String(check.expect)}\n            found    ${JSON.stringify(output)}\n`,
    )
}

function judge(title: string, expect: string | RegExp, output: string): void {
  const outcome = judgeCheck({ title, script: '', expect }, output)
  outcomes.push(outcome)
  showOutcome(outcome)
}

async function command(...args: readonly string[]): Promise<string> {
  const outcome = await liteboot(state, args)
  process.stdout.write(`       # ${args.join(' ')}\n`)
  if (outcome.status !== 0)
    throw new Error(`${args.join(' ')}: exit status ${outcome.status}\n${outcome.stderr}${outcome.stdout}`)
  return outcome.stdout
}

/** The demonstration's list, as far as a writable root differs. */
function checksFor(node: (typeof NODES)[number], rootType: string): Check[] {
  const changed: Readonly<Record<string, Partial<Check>>> = {
    'the root file system is NFS, read-only': { title: `the root file system is ${rootType}`, expect: rootType },
    'a path that no entry names cannot be written': {
      title: 'a path that no entry names can be written',
      expect: 'works',
    },
  }
  const list = firstBootChecks(node.name, node.ip).map((check) => ({ ...check, ...changed[check.title] }))
  const more: Check[] = [
    { title: 'the exlist was applied', script: 'ls -1 /usr/share/zoneinfo; ls /boot | wc -l', expect: 'Etc\nUTC\n0' },
    {
      title: 'nothing of the image comes over NFS',
      script: `awk '$3 ~ /^nfs/ { print $1 }' /proc/mounts | grep -c rootimg`,
      expect: '0',
    },
  ]
  return [...list, ...more]
}

async function scenario(cleanUps: CleanUps): Promise<void> {
  const [node] = NODES
  say('building a Debian 12 root file system from Debian packages')
  for (const name of ['state', 'run', 'lite', 'persistent', 'install'])
    rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  execFileSync('sh', [join(import.meta.dirname, '../demo/build-root.sh'), paths.image], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exlist = join(directory, 'compute.exlist')
  writeFileSync(exlist, `${EXLIST.join('\n')}\n`)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await command(...words)
  await command('chdef', '-t', 'osimage', IMAGE, 'rootfstype=ramdisk', `exlist=${exlist}`)

  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  const server = await startServer(lab, state, join(runDirectory, 'server.log'))
  cleanUps.add(() => server.close())

  for (const packing of PACKINGS) {
    say(`packing: ${packing.words.join(' ')}`)
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    const said = await command('liteimg', IMAGE, ...packing.words)
    process.stdout.write(said.replace(/^/gm, '       '))
    judge('liteimg says how it packed', packing.said, said)
    await command('nodeset', node.name, `osimage=${IMAGE}`)
    const since = Date.now()
    const machine = await startMachine(lab, { ...node, memoryMiB: MEMORY_MIB, directory: runDirectory, accelerator })
    cleanUps.add(() => machine.close())
    await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
    await loadFunctions(machine.console)
    say(`${node.name}: logged in, ${((Date.now() - since) / 1000).toFixed(0)} s after power-on (${accelerator})`)
    outcomes.push(...(await runChecks(machine.console, checksFor(node, packing.rootType), showOutcome)))
    await machine.close()
    const timeline = await command('timeline', node.name)
    process.stdout.write(timeline.replace(/^/gm, '       '))
    judge(
      'the timeline has the root by HTTP, its stage, and the end',
      /http +get +\/image\/\S+\/rootimg .*[\s\S]*root \d[\s\S]*^booted/m,
      timeline,
    )
  }
}

const cleanUps = new CleanUps()
let failure: unknown
try {
  await scenario(cleanUps)
} catch (error) {
  failure = error
}
await cleanUps.run()
const failed = outcomes.filter((outcome) => !outcome.passed).length
if (failure) process.stdout.write(`\nramdisk: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0) rmSync(directory, { recursive: true, force: true })
say('done')
process.stdout.write(`\n${outcomes.length - failed} passed, ${failed + (failure ? 1 : 0)} failed\n`)
process.exitCode = failure || failed > 0 ? 1 : 0

/**
 * ppc64le: an image built on this machine, booted with each firmware to its login prompt, with the demonstration's checks
 * read inside the guest and the way to the kernel in its timeline.
 *
 *   node vm-harness/scenarios/ppc64le.ts [--keep] [--directory DIR] [--modules DIR] [--packets FILE] [case …]
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
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
import { FIRMWARE, type FirmwareName } from '../firmware.ts'
import { fetchHanded } from '../handed.ts'
import { openLab } from '../lab.ts'
import { CleanUps, liteboot, startServer } from '../liteboot.ts'
import { findAccelerator, startMachine } from '../machine.ts'
import { buildImage, imageAttributes } from '../ppc64le/image.ts'

const BOOT_TIMEOUT_MS = 600_000
const startedMs = Date.now()
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-ppc64le' },
    /** Where GRUB's modules are built, once for all rehearsals. */
    modules: { type: 'string', default: '/var/tmp/liteboot-grub' },
    keep: { type: 'boolean', default: false },
    packets: { type: 'string' },
  },
})
const { directory } = options
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
/** Of the lab alone: what stands in the machine's own /tftpboot must not help. */
const tftpdir = join(directory, 'tftpboot')
const paths = { ...sitePaths(directory), image: join(directory, 'install/netboot/debian12/ppc64le/compute') }
const outcomes: CheckOutcome[] = []

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  readonly netboot: string
  readonly root: 'nfs' | 'ramdisk'
  /** What the timeline must show of the way to the kernel, in this order. */
  readonly way: readonly RegExp[]
}

const SLOF_WAY = [/DHCP|dhcp/, /tftp +read +\/?boot\/grub2\/grub2-n1/, /tftp +read +\S*grub\.cfg-01-52-54-00-77-00-01/]

const CASES: readonly Case[] = [
  { name: 'vof', firmware: 'vof', netboot: 'petitboot', root: 'nfs', way: [/dhcp/] },
  {
    name: 'grub-http',
    firmware: 'slof',
    netboot: 'grub2-http',
    root: 'nfs',
    way: [...SLOF_WAY, /http +get +\/image\/\S+\/kernel\.gz/, /http +get +\/image\/\S+\/initrd/],
  },
  {
    name: 'grub-tftp',
    firmware: 'slof',
    netboot: 'grub2-tftp',
    root: 'nfs',
    way: [...SLOF_WAY, /tftp +read +\/?image\/\S+\/kernel\.gz/, /tftp +read +\/?image\/\S+\/initrd/],
  },
  { name: 'powernv9', firmware: 'powernv9', netboot: 'petitboot', root: 'nfs', way: [/dhcp/] },
  {
    name: 'vof-ramdisk',
    firmware: 'vof',
    netboot: 'petitboot',
    root: 'ramdisk',
    way: [/http +get +\/image\/\S+\/rootimg/],
  },
  {
    name: 'grub-http-ramdisk',
    firmware: 'slof',
    netboot: 'grub2-http',
    root: 'ramdisk',
    way: [...SLOF_WAY, /http +get +\/image\/\S+\/kernel\.gz/, /http +get +\/image\/\S+\/rootimg/],
  },
]

const IS_POWER: Check = { title: 'the machine is ppc64le', script: 'uname -m', expect: 'ppc64le' }
const RAMDISK_CHECKS: Readonly<Record<string, Partial<Check>>> = {
  'the root file system is NFS, read-only': { title: 'the root file system is in memory', expect: 'overlay rw' },
  'a path that no entry names cannot be written': {
    title: 'a path that no entry names can be written',
    expect: 'works',
  },
}

function say(text: string): void {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)
  process.stdout.write(`${seconds}s  ${text}\n`)
}

/** What a command said, set in. */
function show(text: string): void {
  process.stdout.write(`${text.trimEnd().replace(/^/gm, '       ')}\n`)
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

function checksFor({ root }: Case): Check[] {
  const [node] = NODES
  const list = [...firstBootChecks(node.name, node.ip), IS_POWER]
  return root === 'nfs' ? list : list.map((check) => ({ ...check, ...RAMDISK_CHECKS[check.title] }))
}

async function prepare(): Promise<void> {
  for (const name of ['state', 'run', 'lite', 'persistent', 'tftpboot', 'install/custom'])
    rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  for (const words of siteCommands(paths)) await command(...words)
  await command('chdef', '-t', 'site', `tftpdir=${tftpdir}`)
  await command('chdef', '-t', 'group', 'compute', 'arch=ppc64le')
  await command('chtab', 'key=system', 'passwd.username=root', 'passwd.password=liteboot')
  await command('chdef', '-t', 'osimage', IMAGE, ...imageAttributes(join(directory, 'lists')))
  say('building a Debian 12 ppc64le image from Debian packages')
  show(await buildImage(paths.image, () => command('genimage', IMAGE)))
  writeTree(paths)
  // Once: liteimg then moves what stands where entries are.
  if (!existsSync(join(paths.image, 'rootimg/.statelite'))) addImageContent(paths)
  say("building GRUB's modules")
  execFileSync('sh', [join(import.meta.dirname, '../grub/build-modules.sh'), options.modules], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  show(await command('grub', 'make', '--from', options.modules))
}

async function scenario(cleanUps: CleanUps): Promise<void> {
  const [node] = NODES
  await prepare()
  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  const server = await startServer(lab, state, join(runDirectory, 'server.log'))
  cleanUps.add(() => server.close())
  if (options.packets !== undefined) {
    const capture = lab.spawn(
      'tcpdump',
      ['-i', 'br0', '-U', '-w', options.packets, 'udp port 67 or udp port 69 or tcp dst port 80'],
      {
        stdio: 'ignore',
      },
    )
    cleanUps.add(() => capture.kill('SIGINT'))
  }

  let prepared: string | undefined
  for (const each of CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    say(`${each.name}: ${each.firmware} firmware, netboot=${each.netboot}, ${each.root} root`)
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    if (prepared !== each.root) {
      await command('chdef', '-t', 'osimage', IMAGE, `rootfstype=${each.root}`)
      const packing = each.root === 'ramdisk' ? ['-m', 'squashfs', '-c', 'zstd'] : []
      show(await command('liteimg', IMAGE, ...packing))
      prepared = each.root
    }
    await command('chdef', node.name, `netboot=${each.netboot}`)
    await command('nodeset', node.name, `osimage=${IMAGE}`)
    const handed = FIRMWARE[each.firmware].handed
      ? await fetchHanded(lab, node.name, node.mac, runDirectory)
      : undefined
    const since = Date.now()
    const machine = await startMachine(lab, {
      ...node,
      firmware: each.firmware,
      ...(handed ? { handed } : {}),
      memoryMiB: each.root === 'ramdisk' || each.firmware === 'powernv9' ? 2048 : 1024,
      directory: runDirectory,
      accelerator,
    })
    cleanUps.add(() => machine.close())
    let fault: unknown
    try {
      await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
      await loadFunctions(machine.console)
      say(`${each.name}: logged in, ${((Date.now() - since) / 1000).toFixed(0)} s after power-on`)
      outcomes.push(...(await runChecks(machine.console, checksFor(each), showOutcome)))
    } catch (error) {
      fault = error
    }
    await machine.close()
    const timeline = await command('timeline', node.name)
    show(timeline)
    if (fault) {
      judge(`${each.name} reaches the login prompt`, 'yes', String(fault).slice(0, 300))
      continue
    }
    const way = new RegExp(each.way.map(({ source }) => source).join('[\\s\\S]*'))
    judge('the timeline shows the way to the kernel', way, timeline)
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
if (failure) process.stdout.write(`\nppc64le: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0)
  for (const name of ['state', 'run', 'lite', 'persistent', 'tftpboot'])
    rmSync(join(directory, name), { recursive: true, force: true })
say('done')
process.stdout.write(`\n${outcomes.length - failed} passed, ${failed + (failure ? 1 : 0)} failed\n`)
process.exitCode = failure || failed > 0 ? 1 : 0

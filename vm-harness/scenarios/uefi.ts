/**
 * x86_64 firmware other than BIOS with iPXE: each kind boots the demonstration's image to its login prompt, with the
 * demonstration's checks read inside the guest and the loaders of the boot in its timeline.
 *
 *   node vm-harness/scenarios/uefi.ts [--keep] [--directory DIR] [--packets FILE] [case …]
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
import type { FirmwareName } from '../firmware.ts'
import { openLab } from '../lab.ts'
import { CleanUps, liteboot, startServer } from '../liteboot.ts'
import { findAccelerator, startMachine } from '../machine.ts'
import { advertiseRouter } from '../router.ts'

const BOOT_TIMEOUT_MS = 300_000
const startedMs = Date.now()
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-uefi' },
    keep: { type: 'boolean', default: false },
    packets: { type: 'string' },
  },
})
const { directory } = options
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
const paths = sitePaths(directory)
const outcomes: CheckOutcome[] = []

/** The distribution's own, as an administrator would name them in the image's package list. */
const SIGNED_LOADERS = 'shim-signed,grub-efi-amd64-signed'

interface Case {
  readonly name: string
  readonly firmware: FirmwareName
  readonly netboot: string
  readonly root: 'nfs' | 'ramdisk'
  /** What the timeline must show of the way to the kernel, in this order. */
  readonly way: readonly RegExp[]
  readonly checks: readonly Check[]
}

const IS_UEFI: Check = { title: 'the firmware is UEFI', script: 'test -d /sys/firmware/efi && echo efi', expect: 'efi' }
const IS_BIOS: Check = {
  title: 'the firmware is a BIOS',
  script: 'test -d /sys/firmware/efi || echo BIOS',
  expect: 'BIOS',
}
const IS_SECURE: readonly Check[] = [
  {
    title: 'Secure Boot is on, and the kernel knows it',
    script: `dmesg | grep -o 'secureboot: Secure boot enabled'`,
    expect: 'secureboot: Secure boot enabled',
  },
  {
    title: 'the kernel is locked down',
    script:
      'grep -o "\\[[a-z]*\\]" /sys/kernel/security/lockdown 2>/dev/null || dmesg | grep -om1 "Kernel is locked down"',
    expect: /integrity|locked down/,
  },
]

const IPXE_WAY = [/http +get +\/boot\/ipxe\/n1/, /http +get +\/image\/\S+\/kernel/]
const GRUB_TFTP_WAY = [/tftp +read +\S*grub\.cfg/, /tftp +read +\/?image\/\S+\/kernel/]
const GRUB_HTTP_WAY = [/tftp +read +\S*grub\.cfg/, /http +get +\/image\/\S+\/kernel/]
const SHIM_WAY = [/tftp +read +boot\/efi\/n1\/netbootx64\.efi/, /tftp +read +boot\/efi\/n1\/\/?grubx64\.efi/]

const CASES: readonly Case[] = [
  {
    name: 'uefi-ipxe',
    firmware: 'uefi',
    netboot: 'ipxe',
    root: 'nfs',
    way: [/tftp +read +snponly\.efi/, ...IPXE_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'uefi-ipxe-drivers',
    firmware: 'uefi',
    netboot: 'ipxe-drivers',
    root: 'nfs',
    way: [/tftp +read +ipxe\.efi/, ...IPXE_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'uefi-grub',
    firmware: 'uefi',
    netboot: 'grub2',
    root: 'nfs',
    way: [...SHIM_WAY, ...GRUB_TFTP_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'secure-boot',
    firmware: 'uefi-secure',
    netboot: 'grub2-http',
    root: 'nfs',
    way: [...SHIM_WAY, ...GRUB_HTTP_WAY],
    checks: [IS_UEFI, ...IS_SECURE],
  },
  {
    name: 'uefi-http-ipxe',
    firmware: 'uefi-http',
    netboot: 'ipxe',
    root: 'ramdisk',
    way: [/http +get +\/boot\/loader\/snponly\.efi/, ...IPXE_WAY],
    checks: [IS_UEFI],
  },
  {
    name: 'uefi-http-grub',
    firmware: 'uefi-http',
    netboot: 'grub2-http',
    root: 'nfs',
    way: [/http +get +\/boot\/efi\/n1\/netbootx64\.efi/, /http +get +\/image\/\S+\/kernel/],
    checks: [IS_UEFI],
  },
  {
    name: 'pxelinux',
    firmware: 'bios',
    netboot: 'pxe',
    root: 'nfs',
    way: [/tftp +read +pxelinux\.0/, /tftp +read +pxelinux\.cfg\//, /tftp +read +image\/\S+\/kernel/],
    checks: [IS_BIOS],
  },
  {
    name: 'lpxelinux',
    firmware: 'bios',
    netboot: 'pxe-http',
    root: 'nfs',
    way: [/tftp +read +lpxelinux\.0/, /tftp +read +pxelinux\.cfg\//, /http +get +\/image\/\S+\/kernel/],
    checks: [IS_BIOS],
  },
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

const RAMDISK_CHECKS: Readonly<Record<string, Partial<Check>>> = {
  'the root file system is NFS, read-only': { title: 'the root file system is tmpfs', expect: 'tmpfs rw' },
  'a path that no entry names cannot be written': {
    title: 'a path that no entry names can be written',
    expect: 'works',
  },
}

function checksFor({ root, checks }: Case): Check[] {
  const [node] = NODES
  const list = firstBootChecks(node.name, node.ip)
  if (root === 'nfs') return [...list, ...checks]
  return [...list.map((check) => ({ ...check, ...RAMDISK_CHECKS[check.title] })), ...checks]
}

async function prepare(): Promise<void> {
  say('building a Debian 12 root file system with the signed loaders from Debian packages')
  for (const name of ['state', 'run', 'lite', 'persistent', 'install/custom'])
    rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  execFileSync('sh', [join(import.meta.dirname, '../demo/build-root.sh'), paths.image, SIGNED_LOADERS], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await command(...words)
}

async function scenario(cleanUps: CleanUps): Promise<void> {
  const [node] = NODES
  await prepare()
  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  cleanUps.add(await advertiseRouter(lab))
  const server = await startServer(lab, state, join(runDirectory, 'server.log'))
  cleanUps.add(() => server.close())
  if (options.packets !== undefined) {
    const capture = lab.spawn('tcpdump', ['-i', 'br0', '-U', '-w', options.packets, 'udp and port (67 or 69)'], {
      stdio: 'ignore',
    })
    cleanUps.add(() => capture.kill('SIGINT'))
  }

  let prepared: string | undefined
  const cases = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  for (const each of cases) {
    say(`${each.name}: ${each.firmware} firmware, netboot=${each.netboot}, ${each.root} root`)
    rmSync(paths.persistent, { recursive: true, force: true })
    mkdirSync(paths.persistent)
    if (prepared !== each.root) {
      await command('chdef', '-t', 'osimage', IMAGE, `rootfstype=${each.root}`)
      await command('liteimg', IMAGE)
      prepared = each.root
    }
    await command('chdef', node.name, `netboot=${each.netboot}`)
    await command('nodeset', node.name, `osimage=${IMAGE}`)
    const since = Date.now()
    const machine = await startMachine(lab, {
      ...node,
      firmware: each.firmware,
      memoryMiB: each.root === 'ramdisk' ? 2048 : 1024,
      directory: runDirectory,
      accelerator,
    })
    cleanUps.add(() => machine.close())
    let fault: unknown
    try {
      await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
      await loadFunctions(machine.console)
      say(`${each.name}: logged in, ${((Date.now() - since) / 1000).toFixed(0)} s after power-on (${accelerator})`)
      outcomes.push(...(await runChecks(machine.console, checksFor(each), showOutcome)))
    } catch (error) {
      fault = error
    }
    await machine.close()
    const timeline = await command('timeline', node.name)
    process.stdout.write(timeline.replace(/^/gm, '       '))
    if (fault) throw fault
    const way = new RegExp(each.way.map(({ source }) => source).join('[\\s\\S]*'))
    judge('the timeline shows the way to the kernel', way, timeline)
  }
}

if (!existsSync('/usr/share/OVMF/OVMF_CODE_4M.fd')) throw new Error('OVMF is missing: apt-get install ovmf')
const cleanUps = new CleanUps()
let failure: unknown
try {
  await scenario(cleanUps)
} catch (error) {
  failure = error
}
await cleanUps.run()
const failed = outcomes.filter((outcome) => !outcome.passed).length
if (failure) process.stdout.write(`\nuefi: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0) rmSync(directory, { recursive: true, force: true })
say('done')
process.stdout.write(`\n${outcomes.length - failed} passed, ${failed + (failure ? 1 : 0)} failed\n`)
process.exitCode = failure || failed > 0 ? 1 : 0

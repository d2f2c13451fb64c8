/**
 * Local disks, in a virtual machine with two: one blank, one with data of others. Boots one after the other, each with
 * another partition file or order; everything is read inside the guest, and the foreign disk is compared byte by byte.
 *
 *   node vm-harness/scenarios/localdisk.ts [--keep] [--directory DIR]
 */
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, createReadStream, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type Check, judgeCheck, loadFunctions } from '../demo/checklist.ts'
import { openLab } from '../lab.ts'
import { CleanUps, liteboot, startServer } from '../liteboot.ts'
import { findAccelerator, type Machine, startMachine } from '../machine.ts'
import { advertiseRouter } from '../router.ts'

const BOOT_TIMEOUT_MS = 300_000
const SERVER = '10.77.0.1'
const IMAGE = 'disk-lite'
const NODE = { name: 'n1', mac: '52:54:00:77:00:01', ip: '10.77.0.11' } as const
const startedMs = Date.now()
const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: '/var/tmp/liteboot-localdisk' },
    keep: { type: 'boolean', default: false },
  },
})
const { directory } = options
const state = join(directory, 'state')
const runDirectory = join(directory, 'run')
const rootimgdir = join(directory, 'install/netboot/debian12/x86_64/compute')
const layoutFile = join(directory, 'layout')
const blank = join(runDirectory, 'blank.img')
const foreign = join(runDirectory, 'foreign.img')
let passed = 0
let failed = 0

function say(text: string): void {
  process.stdout.write(`${((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)}s  ${text}\n`)
}

function judge(item: Check, output: string): void {
  const outcome = judgeCheck(item, output)
  if (outcome.passed) passed++
  else failed++
  process.stdout.write(`       ${outcome.passed ? 'ok  ' : 'FAIL'} ${item.title}\n`)
  if (!outcome.passed) process.stdout.write(`            expected ${item.expect}\n            found    ${output}\n`)
}

async function command(...args: string[]): Promise<string> {
  const outcome = await liteboot(state, args)
  if (outcome.status !== 0)
    throw new Error(`${args.join(' ')}: exit status ${outcome.status}\n${outcome.stderr}${outcome.stdout}`)
  return outcome.stdout
}

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function buildRoot(): Promise<void> {
  const script = join(import.meta.dirname, '../demo/build-root.sh')
  const child = spawn('sh', [script, rootimgdir, 'fdisk,xfsprogs,parted,e2fsprogs'], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`building the root failed (${code})`))))
  })
}

const layout = (disk: string, clear: string) => `enable=yes
enablepart=yes

[disk]
dev=${disk}
clear=${clear}
fstype=ext4
parts=1-200M,50,rest

[localspace]
dev=${disk}-part2
fstype=ext4

[swapspace]
dev=${disk}-part1
`

const SCRIPT = `#!/bin/sh
set -eu
echo "label: gpt
size=300MiB, name=\\"$LITEBOOT_LABEL-local\\"" | sfdisk -q --wipe always /dev/vdb
`

function makeDisks(): void {
  for (const file of [blank, foreign]) {
    writeFileSync(file, '')
    truncateSync(file, 1024 ** 3)
  }
  // A file system on the whole disk, as a data disk of another system has it.
  execFileSync('mkfs.ext4', ['-q', '-F', '-L', 'precious', foreign])
}

async function fillTables(): Promise<void> {
  await command('chdef', '-t', 'site', `master=${SERVER}`, 'domain=demo.cluster', `installdir=${directory}/install`)
  await command('mkdef', '-t', 'network', '-o', 'demo', 'net=10.77.0.0', 'mask=255.255.0.0', `tftpserver=${SERVER}`)
  await command(
    ...['mkdef', '-t', 'osimage', '-o', IMAGE, 'imagetype=linux', 'provmethod=statelite', 'osname=Linux'],
    ...['osvers=debian12', 'osarch=x86_64', 'profile=compute', 'rootfstype=nfs', `rootimgdir=${rootimgdir}`],
    `partitionfile=${layoutFile}`,
  )
  await command('mkdef', NODE.name, 'groups=compute,all', `mac=${NODE.mac}`, `ip=${NODE.ip}`)
  await command(
    ...['chdef', '-t', 'group', 'compute', 'arch=x86_64', 'netboot=xnba', 'serialport=0', 'serialspeed=115200'],
  )
  for (const [path, option] of [
    ['/tmp/', 'tmpfs'],
    ['/var/log/', 'tmpfs'],
    ['/var/lib/systemd/', 'tmpfs'],
    ['/var/tmp/', 'tmpfs'],
    ['/root/', 'localdisk'],
    ['/srv/seeded/', 'localdisk'],
    ['/etc/local.state', 'localdisk'],
  ])
    await command('chtab', `image=ALL,file=${path}`, `litefile.options=${option}`)
}

function addContent(): void {
  const root = join(rootimgdir, 'rootimg')
  mkdirSync(join(root, 'srv/seeded'), { recursive: true })
  writeFileSync(join(root, 'srv/seeded/shipped'), 'from the image\n')
  writeFileSync(join(root, 'etc/local.state'), 'as shipped\n', { mode: 0o640 })
}

const UUIDS = 'for p in /dev/vda1 /dev/vda2 /dev/vda3; do blkid -p -o value -s UUID $p; done'
const PARTITIONS =
  'for p in 1 2 3; do grep PARTNAME /sys/class/block/vda$p/uevent; echo $(($(cat /sys/class/block/vda$p/start) % 2048)); done'

/** Runs each in the guest; answers what each printed. */
async function check(machine: Machine, checks: readonly Check[]): Promise<string[]> {
  const outputs: string[] = []
  for (const item of checks) {
    const output = (await machine.console.command(item.script)).output.trimEnd()
    outputs.push(output)
    judge(item, output)
  }
  return outputs
}

const stage = async () => (await command('timeline', NODE.name)).split('\n').slice(-60).join('\n')

async function rehearse(cleanUps: CleanUps): Promise<void> {
  for (const name of ['state', 'run']) rmSync(join(directory, name), { recursive: true, force: true })
  mkdirSync(runDirectory, { recursive: true })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  say('building the root file system')
  await buildRoot()
  makeDisks()
  const untouched = await digest(foreign)
  writeFileSync(layoutFile, layout('/dev/disk/by-id/virtio-BLANK1', 'yes'))
  await fillTables()
  addContent()
  await command('liteimg', IMAGE)
  await command('nodeset', 'compute', `osimage=${IMAGE}`)
  say('starting the server in a private network')
  const accelerator = await findAccelerator()
  const lab = await openLab(`${SERVER}/16`)
  cleanUps.add(() => lab.close())
  cleanUps.add(await advertiseRouter(lab))
  const server = await startServer(lab, state, join(runDirectory, 'server.log'))
  cleanUps.add(() => server.close())

  const disks = [
    { file: blank, serial: 'BLANK1' },
    { file: foreign, serial: 'FOREIGN1' },
  ]
  const power = async (title: string): Promise<Machine> => {
    say(title)
    const machine = await startMachine(lab, { ...NODE, memoryMiB: 640, directory: runDirectory, accelerator, disks })
    cleanUps.add(() => machine.close())
    return machine
  }
  /** Boots to the end, and runs the checks there. */
  const boot = async (title: string, checks: readonly Check[]): Promise<string[]> => {
    const machine = await power(title)
    const since = Date.now()
    await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
    await loadFunctions(machine.console)
    say(`logged in after ${((Date.now() - since) / 1000).toFixed(0)} s`)
    const outputs = await check(machine, checks)
    await machine.console.command('sync')
    await machine.close()
    return outputs
  }
  const booted = async (title: string, expect: RegExp) => judge({ title, script: '', expect }, await stage())

  const [uuids = ''] = await boot('first boot: a blank disk, clear=yes', [
    { title: 'three file systems', script: UUIDS, expect: /^\S+\n\S+\n\S+$/ },
    {
      title: 'partitions are named and aligned to 1 MiB',
      script: PARTITIONS,
      expect: [1, 2, 3].map((n) => `PARTNAME=SLLOCAL-disk-lite-${n}\n0`).join('\n'),
    },
    { title: 'the local space is mounted', script: 'mounted /.sllocal/localmnt', expect: 'ext4 rw' },
    { title: 'swap is on', script: 'grep -c /dev/vda1 /proc/swaps', expect: '1' },
    { title: '/root is on the disk', script: 'mounted /root', expect: 'ext4 rw' },
    { title: '/srv/seeded has the content of the image', script: 'cat /srv/seeded/shipped', expect: 'from the image' },
    {
      title: 'owner and mode of a file are kept',
      script: 'look /etc/local.state',
      expect: 'regular file root:root 640',
    },
    {
      title: 'a file is written',
      script: 'echo kept >/root/kept; echo more >>/etc/local.state; cat /root/kept',
      expect: 'kept',
    },
    {
      title: '/etc/init.d/statelite status finds every entry in order',
      script: '/etc/init.d/statelite status >/dev/null; echo $?',
      expect: '0',
    },
    { title: 'no unit of systemd has failed', script: 'systemctl --no-pager --failed --no-legend --plain', expect: '' },
  ])
  await booted('the timeline tells of the partitioning', /vda was partitioned and formatted/)

  await boot('second boot: nothing is formatted', [
    { title: 'the same file systems', script: UUIDS, expect: uuids },
    { title: 'files are kept', script: 'cat /root/kept /etc/local.state', expect: 'kept\nas shipped\nmore' },
    { title: 'no formatting in the log', script: 'grep -c formatting /run/liteboot/boot.log', expect: '0' },
  ])

  await command('localdisk', 'reformat', NODE.name)
  const [fresh = ''] = await boot('a reformat is ordered', [
    { title: 'other file systems', script: UUIDS, expect: /^\S+\n\S+\n\S+$/ },
    {
      title: 'files are gone, content is the image’s again',
      script: 'test -e /root/kept || cat /etc/local.state',
      expect: 'as shipped',
    },
    {
      title: 'the order is remembered on the disk',
      script: 'grep PARTNAME /sys/class/block/vda2/uevent',
      expect: /^PARTNAME=SLLOCAL-disk-lite-2\.[0-9a-z]{6}$/,
    },
    { title: 'a file is written', script: 'echo again >/root/kept', expect: '' },
  ])
  judge({ title: 'every UUID is another', script: '', expect: 'true' }, String(fresh !== uuids))
  judge(
    {
      title: 'the server has taken the order back',
      script: '',
      expect: /^n1: \/dev\/disk\/by-id\/virtio-BLANK1: [^;]*; local space \S+$/,
    },
    (await command('localdisk', 'show', NODE.name)).trimEnd(),
  )
  await boot('the boot after that keeps again', [
    { title: 'the same file systems', script: UUIDS, expect: fresh },
    { title: 'files are kept', script: 'cat /root/kept', expect: 'again' },
  ])

  for (const clear of ['no', 'yes']) {
    writeFileSync(layoutFile, layout('serial:FOREIGN1', clear).replaceAll('ext4', 'xfs'))
    const machine = await power(`a disk with data of others, clear=${clear}: the boot stops and says why`)
    const deadline = Date.now() + BOOT_TIMEOUT_MS
    const expect =
      clear === 'no'
        ? /^failed at localdisk: vdb is left alone \(data of others: .* ext4 .*precious\): .* does not say clear=yes/m
        : /^failed at localdisk: vdb is left alone \(data of others: .* ext4 .*precious\): .*localdisk reformat n1/m
    let timeline = ''
    while (Date.now() < deadline && !expect.test(timeline)) {
      await new Promise((resolve) => setTimeout(resolve, 2000))
      timeline = await stage()
    }
    judge({ title: 'the timeline names the disk and what is on it', script: '', expect }, timeline)
    process.stdout.write(`            ${timeline.split('\n').find((line) => expect.test(line)) ?? ''}\n`)
    judge({ title: 'not one byte has changed', script: '', expect: untouched }, await digest(foreign))
    if (clear === 'no') {
      await machine.close()
      continue
    }
    // An image without sfdisk: parted does it, as in RHEL 7.
    chmodSync(join(rootimgdir, 'rootimg/usr/sbin/sfdisk'), 0o644)
    await command('localdisk', 'reformat', NODE.name)
    say('a reformat is ordered while the node waits: it goes on by itself')
    await machine.console.login('root', 'liteboot', BOOT_TIMEOUT_MS)
    await loadFunctions(machine.console)
    await check(machine, [
      { title: 'the local space is on the other disk now, xfs', script: 'mounted /root', expect: 'xfs rw' },
      {
        title: 'partitions are named after the order, and aligned',
        script: PARTITIONS.replaceAll('vda', 'vdb'),
        expect: /^(PARTNAME=SLLOCAL-disk-lite-[123]\.[0-9a-z]{6}\n0\n?){3}$/,
      },
    ])
    chmodSync(join(rootimgdir, 'rootimg/usr/sbin/sfdisk'), 0o755)
    await machine.close()
  }

  // The script form: it decides itself, and is not run again.
  writeFileSync(
    layoutFile,
    `${SCRIPT}mkfs.ext4 -q -F /dev/vdb1\necho "$LITEBOOT_NODE $LITEBOOT_IMAGE" >/.statelite/script-said\n`,
  )
  await command('chdef', '-t', 'osimage', '-o', IMAGE, `partitionfile=s:${layoutFile}`)
  await boot('script form', [
    { title: 'its environment', script: 'cat /.statelite/script-said', expect: `${NODE.name} ${IMAGE}` },
    {
      title: 'its partition is the local space',
      script: 'mounted /.sllocal/localmnt; df --output=source /.sllocal/localmnt | tail -n 1',
      expect: 'ext4 rw\n/dev/vdb1',
    },
    { title: 'a file is written', script: 'echo script >/root/kept', expect: '' },
  ])
  await boot('script form, second boot', [
    { title: 'it has not run again', script: 'test -e /.statelite/script-said || echo no', expect: 'no' },
    { title: 'files are kept', script: 'cat /root/kept', expect: 'script' },
  ])
}

const cleanUps = new CleanUps()
let failure: unknown
try {
  await rehearse(cleanUps)
} catch (error) {
  failure = error
}
await cleanUps.run()
if (failure) process.stdout.write(`\nlocaldisk: ${failure instanceof Error ? failure.message : String(failure)}\n`)
if (!options.keep && !failure && failed === 0)
  for (const name of ['state', 'run']) rmSync(join(directory, name), { recursive: true, force: true })
say(`${passed} passed, ${failed + (failure ? 1 : 0)} failed`)
process.exitCode = failure || failed > 0 ? 1 : 0

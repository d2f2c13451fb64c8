/**
 * Local disks, in a virtual machine with two: one blank, one with data of others. Boots one after the other, each with
 * another partition file or order; everything is read inside the guest, and the foreign disk is compared byte by byte.
 *
 *   node vm-harness/scenarios/localdisk.ts [--keep] [--directory DIR]
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, createReadStream, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Check } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { SERVER } from '../demo/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'
import { fillPlainTables, NODE } from './plain-site.ts'

const IMAGE = 'disk-lite'

async function digest(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
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

function makeDisks(blank: string, foreign: string): void {
  for (const file of [blank, foreign]) {
    writeFileSync(file, '')
    truncateSync(file, 1024 ** 3)
  }
  // A file system on the whole disk, as a data disk of another system has it.
  execFileSync('mkfs.ext4', ['-q', '-F', '-L', 'precious', foreign])
}

async function fillTables(rehearsal: Rehearsal, rootimgdir: string, layoutFile: string): Promise<void> {
  await fillPlainTables(rehearsal, IMAGE, rootimgdir, `partitionfile=${layoutFile}`)
  for (const [path, option] of [
    ['/tmp/', 'tmpfs'],
    ['/var/log/', 'tmpfs'],
    ['/var/lib/systemd/', 'tmpfs'],
    ['/var/tmp/', 'tmpfs'],
    ['/root/', 'localdisk'],
    ['/srv/seeded/', 'localdisk'],
    ['/etc/local.state', 'localdisk'],
  ])
    await rehearsal.command('chtab', `image=ALL,file=${path}`, `litefile.options=${option}`)
}

function addContent(root: string): void {
  mkdirSync(join(root, 'srv/seeded'), { recursive: true })
  writeFileSync(join(root, 'srv/seeded/shipped'), 'from the image\n')
  writeFileSync(join(root, 'etc/local.state'), 'as shipped\n', { mode: 0o640 })
}

const UUIDS = 'for p in /dev/vda1 /dev/vda2 /dev/vda3; do blkid -p -o value -s UUID $p; done'
const PARTITIONS =
  'for p in 1 2 3; do grep PARTNAME /sys/class/block/vda$p/uevent; echo $(($(cat /sys/class/block/vda$p/start) % 2048)); done'

async function localdisk(rehearsal: Rehearsal): Promise<void> {
  const { directory, runDirectory } = rehearsal
  const rootimgdir = join(directory, 'install/netboot/debian12/x86_64/compute')
  const root = join(rootimgdir, 'rootimg')
  const layoutFile = join(directory, 'layout')
  const blank = join(runDirectory, 'blank.img')
  const foreign = join(runDirectory, 'foreign.img')
  rehearsal.begin('install')
  rehearsal.say('a root file system; two disks')
  placeRoot(rootimgdir)
  makeDisks(blank, foreign)
  const untouched = await digest(foreign)
  writeFileSync(layoutFile, layout('/dev/disk/by-id/virtio-BLANK1', 'yes'))
  await fillTables(rehearsal, rootimgdir, layoutFile)
  addContent(root)
  await rehearsal.command('liteimg', IMAGE)
  await rehearsal.command('nodeset', 'compute', `osimage=${IMAGE}`)
  await rehearsal.open(`${SERVER}/16`)

  const disks = [
    { file: blank, serial: 'BLANK1' },
    { file: foreign, serial: 'FOREIGN1' },
  ]
  const wish = { ...NODE, memoryMiB: 640, disks }
  /** Boots to the end, and runs the checks there. */
  const boot = async (title: string, checks: readonly Check[]): Promise<string[]> => {
    rehearsal.say(title)
    const machine = await rehearsal.boot(wish)
    const outputs = await rehearsal.look(machine, checks)
    await machine.console.command('sync')
    await machine.close()
    timeline = await rehearsal.timeline(NODE.name)
    return outputs
  }
  let timeline = ''

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
  rehearsal.judge('the timeline tells of the partitioning', /vda was partitioned and formatted/, timeline)

  await boot('second boot: nothing is formatted', [
    { title: 'the same file systems', script: UUIDS, expect: uuids },
    { title: 'files are kept', script: 'cat /root/kept /etc/local.state', expect: 'kept\nas shipped\nmore' },
    { title: 'no formatting in the log', script: 'grep -c formatting /run/liteboot/boot.log', expect: '0' },
  ])

  await rehearsal.command('localdisk', 'reformat', NODE.name)
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
  rehearsal.judge('every UUID is another', 'true', String(fresh !== uuids))
  rehearsal.judge(
    'the server has taken the order back',
    /^n1: \/dev\/disk\/by-id\/virtio-BLANK1: [^;]*; local space \S+$/,
    (await rehearsal.command('localdisk', 'show', NODE.name)).trimEnd(),
  )
  await boot('the boot after that keeps again', [
    { title: 'the same file systems', script: UUIDS, expect: fresh },
    { title: 'files are kept', script: 'cat /root/kept', expect: 'again' },
  ])

  writeFileSync(layoutFile, layout('serial:FOREIGN1', 'no').replaceAll('ext4', 'xfs'))
  rehearsal.say('a disk with data of others: the boot stops and says why')
  const machine = await rehearsal.power(wish)
  for (const [clear, advice] of [
    ['no', 'does not say clear=yes'],
    ['yes', 'localdisk reformat n1'],
  ] as const) {
    writeFileSync(layoutFile, layout('serial:FOREIGN1', clear).replaceAll('ext4', 'xfs'))
    const expect = new RegExp(
      `^failed at localdisk: vdb is left alone \\(data of others: .* ext4 .*precious\\): .*${advice}`,
      'm',
    )
    timeline = await rehearsal.untilTimeline(NODE.name, expect)
    rehearsal.judge(`clear=${clear}: the timeline names the disk and what is on it`, expect, timeline)
    process.stdout.write(`            ${timeline.split('\n').find((line) => expect.test(line)) ?? ''}\n`)
    rehearsal.judge('not one byte has changed', untouched, await digest(foreign))
  }
  // An image without sfdisk: parted does it, as in RHEL 7.
  chmodSync(join(root, 'usr/sbin/sfdisk'), 0o644)
  await rehearsal.command('localdisk', 'reformat', NODE.name)
  rehearsal.say('a reformat is ordered while the node waits: it goes on by itself')
  await rehearsal.login(machine)
  await rehearsal.look(machine, [
    { title: 'the local space is on the other disk now, xfs', script: 'mounted /root', expect: 'xfs rw' },
    {
      title: 'partitions are named after the order, and aligned',
      script: PARTITIONS.replaceAll('vda', 'vdb'),
      expect: /^(PARTNAME=SLLOCAL-disk-lite-[123]\.[0-9a-z]{6}\n0\n?){3}$/,
    },
  ])
  chmodSync(join(root, 'usr/sbin/sfdisk'), 0o755)
  await machine.close()
  await rehearsal.timeline(NODE.name)

  // The script form: it decides itself, and is not run again.
  writeFileSync(
    layoutFile,
    `${SCRIPT}mkfs.ext4 -q -F /dev/vdb1\necho "$LITEBOOT_NODE $LITEBOOT_IMAGE" >/.statelite/script-said\n`,
  )
  await rehearsal.command('chdef', '-t', 'osimage', '-o', IMAGE, `partitionfile=s:${layoutFile}`)
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

await rehearse('localdisk', localdisk)

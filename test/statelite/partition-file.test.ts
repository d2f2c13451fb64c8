import test from 'ava'
import fc from 'fast-check'
import { parsePartitionFile, partitionNames } from '../../src/statelite/partition-file.ts'

const XCAT = `enable=yes
enablepart=yes

[disk]
dev=/dev/nvme0n1
clear=yes
ptype=gpt
fstype=xfs
parts=20,70,10

[localspace]
dev=/dev/nvme0n1p2
fstype=xfs

[swapspace]
dev=/dev/nvme0n1p3
`

test("xCAT's format", (t) => {
  t.deepEqual(parsePartitionFile(XCAT), {
    file: {
      enable: true,
      enablepart: true,
      label: undefined,
      disks: [
        {
          device: '/dev/nvme0n1',
          clear: true,
          fstype: 'xfs',
          parts: [20, 70, 10].map((percent) => ({ kind: 'percent', percent })),
        },
      ],
      localspace: { device: '/dev/nvme0n1p2', fstype: 'xfs' },
      swaps: ['/dev/nvme0n1p3'],
    },
    faults: [],
    warnings: [],
  })
})

const disk = (lines: string) => parsePartitionFile(`enable=yes\nenablepart=yes\n[disk]\ndev=/dev/sda\n${lines}\n`)

test('only yes is yes; what is neither yes nor no is a fault', (t) => {
  for (const word of ['no', 'NO', '']) t.false(disk(`clear=${word}\nparts=100`).file.disks[0]?.clear, word)
  t.true(disk('clear=YES\nparts=100').file.disks[0]?.clear)
  const { file, faults } = disk('clear=1\nparts=100')
  t.false(file.disks[0]?.clear)
  t.deepEqual(faults, [{ line: 5, message: 'clear=1: write yes or no' }])
  t.like(parsePartitionFile('[localspace]\ndev=/dev/sda1\n').file, { enable: false, enablepart: false })
})

test('parts: ranges with units, percentages, rest; whole MiB, towards the inside', (t) => {
  const parts = (text: string) => disk(`parts=${text}`).file.disks[0]?.parts
  t.deepEqual(parts('1G-20G,50,rest'), [
    { kind: 'range', startMiB: 1024, endMiB: 20480 },
    { kind: 'percent', percent: 50 },
    { kind: 'rest' },
  ])
  t.deepEqual(parts('0-100'), [{ kind: 'range', startMiB: 1, endMiB: 100 }])
  t.deepEqual(parts('1-5G'), [{ kind: 'range', startMiB: 1024, endMiB: 5120 }])
  t.deepEqual(parts('1.5MB-3TB'), [{ kind: 'range', startMiB: 2, endMiB: 2861022 }])
})

const WRONG: readonly [string, RegExp][] = [
  ['parts=60,50', /add up to 110/],
  ['parts=0', /1 to 100/],
  ['parts=101', /1 to 100/],
  ['parts=rest,5', /nothing can follow rest/],
  ['parts=50,1G-2G', /ranges before percentages/],
  ['parts=1G-3G,2G-4G', /overlaps/],
  ['parts=3G-1G', /behind the start/],
  ['parts=1Q-2Q', /percentage/],
  ['parts=', /no parts=/],
  ['clear=yes', /no parts=/],
  ['parts=100\nfstype=btrfs', /ext4 or xfs/],
  ['parts=100\nptype=sun', /use gpt/],
  ['parts=100\nparts=50', /twice/],
  ['parts=100\nenable=no', /before the first section/],
  ['parts=100\nclaer=yes', /claer is not known/],
  ['parts=100\nhello', /neither key=value/],
  ['parts=100\n[lokalspace]', /no section \[lokalspace\]/],
  ['parts=100\n[disk]\ndev=/dev/sda\nparts=1', /two \[disk\] sections for \/dev\/sda/],
  ['parts=100\n[localspace]', /no dev=/],
]
for (const [text, expected] of WRONG) {
  test(`a fault with its line: ${JSON.stringify(text)}`, (t) => {
    const { faults } = disk(text)
    t.true(
      faults.some(({ message }) => expected.test(message)),
      JSON.stringify(faults),
    )
  })
}

test('devices: kernel names, udev names, and rules', (t) => {
  const faults = (device: string) => parsePartitionFile(`[swapspace]\ndev=${device}\n`).faults.length
  for (const good of [
    ...['/dev/sda', '/dev/mmcblk0p2', '/dev/disk/by-path/pci-0000:00:1f.2-ata-1-part2', '/dev/disk/by-id/wwn-0x5000c5'],
    ...['serial:S5XYZ', 'serial:S5XYZ-part2', 'wwn:eui.0025385', 'size:400G-500G', 'size:1T-', 'size:400G-500G-part1'],
  ])
    t.is(faults(good), 0, good)
  for (const bad of [
    'sda',
    '/etc/passwd',
    '/dev/../etc/x',
    '/dev/sd a',
    'serial:',
    'size:1-2',
    '/dev/$(x)',
    '/dev/a;b',
  ])
    t.is(faults(bad), 1, bad)
})

test('partitions of a disk, in every spelling', (t) => {
  t.deepEqual(partitionNames('/dev/sda', 2), ['/dev/sda2', '/dev/sda-part2'])
  t.deepEqual(partitionNames('/dev/nvme0n1', 2), ['/dev/nvme0n1p2', '/dev/nvme0n1-part2'])
  t.deepEqual(partitionNames('/dev/mmcblk0', 1), ['/dev/mmcblk0p1', '/dev/mmcblk0-part1'])
})

test('any text is read without throwing, and a disk is cleared only where it says clear=yes (property)', (t) => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('[disk]', '[localspace]', 'enable=yes', 'enablepart=yes', 'clear=no', 'clear=', 'dev=/dev/sda'),
    fc.constantFrom('parts=50,50', 'clear= # yes', '#clear=yes', 'ptype=gpt', 'clear=y', 'clear=true'),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { file } = parsePartitionFile(lines.join('\n'))
      return file.disks.every(({ clear }) => !clear) || lines.some((text) => /clear\s*=\s*yes/i.test(text))
    }),
  )
  t.pass()
})

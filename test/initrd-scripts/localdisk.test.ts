/** Disks made of files in /sys: what a name means, what a disk counts as, and whether it would be written. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { MISSING, makeWorkDirectory, removeWorkDirectory, runSteps, SHELLS } from './shells.ts'

if (MISSING !== undefined) test.skip(`the steps are not run: ${MISSING}`, () => {})

interface FakeDisk {
  /** Below /sys/devices. */
  readonly at: string
  readonly mib?: number
  readonly files?: Readonly<Record<string, string>>
  /** GPT names of its partitions, from the first. */
  readonly parts?: readonly string[]
}

/** Answers the kernel's name. */
function addDisk(work: string, { at, mib = 1024, files = {}, parts = [] }: FakeDisk): string {
  const name = at.split('/').at(-1) ?? ''
  const device = join(work, 'sys/devices', at)
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(device, path)), { recursive: true })
    writeFileSync(join(device, path), text)
  }
  const link = (target: string, entry: string) => {
    const place = join(work, 'sys/class/block', entry)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(relative(dirname(place), target), place)
  }
  write('size', `${mib * 2048}\n`)
  write('queue/logical_block_size', '512\n')
  write('removable', '0\n')
  for (const [path, text] of Object.entries(files)) write(path, text)
  link(device, name)
  for (const [index, label] of parts.entries()) {
    const part = `${name}${/\d$/.test(name) ? 'p' : ''}${index + 1}`
    write(`${part}/partition`, `${index + 1}\n`)
    write(`${part}/uevent`, `DEVNAME=${part}\nPARTN=${index + 1}\n${label === '' ? '' : `PARTNAME=${label}\n`}`)
    link(join(device, part), part)
  }
  return name
}

const PCI = 'pci0000:00/0000:00:1f.2'
const VDX = { at: 'pci0000:00/0000:00:05.0/virtio2/block/vdx', files: { serial: 'BLANK1' } }
const SDA = {
  at: `${PCI}/ata3/host2/target2:0:0/2:0:0:0/block/sda`,
  files: {
    'device/wwid': 'naa.5000c500a1b2c3d4\n',
    'device/vpd_pg80': '\0\x80\0\x08  WD-X123',
    '../../../../../ata_port/ata3/port_no': '3\n',
  },
}
const NVME = {
  at: 'pci0000:00/0000:00:01.0/0000:01:00.0/nvme/nvme0/nvme0n1',
  files: { nsid: '1\n', wwid: 'eui.0025385b\n', 'device/model': 'SAMSUNG MZ 1\n', 'device/serial': 'S5XYZ   \n' },
  mib: 4096,
  parts: ['a', 'b'],
}

const LAYOUT = ['SLLOCAL-x-1\t1-200\tswap', 'SLLOCAL-x-2\t50%\text4', 'SLLOCAL-x-3\trest\txfs']
const NAMES = LAYOUT.map((line) => line.split('\t')[0] ?? '')
const plus = (names: readonly string[], end: string) => names.map((name) => `${name}${end}`)

for (const shell of MISSING === undefined ? SHELLS : []) {
  const withDisks = (
    title: string,
    disks: readonly FakeDisk[],
    body: (t: ExecutionContext, run: (script: string) => string, work: string) => void,
  ) =>
    test(`${shell.name}: ${title}`, (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      mkdirSync(join(work, 'sys/class/block'), { recursive: true })
      for (const disk of disks) addDisk(work, disk)
      writeFileSync(join(work, 'run/disk.parts'), `${LAYOUT.join('\n')}\n`)
      const settings = `SYS_BLOCK=${work}/sys/class/block DISK_WAIT_SECONDS=0 NODE=n1`
      body(
        t,
        (script) => {
          const { stdout, stderr } = runSteps(
            shell,
            work,
            `REPORTS_OFF=1; ld_label=SLLOCAL-x ld_order=; ${script}`,
            settings,
          )
          t.is(stderr, '', script)
          return stdout.trimEnd()
        },
        work,
      )
    })

  withDisks('every stable name of a disk, and of its partitions', [VDX, SDA, NVME], (t, run) => {
    for (const [name, found] of [
      ['/dev/sda', 'sda'],
      ['serial:BLANK1', 'vdx'],
      ['/dev/disk/by-id/virtio-BLANK1', 'vdx'],
      ['/dev/disk/by-path/pci-0000:00:05.0', 'vdx'],
      ['/dev/disk/by-path/virtio-pci-0000:00:05.0', 'vdx'],
      ['wwn:0x5000c500a1b2c3d4', 'sda'],
      ['/dev/disk/by-id/wwn-0x5000c500a1b2c3d4', 'sda'],
      ['/dev/disk/by-id/scsi-35000c500a1b2c3d4', 'sda'],
      ['/dev/disk/by-id/ata-WDC_WD1_WD-X123', 'sda'],
      ['/dev/disk/by-path/pci-0000:00:1f.2-ata-3', 'sda'],
      ['/dev/disk/by-path/pci-0000:01:00.0-nvme-1', 'nvme0n1'],
      ['/dev/disk/by-path/pci-0000:01:00.0-nvme-1-part2', 'nvme0n1p2'],
      ['/dev/disk/by-id/nvme-SAMSUNG_MZ_1_S5XYZ', 'nvme0n1'],
      ['/dev/disk/by-id/nvme-eui.0025385b-part1', 'nvme0n1p1'],
      ['/dev/nvme0n1p2', 'nvme0n1p2'],
      ['size:2G-5G', 'nvme0n1'],
      ['size:2G--part1', 'nvme0n1p1'],
      ['label:b', 'nvme0n1p2'],
    ])
      t.is(run(`resolve_device '${name}'`), found ?? '', name)
    t.regex(run(`resolve_device size:1G-2G || echo no`), /more than one disk is size:1G-2G: sda vdx *\nno/)
    t.regex(run(`resolve_device serial:X || echo no`), /no disk serial:X; there are: .*sda \(1024 MiB .*by-path.*\nno/)
    t.regex(run(`resolve_device /dev/sda1 || echo no`), /no disk \/dev\/sda1.*\nno/)
    t.regex(run(`resolve_device serial:BLANK1-part1 || echo no`), /no partition vdx1\nno/)
    t.regex(run(`resolve_device label:c || echo no`), /no partition is called c\nno/)
  })

  /** What stands on the disk → state, and whether it is written without order and with `clear`. */
  const STATES: readonly [string, readonly string[], string, RegExp, boolean][] = [
    ['nothing', [], '', /^blank$/, true],
    ['a file system', [], '0x438 ext4 uuid precious', /^data of others: 0x438 ext4 uuid precious$/, false],
    ['partitions of others', ['EFI', 'root'], '', /^other partitions: vdx1 EFI, vdx2 root$/, false],
    ['partitions without names', ['', ''], '', /^other partitions: vdx1, vdx2$/, false],
    ['our partitions', NAMES, '', /^prepared$/, false],
    ['our partitions after a reformat', plus(NAMES, '.t6abc1'), '', /^prepared$/, false],
    ['one of ours is missing', NAMES.slice(1), '', /^other partitions/, false],
    ['what we did not finish', plus(NAMES, '+'), '', /^unfinished$/, true],
    ['what we did not finish naming', [NAMES[0] ?? '', ...plus(NAMES.slice(1), '.t6abc1+')], '', /^unfinished$/, true],
    ['another label', plus(['SLLOCAL-xy-1', 'SLLOCAL-xy-2', 'SLLOCAL-xy-3'], ''), '', /^other partitions/, false],
    ['another label, unfinished', ['SLLOCAL-xy-1+'], '', /^other partitions/, false],
    ['a name that only looks like ours', [...NAMES.slice(0, 2), 'SLLOCAL-x-33'], '', /^other partitions/, false],
  ]
  for (const [title, parts, signature, state, isWritten] of STATES) {
    withDisks(`${title}: ${state.source}, ${isWritten ? 'written' : 'left alone'}`, [{ ...VDX, parts }], (t, run) => {
      const fakes = `tool() { printf '%s' '${signature}'; }; has_tool() { :; }; partition_disk() { echo "WRITTEN $1"; }; STAGE_NOTES=;`
      t.regex(run(`${fakes} disk_state vdx`), state)
      t.is(run(`${fakes} prepare_disk /dev/vdx clear`), isWritten ? 'WRITTEN vdx' : '')
      t.is(run(`${fakes} prepare_disk /dev/vdx keep`), '', 'clear=no never writes')
      t.is(run(`${fakes} ld_order=t6abc1; prepare_disk /dev/vdx keep`), '', 'clear=no never writes, ordered or not')
      const isDone = parts.length > 0 && parts.every((name) => name.endsWith('.t6abc1'))
      t.is(
        run(`${fakes} ld_order=t6abc1; prepare_disk /dev/vdx clear`),
        isDone ? '' : 'WRITTEN vdx',
        'an order counts once',
      )
      t.is(run(`${fakes} ld_order=t6abc2; prepare_disk /dev/vdx clear`), 'WRITTEN vdx', 'a new order')
    })
  }

  withDisks('a disk that cannot be looked at is not written', [VDX], (t, run) => {
    const fakes = `partition_disk() { echo WRITTEN; }; STAGE_NOTES=; has_tool() { :; };`
    t.is(
      run(`${fakes} tool() { echo broken; return 1; }; prepare_disk /dev/vdx clear || echo "$FAIL_REASON"`),
      'vdx cannot be looked at: broken',
    )
    t.regex(
      run(`${fakes} has_tool() { return 1; }; prepare_disk /dev/vdx clear || echo "$FAIL_REASON"`),
      /the image has no wipefs: install util-linux/,
    )
  })

  withDisks('a disk in use is not written, ordered or not', [{ ...VDX, files: { 'holders/md0': '' } }], (t, run) => {
    const fakes = `tool() { :; }; has_tool() { :; }; partition_disk() { echo WRITTEN; }; STAGE_NOTES=;`
    t.is(
      run(`${fakes} ld_order=t6abc1; prepare_disk /dev/vdx clear; echo "$ld_refused"`),
      'vdx is left alone: it is in use (vdx by md0 )',
    )
  })

  withDisks(
    'parts are whole MiB one after the other, on small and huge disks',
    [VDX, { ...NVME, mib: 3 * 1024 ** 2 }],
    (t, run) => {
      const spans = (disk: string) =>
        run(`lay_out_parts ${disk} && cut -f 1,3,4,5 $RUN_DIR/disk.plan`)
          .split('\n')
          .map((line) => line.split('\t').join(' '))
      t.deepEqual(spans('vdx'), ['1 1 200 swap', '2 200 711 ext4', '3 711 1023 xfs'])
      t.deepEqual(spans('nvme0n1'), ['1 1 200 swap', '2 200 1573063 ext4', '3 1573063 3145727 xfs'])
    },
  )

  withDisks('parts that do not fit are refused before anything is written', [{ ...VDX, mib: 150 }], (t, run) => {
    t.is(run(`lay_out_parts vdx || echo "$FAIL_REASON"`), 'vdx has 150 MiB: part 1 (1-200) does not fit')
  })

  withDisks(
    'the table for sfdisk, in sectors of the disk',
    [{ ...VDX, files: { 'queue/logical_block_size': '4096\n' } }],
    (t, run, work) => {
      mkdirSync(join(work, 'sysroot/.statelite'), { recursive: true })
      const table = run(
        `run() { :; }; TABLE_TOOL=sfdisk ld_order=t6abc1; lay_out_parts vdx && write_table vdx; cat $STATELITE/sfdisk.in`,
      )
      t.is(
        table,
        `label: gpt
start=256, size=50944, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F, name="SLLOCAL-x-1.t6abc1+"
start=51200, size=130816, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="SLLOCAL-x-2.t6abc1+"
start=182016, size=79872, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="SLLOCAL-x-3.t6abc1+"`,
      )
      t.is(
        run(`run() { echo "$*"; }; TABLE_TOOL=parted; lay_out_parts vdx && write_table vdx`),
        'tool parted -s -a none /dev/vdx mklabel gpt mkpart SLLOCAL-x-1+ 1MiB 200MiB mkpart SLLOCAL-x-2+ 200MiB 711MiB mkpart SLLOCAL-x-3+ 711MiB 1023MiB',
      )
    },
  )

  withDisks(
    'an order is done when every part has seen it',
    [{ ...VDX, parts: plus(NAMES, '.t6abc1') }],
    (t, run, work) => {
      writeFileSync(join(work, 'run/plan'), NAMES.map((name) => `part\t${name}\t1%\text4\n`).join(''))
      t.is(run(`ld_order=t6abc1; order_is_done && echo done`), 'done')
      t.is(run(`ld_order=t6abc2; order_is_done || echo no`), 'no')
      writeFileSync(
        join(work, 'run/plan'),
        [...NAMES, 'SLLOCAL-x-4'].map((name) => `part\t${name}\t1%\text4\n`).join(''),
      )
      t.is(run(`ld_order=t6abc1; order_is_done || echo no`), 'no')
    },
  )
}

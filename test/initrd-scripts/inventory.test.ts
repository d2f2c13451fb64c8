import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Inventory, parseInventory } from '../../src/discovery/inventory.ts'
import { MISSING, makeWorkDirectory, removeWorkDirectory, runSteps, SHELLS, type Shell } from './shells.ts'

if (MISSING !== undefined) test.skip(`the steps are not run: ${MISSING}`, () => {})

/** Files below a directory; `→` makes a link. */
function lay(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    if (text.startsWith('→')) symlinkSync(text.slice(1), path)
    else writeFileSync(path, text)
  }
}

function layPort(root: string, name: string, mac: string, carrier: string, index: number): void {
  lay(root, {
    [`sys/class/net/${name}/address`]: `${mac}\n`,
    [`sys/class/net/${name}/type`]: '1\n',
    [`sys/class/net/${name}/carrier`]: carrier,
    [`sys/class/net/${name}/ifindex`]: `${index}\n`,
    [`sys/class/net/${name}/device`]: `→../../../devices/pci0000:00/0000:00:0${index}.0`,
    [`sys/devices/pci0000:00/0000:00:0${index}.0/driver`]: '→../../../bus/pci/drivers/ixgbe',
  })
}

function layMachine(work: string): void {
  layPort(work, 'eth0', '0C:42:A1:7E:10:07', '1\n', 2)
  layPort(work, 'eth1', '0c:42:a1:7e:10:08', '0\n', 3)
  lay(work, {
    'sys/class/net/lo/address': '00:00:00:00:00:00\n',
    'sys/class/net/lo/type': '772\n',
    'sys/class/net/bond0/address': '0c:42:a1:7e:10:07\n',
    'sys/class/net/bond0/type': '1\n',
    'sys/block/sda/size': '7814037168\n',
    'sys/block/sda/device/model': 'SAMSUNG MZ7L3\n',
    'sys/block/sda/device/serial': 'S5H7NS1N \n',
    'sys/block/loop0/size': '8\n',
    'sys/block/sr0/size': '0\n',
    'sys/block/dm-0/size': '800\n',
    'proc/meminfo': 'MemTotal:       131900000 kB\nMemFree: 1 kB\n',
    'proc/uptime': '10.00 9.00\n',
  })
}

const X86: Readonly<Record<string, string>> = {
  'sys/class/dmi/id/product_uuid': '4c4c4544-0035-3510-8048-b4c04f5a3332\n',
  'sys/class/dmi/id/product_serial': ' 5H5Z32 \u0007\n',
  'sys/class/dmi/id/sys_vendor': 'Dell Inc.\n',
  'sys/class/dmi/id/product_name': 'PowerEdge\tR650\n',
  'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nprocessor\t: 1\nmodel name\t: Intel(R) Xeon(R)\n',
}

/** Strings of a device tree end in NUL. */
const POWER: Readonly<Record<string, string>> = {
  'tree/system-id': 'IBM,0210ABCDE\0',
  'tree/model': 'IBM,8335-GTG\0',
  'tree/ibm,partition-uuid': '1a2b3c4d-1111-2222-3333-444455556666\0',
  'proc/cpuinfo':
    'processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 2300.000000MHz\n\nprocessor\t: 4\ncpu\t\t: POWER9, altivec supported\n',
}

function take(shell: Shell, work: string, script = ''): { readonly inventory: Inventory; readonly stderr: string } {
  const where = `SYS=${work}/sys SYS_NET=${work}/sys/class/net PROC=${work}/proc DEVICE_TREE=${work}/tree`
  const { stderr } = runSteps(shell, work, `BOOT_INTERFACE=eth0\n${script}\ntake_inventory`, where)
  const inventory = parseInventory(readFileSync(join(work, 'run/inventory')))
  if ('fault' in inventory) throw new Error(`${inventory.fault}\n${readFileSync(join(work, 'run/inventory'), 'utf8')}`)
  return { inventory, stderr }
}

for (const shell of MISSING === undefined ? SHELLS : []) {
  const onMachine = (
    title: string,
    files: Readonly<Record<string, string>>,
    check: (t: ExecutionContext, work: string) => void,
  ) =>
    test(`${shell.name}: ${title}`, (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      layMachine(work)
      lay(work, files)
      check(t, work)
    })

  onMachine('inventory: what an x86 machine says is what the server reads', X86, (t, work) => {
    const { inventory, stderr } = take(shell, work)
    t.is(stderr, '')
    t.like(inventory, {
      uuid: '4c4c4544-0035-3510-8048-b4c04f5a3332',
      serial: '5H5Z32',
      vendor: 'Dell Inc.',
      model: 'PowerEdge R650',
      cpus: 2,
      cpuType: 'Intel(R) Xeon(R)',
      memoryMiB: 128_808,
      boot: 'eth0',
    })
    t.deepEqual(inventory.ports, [
      { name: 'eth0', mac: '0c:42:a1:7e:10:07', link: 'up', driver: 'ixgbe', place: '0000:00:02.0' },
      { name: 'eth1', mac: '0c:42:a1:7e:10:08', link: 'down', driver: 'ixgbe', place: '0000:00:03.0' },
    ])
    t.deepEqual(inventory.disks, [
      { name: 'sda', bytes: 7_814_037_168 * 512, model: 'SAMSUNG MZ7L3', serial: 'S5H7NS1N' },
    ])
  })

  onMachine('inventory: POWER has it in the device tree', POWER, (t, work) => {
    const { inventory, stderr } = take(shell, work)
    t.is(stderr, '')
    t.like(inventory, {
      uuid: '1a2b3c4d-1111-2222-3333-444455556666',
      serial: '10ABCDE',
      vendor: 'IBM',
      model: '8335-GTG',
      cpus: 2,
      cpuType: 'POWER9, altivec supported',
    })
  })

  onMachine('inventory: nothing is known, and it is still one', { 'proc/cpuinfo': 'processor : 0\n' }, (t, work) => {
    const { inventory, stderr } = take(shell, work)
    t.is(stderr, '')
    t.like(inventory, { uuid: '', serial: '', model: '', cpus: 1, cpuType: '' })
  })

  onMachine('inventory: a frame that came is part of it', X86, (t, work) => {
    const frame = `0180c200000e02000000000188cc${'0207040200000000010403053037060200780a03737731'}0000`
    const script = `mkdir -p "$FRAMES"; printf %s ${frame} >"$FRAMES/eth0.hex"; : >"$FRAMES/eth1.hex"`
    const { inventory } = take(shell, work, script)
    t.deepEqual([...inventory.neighbours.keys()], ['eth0'])
    t.like(inventory.neighbours.get('eth0'), { switchName: 'sw1', port: '07' })
  })

  onMachine('the address that the reader binds to: packet(7)', X86, (t, work) => {
    const where = `SYS_NET=${work}/sys/class/net`
    writeFileSync(join(work, 'sys/class/net/eth0/ifindex'), '66051\n')
    const { stdout, stderr } = runSteps(shell, work, 'lldp_address eth0 | od -An -v -tx1 | tr -d " \\n"', where)
    t.is(stderr, '')
    t.is(stdout, '110088cc03020100000000000000000000000000')
  })

  // The loop itself: what it asks, what it does with each answer. Time does not pass; the loop ends by the stand-ins.
  const looped = (work: string, answers: readonly string[], more = '') =>
    runSteps(
      shell,
      work,
      `
${more}
ip() { :; }
ifconfig() { :; }
sleep() { :; }
sync() { echo sync; }
reboot() { echo "reboot $*"; exit; }
get_lease() { echo "lease $1"; }
timeout() { shift; "$@"; }
wget() {
  for wg_word; do :; done
  case "$*" in *--post-data*) echo "post \${wg_word##*/v1/}" >>"$RUN_DIR/asked" ;; *) echo "get \${wg_word##*/v1/}" >>"$RUN_DIR/asked" ;; esac
  wg_count=$(wc -l <"$RUN_DIR/asked")
  sed -n "\${wg_count}p" "${work}/answers"
  case $(sed -n "\${wg_count}p" "${work}/answers") in refuse*) return 1 ;; '') exit ;; esac
}
printf '%s\\n' ${answers.map((answer) => `'${answer}'`).join(' ')} >"${work}/answers"
BOOT_INTERFACE=eth0
stage_discover`,
      [
        `SYS=${work}/sys SYS_NET=${work}/sys/class/net PROC=${work}/proc DEVICE_TREE=${work}/tree`,
        `CMDLINE_FILE=${work}/cmdline FRAME_READER=${work}/none`,
      ].join('\n'),
    )

  onMachine(
    'it reports once, asks until it is adopted, and boots again',
    { ...X86, cmdline: 'liteboot.discover=http://10.0.0.1/discover/v1\n' },
    (t, work) => {
      const { stdout, stderr } = looped(work, ['wait', 'wait', 'reboot n7'])
      t.is(stderr, '')
      t.deepEqual(readFileSync(join(work, 'run/asked'), 'utf8').trim().split('\n'), [
        'post report',
        'get state',
        'get state',
      ])
      t.regex(stdout, /waits to be adopted/)
      t.regex(stdout, /serial 5H5Z32/)
      t.regex(stdout, /liteboot adopt --mac 0c:42:a1:7e:10:07 NODE/)
      t.true(stdout.endsWith('liteboot: adopted n7: booting again.\nsync\nreboot -f\n'))
    },
  )

  onMachine(
    'a server that refuses, or forgot it, is told again',
    { ...X86, cmdline: 'liteboot.discover=http://10.0.0.1/discover/v1\n' },
    (t, work) => {
      looped(work, ['refuse 503', 'refuse 429', 'wait', 'report', 'wait', 'reboot n7'])
      t.deepEqual(readFileSync(join(work, 'run/asked'), 'utf8').trim().split('\n'), [
        'post report',
        'post report',
        'post report',
        'get state',
        'post report',
        'get state',
      ])
    },
  )

  onMachine(
    'after its time it stays there and asks no more',
    { ...X86, cmdline: 'liteboot.discover=http://10.0.0.1/discover/v1\n' },
    (t, work) => {
      const end = 'stay_here() { echo stays; exit; }\nDISCOVER_END_AFTER=0'
      const { stdout } = looped(work, ['wait'], end)
      t.true(stdout.endsWith('stays\n'))
    },
  )

  onMachine(
    'the lease is asked for again at half its time',
    { ...X86, cmdline: 'liteboot.discover=http://10.0.0.1/discover/v1\n' },
    (t, work) => {
      const clock =
        'printf "lease=600\\n" >"$LEASE_FILE"\nclock=0\nnow_seconds() { cat "$RUN_DIR/clock"; }\necho 0 >"$RUN_DIR/clock"\nsleep_ms() { echo $(($(cat "$RUN_DIR/clock") + 200)) >"$RUN_DIR/clock"; }'
      const { stdout } = looped(work, ['wait', 'wait', 'wait', 'wait', 'wait', 'reboot n7'], clock)
      t.is(stdout.match(/^lease eth0$/gm)?.length, 2)
    },
  )
}

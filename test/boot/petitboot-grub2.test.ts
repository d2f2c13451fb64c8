/**
 * Every grub.cfg that is rendered, as petitboot reads such a file on a disk, and files as distributions leave them there. From
 * the network it reads the form of pxelinux only; what it must not do is refuse the file for its syntax.
 */
import test from 'ava'
import {
  type GrubEntry,
  renderGrubBoot,
  renderGrubByHardwareAddress,
  renderGrubLocal,
  renderGrubRefusal,
} from '../../src/boot/grub.ts'
import { type Grub2Disk, readGrub2Config } from '../../vm-harness/petitboot/read-grub2.ts'

const entry: GrubEntry = {
  ...{ stateLine: 'statelite debian12-ppc64le-compute', commandLine: 'root=nfs:10.77.0.1:/i/rootimg:ro quiet' },
  ...{ kernel: '/image/a/0123456789abcdef/kernel.gz', initrd: '/image/a/fedcba9876543210/initrd', hasBootif: true },
  ...{ protocol: 'tftp', serverIp: '10.77.0.1', httpPort: 80, node: 'n1' },
}
const LINES: readonly (readonly [what: string, commandLine: string])[] = [
  ['NFS root', 'root=nfs:10.77.0.1:/install/rootimg:ro NODE=n1 console=tty0 console=hvc0,115200n8r'],
  ['ramdisk', 'imgurl=http://10.77.0.1:80/image/a/0123456789abcdef/rootimg rootlimit=50% NODE=n1'],
  ['local disk', 'root=nfs:10.77.0.1:/install/rootimg:ro NODE=n1 PARTITION rd.localdisk=1'],
  ['discovery', 'liteboot.discover=http://10.77.0.1/discover/v1 BOOTIF=01-52-54-00-77-00-01'],
  ['shell', 'liteboot.do=shell NODE=n1'],
  ["GRUB's own characters", 'memmap=64G$4G a=b;c x=#y z={w} p=<1|2>&3'],
  ['words that are reserved', 'time in for if then fi do done menuentry function'],
]

for (const protocol of ['http', 'tftp'] as const)
  for (const [what, commandLine] of LINES) {
    test(`grub.cfg by ${protocol}, ${what}: read as it was written, shown where its disk is`, (t) => {
      const text = renderGrubBoot({ ...entry, protocol, commandLine })
      const device = `${protocol},10.77.0.1`
      const there = readGrub2Config(text, { devices: [device] })
      t.is(there.fault, undefined)
      t.is(there.entries.length, 1)
      t.deepEqual(there.chosen, {
        ...{ name: 'xCAT OS Deployment', id: 'xCAT OS Deployment', commandLine, isShown: true },
        kernel: { device, path: entry.kernel },
        initrd: { device, path: entry.initrd },
      })
      // On a real machine no disk is called so.
      t.is(readGrub2Config(text).chosen, undefined)
    })
  }

test('what boots nothing: refusal, local disk, a machine that is not known', (t) => {
  for (const text of [
    renderGrubRefusal('n1', ["nodetype row: provmethod isn't set; do what is in the table"], '10.77.0.1'),
    renderGrubLocal(),
    renderGrubByHardwareAddress(),
  ])
    t.deepEqual(readGrub2Config(text), { fault: undefined, entries: [], chosen: undefined })
})

test('one bare word of its own is enough for petitboot to refuse a whole file', (t) => {
  const text = renderGrubBoot(entry)
  for (const line of ['echo once more in a minute', 'echo what for', 'if true; then echo x'])
    t.regex(readGrub2Config(`${line}\n${text}`).fault ?? '', /^line \d+: syntax error/, line)
  // A character it does not know ends the reading, without a word where a command could have ended.
  t.deepEqual(readGrub2Config(`set x=1 | y\n${text}`), { fault: undefined, entries: [], chosen: undefined })
  t.regex(readGrub2Config(`menuentry x {\nlinux /x <y\n}\n${text}`).fault ?? '', /unknown token </)
  t.is(readGrub2Config(`echo 'once more in a minute'\n${text}`).fault, undefined)
})

const UUID = '0f7c4f5e-3a0e-4b0c-9c53-6a4a2b7f1f10'
const read = (text: string, disk: Grub2Disk = {}) => readGrub2Config(text, { devices: [UUID], ...disk })

/** As grub-mkconfig of Debian and Ubuntu leaves it: a function, feature tests, a submenu, a saved entry. */
const DEBIAN = `
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "\${next_entry}" ] ; then
   set default="\${next_entry}"
   set next_entry=
   save_env next_entry
else
   set default="\${saved_entry}"
fi
if [ x"\${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
function gfxmode {
	set gfxpayload="\${1}"
}
for module in gzio part_gpt ext2; do
  insmod $module
done
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {
	gfxmode keep
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	if [ x$feature_platform_search_hint = xy ]; then
	  search --no-floppy --fs-uuid --set=root --hint='ieee1275//disk@0,gpt2'  ${UUID}
	else
	  search --no-floppy --fs-uuid --set=root ${UUID}
	fi
	echo	'Loading Linux 6.1.0-1-powerpc64le ...'
	linux	/boot/vmlinux-6.1.0-1 root=UUID=${UUID} ro  quiet
	echo	'Loading initial ramdisk ...'
	initrd	/boot/initrd.img-6.1.0-1 /boot/second
}
submenu 'Advanced options' $menuentry_id_option 'advanced-1' {
	menuentry 'Debian GNU/Linux, recovery' $menuentry_id_option 'recovery-1' {
		search --no-floppy --fs-uuid --set=root ${UUID}
		linux /boot/vmlinux-6.1.0-1 root=UUID=${UUID} ro single
	}
}
menuentry 'Memory test' { linux16 /boot/memtest }
menuentry 'Setup' { fwsetup }
`

test('as Debian leaves it: entries of the submenu too, the first without a saved one, the saved one by its id', (t) => {
  const { entries, chosen } = read(DEBIAN)
  t.deepEqual(
    entries.map(({ name }) => name),
    ['Debian GNU/Linux', 'Debian GNU/Linux, recovery', 'Memory test'],
  )
  t.deepEqual(chosen, {
    ...{ name: 'Debian GNU/Linux', id: 'gnulinux-simple-1', isShown: true },
    commandLine: `root=UUID=${UUID} ro quiet`,
    kernel: { device: UUID, path: '/boot/vmlinux-6.1.0-1' },
    // Of several the first alone.
    initrd: { device: UUID, path: '/boot/initrd.img-6.1.0-1' },
  })
  const saved = { '/boot/grub/grubenv': '# GRUB Environment Block\nsaved_entry=recovery-1\n####' }
  t.is(read(DEBIAN, { files: saved }).chosen?.name, 'Debian GNU/Linux, recovery')
  // The disk is not there yet.
  t.is(read(DEBIAN, { devices: [] }).chosen, undefined)
})

/** As Fedora and RHEL 8 leave it: entries are files of their own. */
const BLS = `
set root=${UUID}
load_env -f /grub2/grubenv
if [ -z "$kernelopts" ]; then
  set kernelopts="root=/dev/vda2 ro"
fi
set default="\${saved_entry}"
insmod blscfg
blscfg
`
const LOADER_ENTRIES = {
  '/grub2/grubenv': '# GRUB Environment Block\nsaved_entry=two-5.14\n',
  '/loader/entries/one-5.13.conf':
    'title Red Hat (5.13)\nversion 5.13\nlinux /vmlinuz-5.13\ninitrd /initramfs-5.13.img\noptions $kernelopts\n',
  '/loader/entries/two-5.14.conf':
    'title Red Hat (5.14)\nversion 5.14\nlinux /vmlinuz-5.14\noptions root=/dev/vdb1 ro crash=1\n',
}

test('as RHEL leaves it: entries of the boot loader specification, kernel options in a variable', (t) => {
  const { entries, chosen } = read(BLS, { path: '/grub2/grub.cfg', files: LOADER_ENTRIES })
  t.deepEqual(
    entries.map(({ name, commandLine }) => `${name}: ${commandLine}`),
    ['Red Hat (5.13): root=/dev/vda2 ro', 'Red Hat (5.14): root=/dev/vdb1 ro crash=1'],
  )
  t.is(chosen?.id, 'two-5.14')
})

const rules: readonly (readonly [rule: string, text: string, expected: readonly string[]])[] = [
  ['default by number', 'set default=1\nmenuentry a { linux /a }\nmenuentry b { linux /b }', ['a', '*b']],
  ['an entry without a kernel does not count', 'default=0\nmenuentry x { true }\nmenuentry b { linux /b }', ['*b']],
  [
    'default by title of several words',
    'set default="a b"\nmenuentry c { linux /c }\nmenuentry "a b" { linux /b }',
    ['c', '*a b'],
  ],
  ['a default that is not there: the first', 'set default=z\nmenuentry a { linux /a }', ['*a']],
  ['linuxefi is not known', 'menuentry a { linuxefi /a }\nmenuentry b { linux /b }', ['*b']],
  ['elif and else', 'if false; then n=1; elif [ 1 = 2 ]; then n=2; else n=3; fi\nmenuentry e$n { linux /e }', ['*e3']],
  ['test: negation, and, or', 'if [ ! -z "" -o x = x -a y != z ]; then menuentry a { linux /a }; fi', ['*a']],
  ['parameters of a function', 'function f { menuentry "$1-$2" { linux /$2 } }\nf a "b c"', ['*a-b c']],
  [
    'a loop over words of a variable',
    'l="1 2"\nfor i in $l 3; do menuentry k$i { linux /k }; done',
    ['*k1', 'k2', 'k3'],
  ],
  ['a variable in quotes stays one word', 'v="a  b"\nmenuentry "$v" { linux /k }', ['*a  b']],
  ['single quotes keep a dollar', "menuentry 'a$b' { linux /k }", ['*a$b']],
  ['no end of line at the end, braces close to words', 'menuentry a {linux /a}', ['*a']],
  [
    'a file that is there, and one that is not',
    'if [ -f /x ]; then menuentry a { linux /a }; fi\nif [ -s /y ]; then menuentry b { linux /b }; fi',
    ['*a'],
  ],
]
for (const [rule, text, expected] of rules) {
  test(`grub2 form: ${rule}`, (t) => {
    const { entries, chosen, fault } = readGrub2Config(text, { files: { '/x': '', '/y': '' } })
    t.is(fault, undefined)
    t.deepEqual(
      entries.map((one) => (one === chosen ? `*${one.name}` : one.name)),
      [...expected],
    )
  })
}

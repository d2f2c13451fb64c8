import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { renderPetitbootBoot, renderPetitbootLocal } from '../../src/boot/petitboot.ts'
import { type PetitbootEntry, readPetitbootConfig } from '../../vm-harness/petitboot/read-config.ts'

const URL_OF = 'http://10.77.0.1/boot/petitboot/n04'

test('an entry as pxelinux has it: names relative to the file, an initrd among the arguments, IPAPPEND', (t) => {
  const { chosen } = readPetitbootConfig(
    'Default linux\nLABEL other\n  KERNEL x\nlabel Linux\n\tkernel ../vmlinux\n\tAPPEND initrd=/i quiet\n  ipappend 3\n  LOCALBOOT 0\n',
    URL_OF,
  )
  t.deepEqual(chosen, {
    label: 'Linux',
    kernel: 'http://10.77.0.1/boot/vmlinux',
    // A slash in front does not lead to the server's root; two colons do.
    initrd: 'http://10.77.0.1/boot/petitboot/i',
    commandLine: 'initrd=/i quiet',
    addsBootif: true,
  })
})

test('without a default before its label nothing boots by itself; without a kernel there is no entry', (t) => {
  const two = 'label a\nkernel http://h/a\nlabel b\nkernel http://h/b\n'
  t.is(readPetitbootConfig(two, URL_OF).chosen, undefined)
  t.is(readPetitbootConfig(two, URL_OF).entries.length, 2)
  t.is(readPetitbootConfig(`default c\n${two}`, URL_OF).chosen, undefined)
  t.is(readPetitbootConfig(`${two}default b\n`, URL_OF).chosen, undefined)
  t.is(readPetitbootConfig(`default b\n${two}`, URL_OF).chosen?.label, 'b')
  t.is(readPetitbootConfig('default a\nlabel a\ninitrd x\n', URL_OF).chosen, undefined)
})

const read = (lines: string) => readPetitbootConfig(`default a\nlabel a\nkernel k\n${lines}`, URL_OF).chosen
const rules: readonly (readonly [rule: string, lines: string, expected: Partial<PetitbootEntry>])[] = [
  ['APPEND goes on', 'append a\nappend b c', { commandLine: 'a b c' }],
  ['quotes at the ends go, those inside stay', 'append " a=\'b c\' d "', { commandLine: "a='b c' d" }],
  ['a closing quote of the last word is lost', 'append a b="c d"', { commandLine: 'a b="c d' }],
  ['tabs and CR LF are blanks', '\tappend\ta\tb\r', { commandLine: 'a b' }],
  ['a comment is a line that begins with it', '# append x\n#append y\nappend a #b', { commandLine: 'a #b' }],
  ['a value that begins as a comment is none', 'append #x', { commandLine: '' }],
  ['initrd=FILE alone on its line', 'initrd=i', { initrd: 'http://10.77.0.1/boot/petitboot/i' }],
  ['the last initrd counts', 'initrd one\nappend x initrd=two y', { initrd: 'http://10.77.0.1/boot/petitboot/two' }],
  ['::NAME is from the root', 'initrd ::d/i', { initrd: 'http://10.77.0.1/d/i' }],
  ['a URL is one', 'initrd tftp://10.0.0.1/i', { initrd: 'tftp://10.0.0.1/i' }],
  ['SYSAPPEND is IPAPPEND', 'sysappend 2', { addsBootif: true }],
  ['other bits add nothing', 'ipappend 1', { addsBootif: false }],
  ['a number and more is no number', 'ipappend 2 x', { addsBootif: false }],
  ['LINUX and INCLUDE are not known', 'linux other\ninclude more', { kernel: 'http://10.77.0.1/boot/petitboot/k' }],
]
for (const [rule, lines, expected] of rules) {
  test(`pxe form: ${rule}`, (t) => {
    t.like(read(lines), expected)
  })
}

const word = fc.oneof(
  fc.stringMatching(/^[!#-&(-~]{1,12}$/),
  // It looks for this anywhere, in any case.
  fc.constantFrom('initrd=other', 'rd.initrd=', 'INITRD=/x'),
)
const entryOf = fc.record({
  // The first is the server's own: root=, imgurl=.
  commandLine: fc.array(word, { maxLength: 8 }).map((words) => ['root=x', ...words].join(' ')),
  kernel: fc.constant('http://10.77.0.1/image/a/0123/kernel'),
  initrd: fc.constant('http://10.77.0.1/image/a/4567/initrd'),
  stateLine: fc.constantFrom('statelite rhels9.4-x86_64-compute', 'boot'),
  hasBootif: fc.constant(true),
})

test('what is written for a node is what petitboot reads', (t) => {
  fc.assert(
    fc.property(entryOf, (entry) => {
      const { chosen, entries } = readPetitbootConfig(renderPetitbootBoot(entry), URL_OF)
      t.is(entries.length, 1)
      t.is(chosen?.kernel, entry.kernel)
      t.is(chosen?.initrd, entry.initrd)
      t.is(chosen?.commandLine, entry.commandLine)
      t.false(chosen?.addsBootif)
    }),
  )
  t.is(readPetitbootConfig(renderPetitbootLocal(), URL_OF).chosen, undefined)
})

test('the machine in rehearsals reads a configuration as the reader does', (t) => {
  const program = join(import.meta.dirname, '../../vm-harness/petitboot/petitboot.awk')
  const texts = [
    renderPetitbootBoot({
      commandLine: 'a="b c" d',
      kernel: 'http://h/k',
      initrd: 'http://h/i',
      stateLine: 's',
      hasBootif: true,
    }),
    'DEFAULT b\nlabel a\nkernel http://h/a\nlabel b\nkernel http://h/b \n initrd "http://h/i"\r\n\tAppend  \' x  y \'\nappend z\n',
    'default A\n# default b\nlabel a\nkernel http://h/a\ninitrd http://h/i\nappend q\nlabel b\nkernel http://h/b\n',
  ]
  for (const awk of [['busybox', 'awk'], ['awk']])
    for (const input of texts) {
      const [program0 = '', ...rest] = awk
      const { stdout } = spawnSync(program0, [...rest, '-f', program], { input, encoding: 'utf8' })
      const { chosen } = readPetitbootConfig(input, URL_OF)
      t.deepEqual(stdout.split('\n').slice(0, 3), [chosen?.kernel, chosen?.initrd, chosen?.commandLine])
    }
})

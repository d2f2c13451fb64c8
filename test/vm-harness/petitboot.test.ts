import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { renderPetitbootBoot, renderPetitbootLocal } from '../../src/boot/petitboot.ts'
import { readPetitbootConfig } from '../../vm-harness/petitboot/read-config.ts'

const URL_OF = 'http://10.77.0.1/boot/petitboot/n04'

test('an entry as pxelinux has it: relative names, an initrd among the arguments, IPAPPEND', (t) => {
  const { chosen } = readPetitbootConfig(
    'Default linux\nLABEL other\n  KERNEL x\nlabel linux\n\tlinux ../vmlinux\n\tAPPEND initrd=/i quiet\n  ipappend 3\n  LOCALBOOT 0\n',
    URL_OF,
  )
  t.deepEqual(chosen, {
    label: 'linux',
    kernel: 'http://10.77.0.1/boot/vmlinux',
    initrd: 'http://10.77.0.1/i',
    commandLine: 'initrd=/i quiet',
    addsBootif: true,
  })
})

test('without a default, or with one that is not there, the first entry; without a kernel, none', (t) => {
  const two = 'label a\nkernel http://h/a\nlabel b\nkernel http://h/b\n'
  t.is(readPetitbootConfig(two, URL_OF).chosen?.label, 'a')
  t.is(readPetitbootConfig(`default c\n${two}`, URL_OF).chosen?.label, 'a')
  t.is(readPetitbootConfig(`default b\n${two}`, URL_OF).chosen?.label, 'b')
  t.is(readPetitbootConfig('default a\nlabel a\ninitrd x\n', URL_OF).chosen, undefined)
})

const word = fc.stringMatching(/^[!#-&(-~]{1,12}$/).filter((text) => !text.startsWith('initrd='))
const entryOf = fc.record({
  commandLine: fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' ')),
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
    'DEFAULT b\nlabel a\nkernel http://h/a\nlabel b\nlinux http://h/b \n initrd "http://h/i"\r\n\tAppend  \' x  y \'\n',
    'default c\nlabel a\nkernel http://h/a\ninitrd http://h/i\nappend q\nlabel b\nkernel http://h/b\n',
  ]
  for (const awk of [['busybox', 'awk'], ['awk']])
    for (const input of texts) {
      const [program0 = '', ...rest] = awk
      const { stdout } = spawnSync(program0, [...rest, '-f', program], { input, encoding: 'utf8' })
      const { chosen } = readPetitbootConfig(input, URL_OF)
      t.deepEqual(stdout.split('\n').slice(0, 3), [chosen?.kernel, chosen?.initrd, chosen?.commandLine])
    }
})

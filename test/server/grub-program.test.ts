import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { grubProgramFile, missingGrubProgram } from '../../src/server/grub-program.ts'
import { buildSnapshot, exampleImage, exampleNode } from '../statelite/snapshot.ts'

function stage(t: { teardown(step: () => void): void }, arch: string, currstate = '') {
  const tftpdir = mkdtempSync(join(tmpdir(), 'liteboot-grub-program-'))
  t.teardown(() => rmSync(tftpdir, { recursive: true, force: true }))
  mkdirSync(join(tftpdir, 'boot/grub2/powerpc-ieee1275'), { recursive: true })
  const node = { ...exampleNode, arch, attributes: currstate === '' ? {} : { 'chain.currstate': currstate } }
  const built = buildSnapshot({ nodes: [node], images: [exampleImage], litefile: [] })
  const snapshot = { ...built, site: { ...built.site, tftpdir }, node: built.node.bind(built) }
  const put = (name: string) => writeFileSync(join(tftpdir, name), '')
  const find = (path: string) => grubProgramFile(path, snapshot)?.slice(tftpdir.length + 1)
  const why = (path: string) => missingGrubProgram(path, snapshot)
  return { put, find, why }
}

test('every POWER node has the one program under its own name, with and without slashes and the directory', (t) => {
  const { put, find } = stage(t, 'ppc64le')
  t.is(find('boot/grub2/grub2-cn07'), undefined, 'nobody has made it yet')
  put('boot/grub2/powerpc-ieee1275/core.elf')
  t.is(find('boot/grub2/grub2-cn07'), 'boot/grub2/powerpc-ieee1275/core.elf')
  put('boot/grub2/grub2.ppc')
  for (const path of ['boot/grub2/grub2-cn07', '/boot/grub2/grub2-cn07', '/tftpboot/boot/grub2/grub2-cn07'])
    t.is(find(path), 'boot/grub2/grub2.ppc')
  t.is(find('boot/grub2/grub2-nobody'), undefined)
  t.is(find('boot/grub2/grub.cfg-01-0c-42-a1-7e-10-07'), undefined)
})

test('who asks for the program before it is made is told so', (t) => {
  t.regex(
    stage(t, 'ppc64le').why('/boot/grub2/grub2-cn07') ?? '',
    /boot\/grub2\/grub2\.ppc .*: run liteboot grub make$/,
  )
  t.is(stage(t, 'ppc64le').why('boot/grub2/grub.cfg'), undefined)
  t.is(stage(t, 'ppc64le', 'boot').why('boot/grub2/grub2-cn07'), undefined)
  t.is(stage(t, 'x86_64').why('boot/grub2/grub2-cn07'), undefined)
})

test('not for other machines, and not where the node is to go on with its next device', (t) => {
  for (const [arch, state] of [['x86_64'], ['ppc64le', 'boot'], ['ppc64le', 'offline']] as const) {
    const { put, find } = stage(t, arch, state)
    put('boot/grub2/grub2.ppc')
    t.is(find('boot/grub2/grub2-cn07'), undefined)
  }
})

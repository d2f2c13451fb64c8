import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { efiModuleDirectories, efiProgramName, renderEarlyConfig, tarOf } from '../../src/image/grub/make-efi.ts'

test('the archive inside the program is what tar reads, whatever the length', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-tar-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  for (const length of [0, 1, 511, 512, 513, 5000]) {
    const text = 'x'.repeat(length)
    writeFileSync(join(directory, 'a.tar'), tarOf('boot/grub/grub.cfg', Buffer.from(text)))
    const into = join(directory, String(length))
    mkdirSync(into)
    execFileSync('tar', ['-xf', join(directory, 'a.tar'), '-C', into])
    t.is(readFileSync(join(into, 'boot/grub/grub.cfg'), 'utf8'), text)
  }
})

test('the script inside: an address where there is none, HTTP before TFTP, again and again; port 80 is not written', (t) => {
  const text = renderEarlyConfig(80)
  t.regex(text, /if \[ -z "\$net_default_server" \]; then\n[^\n]*\n {2}net_dhcp\nfi/)
  t.regex(
    text,
    /while true; do\n {2}configfile \(http,\$net_default_server\)\/boot\/grub2\/grub\.cfg\n {2}configfile \(tftp,/,
  )
  t.true(renderEarlyConfig(8080).includes('(http,$net_default_server:8080)'))
})

test('places of modules and the name of the program', (t) => {
  t.deepEqual(efiModuleDirectories('/img', 'aarch64'), [
    '/img/usr/lib/grub/arm64-efi',
    '/img/usr/share/grub2/arm64-efi',
    '/img/arm64-efi',
    '/img',
  ])
  t.is(efiProgramName('x86_64'), 'boot/grub2/grub2.x86_64')
})

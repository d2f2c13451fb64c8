/** What a package installs as a link is read by TFTP all the same: it opens no links. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { packageLoader } from '../../src/server/tftp-routes.ts'

test('a loader that is a link is named by what it leads to, one that leads nowhere is not there', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-loader-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'boot.efi')
  writeFileSync(file, 'iPXE')
  const links = { 'ipxe.efi': join(directory, 'ipxe.efi'), 'gone.efi': join(directory, 'gone.efi') }
  symlinkSync(file, links['ipxe.efi'])
  symlinkSync(join(directory, 'nowhere'), links['gone.efi'])
  const find = (name: string) => links[name as keyof typeof links]
  t.is(packageLoader('ipxe.efi', find), file)
  t.is(packageLoader('gone.efi', find), undefined)
  t.is(packageLoader('other.efi', find), undefined)
})

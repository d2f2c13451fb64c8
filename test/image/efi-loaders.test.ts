import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { findEfiLoaders } from '../../src/image/efi-loaders.ts'

function tree(t: ExecutionContext, files: readonly string[], links: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'liteboot-efi-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const parent = (name: string) => mkdirSync(dirname(join(root, name)), { recursive: true })
  for (const name of files) {
    parent(name)
    writeFileSync(join(root, name), name)
  }
  for (const [name, target] of Object.entries(links)) {
    parent(name)
    symlinkSync(target, join(root, name))
  }
  return root
}

async function found(root: string, machine: 'x86_64' | 'arm64' = 'x86_64') {
  const loaders = await findEfiLoaders(root, machine)
  const below = (path: string | undefined) => path?.slice(root.length + 1)
  return (
    loaders && {
      shim: below(loaders.shim),
      grub: below(loaders.grub),
      mokManager: below(loaders.mokManager),
      bootsByHttp: loaders.bootsByHttp,
    }
  )
}

test('Debian: the signed GRUB for the network, not the one for disks', async (t) => {
  const root = tree(t, [
    'usr/lib/shim/shimx64.efi',
    'usr/lib/shim/shimx64.efi.signed',
    'usr/lib/shim/mmx64.efi',
    'usr/lib/shim/mmx64.efi.signed',
    'usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed',
    'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
  ])
  t.deepEqual(await found(root), {
    shim: 'usr/lib/shim/shimx64.efi.signed',
    grub: 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
    mokManager: 'usr/lib/shim/mmx64.efi.signed',
    bootsByHttp: false,
  })
  t.is(await found(root, 'arm64'), undefined)
})

test('Ubuntu: whether the signed GRUB has HTTP in it is read from itself, and anew when it is replaced', async (t) => {
  const grub = 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'
  const root = tree(t, [grub])
  t.false((await found(root))?.bootsByHttp)
  // A text of its module, as the signed program carries it.
  writeFileSync(join(root, grub), Buffer.from('MZ\0\0HTTP/1.1 \0unsupported HTTP response\0'))
  t.true((await found(root))?.bootsByHttp)
  writeFileSync(join(root, grub), 'tftp only')
  t.false((await found(root))?.bootsByHttp)
})

test('Ubuntu: shim is a link of update-alternatives, followed inside the tree only', async (t) => {
  const files = ['usr/lib/shim/shimx64.efi.signed.latest', 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed']
  const link = { 'usr/lib/shim/shimx64.efi.signed': '/etc/alternatives/shimx64.efi.signed' }
  const inside = { ...link, 'etc/alternatives/shimx64.efi.signed': '/usr/lib/shim/shimx64.efi.signed.latest' }
  t.is((await found(tree(t, files, inside)))?.shim, 'usr/lib/shim/shimx64.efi.signed.latest')

  const server = tree(t, ['secret'])
  const outside = { ...link, 'etc/alternatives/shimx64.efi.signed': join(server, 'secret') }
  const [, grub = ''] = files
  t.is((await found(tree(t, [grub], outside)))?.shim, undefined)
})

test('the RHEL family: the vendor directory that has both, BOOT left out, ARM beside x86_64', async (t) => {
  const root = tree(t, [
    'boot/efi/EFI/BOOT/BOOTX64.EFI',
    'boot/efi/EFI/BOOT/grubx64.efi',
    'boot/efi/EFI/other/grubx64.efi',
    ...['shimx64.efi', 'grubx64.efi', 'mmx64.efi', 'shimaa64.efi', 'grubaa64.efi', 'mmaa64.efi'].map(
      (name) => `boot/efi/EFI/rocky/${name}`,
    ),
  ])
  const at = (suffix: string) => ({
    shim: `boot/efi/EFI/rocky/shim${suffix}.efi`,
    grub: `boot/efi/EFI/rocky/grub${suffix}.efi`,
    mokManager: `boot/efi/EFI/rocky/mm${suffix}.efi`,
    bootsByHttp: true,
  })
  t.deepEqual(await found(root), at('x64'))
  t.deepEqual(await found(root, 'arm64'), at('aa64'))
})

test('SUSE: names without the architecture', async (t) => {
  const root = tree(
    t,
    ['shim.efi', 'grub.efi', 'MokManager.efi'].map((name) => `usr/share/efi/x86_64/${name}`),
  )
  t.deepEqual(await found(root), {
    shim: 'usr/share/efi/x86_64/shim.efi',
    grub: 'usr/share/efi/x86_64/grub.efi',
    mokManager: 'usr/share/efi/x86_64/MokManager.efi',
    bootsByHttp: true,
  })
})

test('GRUB without shim is found, a shim without GRUB is not; no tree is no loaders', async (t) => {
  const grub = 'usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'
  t.like(await found(tree(t, [grub])), { shim: undefined, grub })
  t.is(await found(tree(t, ['usr/lib/shim/shimx64.efi.signed'])), undefined)
  t.is(await findEfiLoaders('/nonexistent/rootimg', 'x86_64'), undefined)
})

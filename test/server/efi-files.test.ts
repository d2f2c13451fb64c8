import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Cluster } from '../../src/cluster/model.ts'
import { openEfiFiles } from '../../src/server/efi-files.ts'
import type { BootEvent } from '../../src/timeline/event.ts'
import { buildSnapshot, exampleNode } from '../statelite/snapshot.ts'

const SHIM = 'rootimg/usr/lib/shim/shimx64.efi.signed'
const GRUB = 'rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'
const NAME = 'boot/efi/cn07/netbootx64.efi'

function open(t: ExecutionContext, ...there: readonly string[]) {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-efi-files-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const put = (name: string) => {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), name)
  }
  for (const name of there) put(name)
  const current = buildSnapshot({
    nodes: [{ ...exampleNode, image: 'lite', arch: 'x86_64', netboot: 'grub2' }],
    images: [{ name: 'lite', rootimgdir: directory }],
    site: { tftpdir: join(directory, 'tftp') },
  })
  const events: BootEvent[] = []
  let atMs = 0
  const files = openEfiFiles({
    cluster: { current } as unknown as Cluster,
    exists: (path) => path === '/usr/lib/ipxe/snponly.efi',
    emit: (event) => events.push(event),
    now: () => atMs,
  })
  const below = (path: string | undefined) => path?.replace(`${directory}/`, '')
  return {
    put,
    events,
    later: (ms: number) => {
      atMs += ms
    },
    find: async (name: string, protocol: 'tftp' | 'http' = 'tftp', ip = '10.20.0.107') =>
      below(await files.find(name, ip, protocol)),
    common: (name: string) => below(files.common(name)),
  }
}

test('shim of the image, GRUB beside it; the site’s own file before all; a shim that is added counts at once', async (t) => {
  const { find, put } = open(t)
  t.is(await find(NAME), '/usr/lib/ipxe/snponly.efi')
  put(GRUB)
  t.is(await find(NAME), GRUB)
  put(SHIM)
  t.is(await find(NAME), SHIM)
  t.is(await find('/boot/efi/cn07/grubx64.efi'), GRUB)
  t.is(await find('boot/efi/cn07/mmx64.efi'), undefined)
  put('tftp/boot/grub2/grub2.x86_64')
  t.is(await find(NAME), SHIM)
  t.is(await find(NAME, 'http'), 'tftp/boot/grub2/grub2.x86_64')
  put('tftp/boot/grub2/grub2-cn07')
  t.is(await find(NAME, 'http'), 'tftp/boot/grub2/grub2-cn07')
  put(`tftp/${NAME}`)
  t.is(await find(NAME), `tftp/${NAME}`)
  t.is(await find(NAME, 'http'), `tftp/${NAME}`)
})

test('the timeline is told once a boot what the node got, and not when somebody else looks', async (t) => {
  const { find, events, later } = open(t, SHIM, GRUB)
  await find(NAME, 'tftp', '10.20.0.200')
  t.deepEqual(events, [])
  await find(NAME)
  later(2000)
  await find(NAME)
  t.is(events.length, 1)
  t.like(events[0], { service: 'server', event: 'loader', node: 'cn07', ok: true })
  t.regex(events[0]?.detail ?? '', /^shim of lite$/)
  // The quickest second boot.
  later(15_000)
  await find(NAME)
  t.is(events.length, 2)
})

test("GRUB's modules are of the image of who asks", async (t) => {
  const module = 'rootimg/usr/lib/grub/x86_64-efi/http.mod'
  const { find } = open(t, module)
  t.is(await find('/grub/x86_64-efi/http.mod'), module)
  t.is(await find('boot/efi/cn07/x86_64-efi/http.mod', 'tftp', '10.20.0.200'), module)
  t.is(await find('/grub/x86_64-efi/http.mod', 'tftp', '10.20.0.200'), undefined)
  t.is(await find('/grub/x86_64-efi/../http.mod'), undefined)
  t.is(await find('boot/efi/cn07/grub/x86_64-efi/http.mod', 'http', '10.20.0.200'), module)
  t.is(await find('/EFI/redhat/x86_64-efi/http.mod'), module)
})

test("GRUB's modules of the SUSE family are found in their place", async (t) => {
  const module = 'rootimg/usr/share/grub2/x86_64-efi/tftp.mod'
  const { find } = open(t, module)
  t.is(await find('boot/efi/cn07/x86_64-efi/tftp.mod'), module)
})

test('GRUB and MokManager asked for without a directory: of the image of who asks; the site’s file first', async (t) => {
  const MOK = 'rootimg/usr/lib/shim/mmx64.efi.signed'
  const { find, put } = open(t, SHIM, GRUB, MOK)
  t.is(await find('grubx64.efi'), GRUB)
  t.is(await find('/mmx64.efi', 'http'), MOK)
  t.is(await find('grubx64.efi', 'tftp', '10.20.0.200'), undefined)
  put('tftp/grubx64.efi')
  t.is(await find('/grubx64.efi', 'http'), 'tftp/grubx64.efi')
})

test('BIOS without a GRUB of the site: iPXE; loaders for all: the site’s before the package’s, and nothing else', async (t) => {
  const { find, put, common } = open(t, 'tftp/undionly.kpxe', 'tftp/secret')
  t.is(await find('boot/grub2/grub2-cn07'), 'tftp/undionly.kpxe')
  t.is(common('/snponly.efi'), '/usr/lib/ipxe/snponly.efi')
  put('tftp/snponly.efi')
  t.is(common('/snponly.efi'), 'tftp/snponly.efi')
  t.is(common('/secret'), undefined)
  t.is(common('/../secret'), undefined)
})

/** What shim and GRUB ask for below the root of the HTTP server, with a GRUB that has its files by HTTP. */
import test from 'ava'
import { openFileServer } from '../../src/http/files.ts'
import { type HttpRouteParts, httpRoutes } from '../../src/server/http-routes.ts'
import { openGoldenSite } from '../golden/site.ts'
import { openRig } from '../http/rig.ts'

const ANSWERS: readonly (readonly [path: string, body: string | undefined])[] = [
  // Debian's and Ubuntu's prefix.
  ['/grub/grub.cfg', 'grub of n1 by client'],
  ['/grub/x86_64-efi/grub.cfg', 'grub of n1 by client'],
  ['/grub/x86_64-efi/command.lst', 'image/rootimg/usr/lib/grub/x86_64-efi/command.lst'],
  ['/boot/efi/n1/grub/grub.cfg', 'grub of n1 by name'],
  // RHEL's and SUSE's, beside themselves, and the prefix that RHEL's has built in.
  ['/boot/efi/n1//grub.cfg-01-52-54-00-77-00-01', 'grub of n1 by name'],
  ['/boot/efi/n1/x86_64-efi/http.mod', 'image/rootimg/usr/lib/grub/x86_64-efi/http.mod'],
  ['/boot/efi/n1/netbootx64.efi', 'tftpboot/boot/grub2/grub2.x86_64'],
  ['/boot/efi/n1//grubx64.efi', 'image/rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'],
  ['/EFI/redhat/grub.cfg-01-52-54-00-77-00-01', 'grub of n1 by mac'],
  ['/EFI/redhat/grub.cfg', 'grub of n1 by client'],
  // shim that lost its directory.
  ['//grubx64.efi', 'image/rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'],
  // shim asks, and goes on without.
  ['/boot/efi/n1/revocations.efi', undefined],
  ['/revocations.efi', undefined],
  ['/snponly.efi', undefined],
  ['/grub/unicode.pf2', undefined],
]

for (const [path, body] of ANSWERS)
  test(`GET ${path}: ${body ?? 'there is no such file'}`, async (t) => {
    const site = openGoldenSite(t, { arch: 'x86_64', netboot: 'grub2-http', ip: '127.0.0.1' })
    const files = openFileServer({ now: () => Date.now() + 60_000 })
    const nothing = { find: async () => undefined, whyNot: () => undefined }
    const parts = { ...site, discoveryEfi: nothing, files, emit: () => undefined } as unknown as HttpRouteParts
    const { port } = await openRig(t, httpRoutes(parts))
    for (const method of ['HEAD', 'GET']) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method })
      const text = await answer.text()
      t.is(answer.status, body === undefined ? 404 : 200)
      if (body === undefined) continue
      t.is(text, method === 'HEAD' ? '' : body)
      t.is(answer.headers.get('content-length'), String(Buffer.byteLength(body)))
      t.is(answer.headers.get('transfer-encoding'), null)
      // UEFI 2.10 §24.7.3: what firmware that goes by the media type must be told of a program, however it is named on the disk.
      if (path.endsWith('.efi')) t.is(answer.headers.get('content-type'), 'application/efi')
    }
  })

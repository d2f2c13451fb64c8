/** The site that the captured boots were seen at, as far as names on its disk go: every file says what it is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { bootFileFor } from '../../src/boot/names.ts'
import type { Cluster } from '../../src/cluster/model.ts'
import type { Blobs } from '../../src/server/blobs.ts'
import type { BootFiles } from '../../src/server/boot-files.ts'
import { openEfiFiles } from '../../src/server/efi-files.ts'
import { buildSnapshot } from '../statelite/snapshot.ts'

const GRUB_LISTS = ['command.lst', 'fs.lst', 'crypto.lst', 'terminal.lst', 'http.mod']
const FILES = [
  ...['image/kernel', 'image/kernel.gz', 'image/initrd'],
  ...['pxelinux.0', 'lpxelinux.0', 'ldlinux.c32', 'snponly.efi', 'ipxe.efi', 'boot/grub2/grub2.x86_64'].map(
    (name) => `tftpboot/${name}`,
  ),
  'tftpboot/boot/grub2/grub2.ppc',
  'tftpboot/boot/grub2/grub2.aarch64',
  'image/rootimg/usr/lib/shim/shimaa64.efi.signed',
  'image/rootimg/usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed',
  ...GRUB_LISTS.map((name) => `image/rootimg/usr/lib/grub/arm64-efi/${name}`),
  'image/rootimg/usr/lib/shim/shimx64.efi.signed',
  'image/rootimg/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed',
  ...GRUB_LISTS.map((name) => `image/rootimg/usr/lib/grub/x86_64-efi/${name}`),
]

export interface GoldenSite {
  readonly cluster: Cluster
  readonly bootFiles: BootFiles
  readonly blobs: Blobs
  readonly efiFiles: ReturnType<typeof openEfiFiles>
  /** A path of the site without the directory it is in. */
  below(path: string): string
}

/** @param ip of the node: what asks from elsewhere is not it */
export function openGoldenSite(
  t: ExecutionContext,
  { arch, netboot, ip = '10.77.0.11' }: { readonly arch: string; readonly netboot: string; readonly ip?: string },
): GoldenSite {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-golden-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  for (const name of FILES) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), name)
  }
  const current = buildSnapshot({
    nodes: [{ name: 'n1', mac: '52:54:00:77:00:01', ip, image: 'debian12-lite', arch, netboot }],
    images: [{ name: 'debian12-lite', rootimgdir: join(directory, 'image'), osarch: arch }],
    site: { tftpdir: join(directory, 'tftpboot') },
  })
  // What these rooms read of a cluster.
  const cluster = { current } as unknown as Cluster
  /** Digests in the names are of the image that was captured with. */
  const resolve = (name: string) => {
    const file = /^\/?image\/debian12-lite\/[0-9a-f]{16}\/(kernel|kernel\.gz|initrd)$/.exec(name)?.[1]
    return file === undefined ? undefined : join(directory, 'image', file)
  }
  return {
    cluster,
    below: (path) => path.replace(`${directory}/`, ''),
    bootFiles: {
      textFor(path, clientIp) {
        const found = bootFileFor(path, current, clientIp)
        return found && { text: `${found.kind} of ${found.node.name} by ${found.by}`, node: found.node.name }
      },
    },
    blobs: {
      resolve,
      resolveFor: (_: string, name: string) => resolve(name),
      whyNot: () => undefined,
    } as unknown as Blobs,
    efiFiles: openEfiFiles({ cluster, exists: () => false, emit: () => undefined, now: () => 0 }),
  }
}

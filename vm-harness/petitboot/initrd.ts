/**
 * The initrd of a machine that boots as OPAL's petitboot does: drivers, busybox and kexec of an image, and `init`. QEMU has
 * no petitboot of its own; its kernel is the image's.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { assembleInitrd } from '../../src/image/initrd/assemble.ts'
import { encodeCpio } from '../../src/image/initrd/cpio.ts'
import { imageKernel } from '../../src/image/initrd/kernel.ts'
import type { Handed } from '../handed.ts'

const SCRIPTS = join(import.meta.dirname, '../../initrd-scripts')
/** On a real machine petitboot's kernel says the same on its console. */
const COMMAND_LINE = 'console=hvc0 quiet'

/** @param rootimgdir of a ppc64le image with kexec-tools in it; @param output where the initrd goes */
export async function makePetitboot(rootimgdir: string, output: string): Promise<Handed> {
  const work = mkdtempSync(join(tmpdir(), 'liteboot-petitboot-'))
  try {
    const lean = join(work, 'lean')
    await assembleInitrd({
      rootimg: join(rootimgdir, 'rootimg'),
      arch: 'ppc64le',
      scripts: SCRIPTS,
      programs: ['kexec'],
      output: lean,
      compress: 'gzip',
    })
    const own = ['init', 'petitboot.script', 'petitboot.awk'].map((name) => ({
      ...{ name, kind: 'file' as const, mode: 0o755, data: readFileSync(join(import.meta.dirname, name)) },
    }))
    // The kernel unpacks one archive after the other; the second one's /init wins.
    writeFileSync(output, Buffer.concat([readFileSync(lean), gzipSync(encodeCpio(own))]))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  const { path } = await imageKernel(rootimgdir)
  return { kernel: path, initrd: output, commandLine: COMMAND_LINE }
}

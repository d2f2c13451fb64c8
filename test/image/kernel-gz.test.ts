import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import test from 'ava'
import { openImageFiles } from '../../src/image/image-files.ts'
import { copyKernel } from '../../src/image/initrd/kernel.ts'
import { encodeElf } from './elf-file.ts'

function makeImage(t: { teardown(step: () => void): void }, kernel: Buffer) {
  const rootimgdir = mkdtempSync(join(tmpdir(), 'liteboot-kernel-gz-'))
  t.teardown(() => rmSync(rootimgdir, { recursive: true, force: true }))
  mkdirSync(join(rootimgdir, 'rootimg/boot'), { recursive: true })
  const put = (bytes: Buffer) => writeFileSync(join(rootimgdir, 'rootimg/boot/vmlinux-6.1.0'), bytes)
  put(kernel)
  return { rootimgdir, put, image: { name: 'hpc', rootimgdir } }
}

/** Digests in a chain: nothing makes them smaller, and each run has the same. */
function incompressible(): Buffer {
  let last = Buffer.alloc(0)
  return Buffer.concat(
    Array.from({ length: 2000 }, () => {
      last = createHash('sha256').update(last).digest()
      return last
    }),
  )
}

const vmlinux = (fill: number) => Buffer.concat([encodeElf({ machine: 21 }), Buffer.alloc(100_000, fill)])

test('a POWER kernel is there twice: as it is, and compressed for GRUB', async (t) => {
  const { rootimgdir, image, put } = makeImage(t, vmlinux(1))
  await copyKernel({ rootimgdir, arch: 'ppc64le' })
  const gz = join(rootimgdir, 'kernel.gz')
  t.deepEqual(gunzipSync(readFileSync(gz)), readFileSync(join(rootimgdir, 'kernel')))
  const found = openImageFiles().find(image, 'kernel.gz')
  t.true('urlPath' in found && /^\/image\/hpc\/[0-9a-f]{16}\/kernel\.gz$/.test(found.urlPath))

  const { ino } = statSync(gz)
  await copyKernel({ rootimgdir, arch: 'ppc64le' })
  t.is(statSync(gz).ino, ino, 'the same kernel is not compressed again')

  put(vmlinux(2))
  await copyKernel({ rootimgdir, arch: 'ppc64le' })
  t.deepEqual(gunzipSync(readFileSync(gz)), vmlinux(2))
})

test('kernel.gz of another kernel does not count', async (t) => {
  const { rootimgdir, image } = makeImage(t, vmlinux(1))
  await copyKernel({ rootimgdir, arch: 'ppc64le' })
  writeFileSync(join(rootimgdir, 'kernel'), vmlinux(3))
  const found = openImageFiles().find(image, 'kernel.gz')
  t.true('fault' in found && found.fault.includes('run liteimg hpc'))
})

test('what is compressed already is not compressed again, and x86 kernels never', async (t) => {
  const noise = incompressible()
  const power = makeImage(t, Buffer.concat([encodeElf({ machine: 21 }), noise]))
  await copyKernel({ rootimgdir: power.rootimgdir, arch: 'ppc64le' })
  t.false(existsSync(join(power.rootimgdir, 'kernel.gz')))
  const x86 = makeImage(t, Buffer.concat([encodeElf({ machine: 62 }), Buffer.alloc(100_000)]))
  await copyKernel({ rootimgdir: x86.rootimgdir, arch: 'x86_64' })
  t.false(existsSync(join(x86.rootimgdir, 'kernel.gz')))
})

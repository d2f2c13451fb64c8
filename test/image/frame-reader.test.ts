/** The program that waits for one frame: what can be said of it without a network. test-net/discovery.test.ts has one. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { architectureOfElf } from '../../src/image/initrd/architecture.ts'
import { frameReader } from '../../src/image/initrd/frame-reader.ts'

/** How it is run here: itself, or with Debian's qemu-user-static. */
const RUNNERS: Readonly<Record<string, readonly string[] | undefined>> = {
  x86_64: process.arch === 'x64' ? [] : undefined,
  aarch64: existsSync('/usr/bin/qemu-aarch64-static') ? ['/usr/bin/qemu-aarch64-static'] : undefined,
  ppc64le: existsSync('/usr/bin/qemu-ppc64le-static') ? ['/usr/bin/qemu-ppc64le-static'] : undefined,
}

for (const arch of ['x86_64', 'aarch64', 'ppc64le']) {
  test(`${arch}: an ELF program for it, smaller than a page`, (t) => {
    const bytes = frameReader(arch) as Buffer
    t.is(architectureOfElf(bytes), arch)
    t.true(bytes.length < 4096)
  })

  const runner = RUNNERS[arch]
  const runs = runner ? test : test.skip
  runs(
    `${arch}: without an address it ends with 1, and writes nothing${runner ? '' : ' (cannot be run here)'}`,
    (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'liteboot-reader-'))
      t.teardown(() => rmSync(directory, { recursive: true, force: true }))
      const program = join(directory, 'reader')
      writeFileSync(program, frameReader(arch) as Buffer, { mode: 0o755 })
      const [first = program, ...rest] = [...(runner ?? []), program]
      for (const input of ['', 'short', 'x'.repeat(20)]) {
        const { status, stdout, signal } = spawnSync(first, rest, { input, timeout: 20_000 })
        t.is(signal, null)
        t.is(status, 1)
        t.is(stdout.length, 0)
      }
    },
  )
}

test('other architectures have none', (t) => {
  t.is(frameReader('s390x'), undefined)
})

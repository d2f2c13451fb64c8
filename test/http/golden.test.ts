/** Requests as GRUB sent them: a server that answers from the beginning instead of the range makes it load garbage. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { blobRoute } from '../../src/http/file-routes.ts'
import { openFileServer } from '../../src/http/files.ts'
import { askBytes, later, newDirectory, openRig, patternBytes } from './rig.ts'

/** As when they were captured: the range GRUB asks for depends on it. */
const KERNEL_BYTES = 10_291_768

const requests = readFileSync(join(import.meta.dirname, 'golden/requests.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { client: string; request: string })

for (const [index, { client, request }] of requests.entries()) {
  const from = /^Range: bytes=(\d+)-\r$/m.exec(request)?.[1]
  test(`${client}, request ${index + 1}: ${from === undefined ? 'all' : `from byte ${from}`}`, async (t) => {
    const directory = newDirectory()
    chmodSync(directory.path, 0o755)
    t.teardown(() => directory.remove())
    const content = patternBytes(KERNEL_BYTES)
    writeFileSync(join(directory.path, 'file'), content)
    const files = openFileServer({ now: later })
    const rig = await openRig(t, [blobRoute(files, '/image', () => join(directory.path, 'file'))])
    const answer = await askBytes(rig.port, [request])
    const end = answer.indexOf('\r\n\r\n')
    const head = answer.toString('latin1', 0, end)
    const body = answer.subarray(end + 4)
    const start = Number(from ?? 0)
    t.regex(head, from === undefined ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 206 /)
    t.regex(head, new RegExp(`^Content-Length: ${KERNEL_BYTES - start}\r?$`, 'im'))
    if (from !== undefined)
      t.true(head.toLowerCase().includes(`content-range: bytes ${start}-${KERNEL_BYTES - 1}/${KERNEL_BYTES}`))
    // GRUB must learn the length from the header.
    t.notRegex(head, /transfer-encoding/i)
    t.true(body.equals(content.subarray(start)))
  })
}

/** Requests as GRUB sent them: a server that answers from the beginning instead of the range makes it load garbage. */
import { chmodSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { blobRoute } from '../../src/http/file-routes.ts'
import { openFileServer } from '../../src/http/files.ts'
import { goldenHttp } from '../golden/requests.ts'
import { later, newDirectory, openRig, patternBytes } from './rig.ts'

/** As when they were captured: the range GRUB asks for depends on it. */
const KERNEL_BYTES = 10_291_768

const requests = goldenHttp.filter(({ client, asks }) => client.startsWith('GRUB') && asks.startsWith('GET /image/'))

for (const { case: way, order, client, request } of requests) {
  const from = /^Range: bytes=(\d+)-\r$/m.exec(request)?.[1]
  test(`${way} ${order}, ${client}: ${from === undefined ? 'all' : `from byte ${from}`}`, async (t) => {
    const directory = newDirectory()
    chmodSync(directory.path, 0o755)
    t.teardown(() => directory.remove())
    const content = patternBytes(KERNEL_BYTES)
    writeFileSync(join(directory.path, 'file'), content)
    const files = openFileServer({ now: later })
    const rig = await openRig(t, [blobRoute(files, '/image', () => join(directory.path, 'file'))])
    const answer = await askAsGrub(rig.port, request)
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

/** Keeps the connection open until it has what the header promised, then drops it. */
function askAsGrub(port: number, request: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let received = 0
    let wanted = Number.POSITIVE_INFINITY
    const socket = connect(port, '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.on('data', (data: Buffer) => {
      pieces.push(data)
      received += data.length
      if (wanted === Number.POSITIVE_INFINITY) {
        const head = /^[\s\S]*?\r\n\r\n/.exec(Buffer.concat(pieces).toString('latin1'))?.[0]
        const length = head && /^content-length: (\d+)/im.exec(head)?.[1]
        if (head !== undefined && length !== undefined) wanted = head.length + Number(length)
      }
      if (received >= wanted) socket.destroy()
    })
    socket.on('close', () => resolve(Buffer.concat(pieces)))
    socket.on('error', reject)
  })
}

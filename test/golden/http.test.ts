/** Every captured HTTP request: sent to a real server as it was seen, answered so that its sender can go on. */
import { connect } from 'node:net'
import test from 'ava'
import { openFileServer } from '../../src/http/files.ts'
import type { HttpRoute } from '../../src/http/route.ts'
import { type HttpRouteParts, httpRoutes } from '../../src/server/http-routes.ts'
import { openRig } from '../http/rig.ts'
import { goldenHttp } from './requests.ts'
import { openGoldenSite } from './site.ts'
import { GOLDEN_WAYS } from './ways.ts'

interface Place {
  /** Name of the route that takes it. */
  readonly route: string
  /** What comes back; left out: the route needs more than names. */
  readonly body?: string
}

/** By method and target; a digest is `*`. */
const BEHIND: Readonly<Record<string, Place>> = {
  'HEAD /boot/loader/snponly.efi': { route: 'blobs /boot/loader', body: '' },
  'GET /boot/loader/snponly.efi': { route: 'blobs /boot/loader', body: 'tftpboot/snponly.efi' },
  'HEAD /boot/efi/n1/netbootx64.efi': { route: 'blobs /boot/efi', body: '' },
  // By HTTP the server's own GRUB: the image's cannot go on without TFTP.
  'GET /boot/efi/n1/netbootx64.efi': { route: 'blobs /boot/efi', body: 'tftpboot/boot/grub2/grub2.x86_64' },
  'HEAD /boot/efi/n1/netbootaa64.efi': { route: 'blobs /boot/efi', body: '' },
  'GET /boot/efi/n1/netbootaa64.efi': { route: 'blobs /boot/efi', body: 'tftpboot/boot/grub2/grub2.aarch64' },
  'GET /boot/grub2/grub.cfg': { route: 'rendered /boot', body: 'grub of n1 by client' },
  'GET /boot/ipxe/n1': { route: 'rendered /boot', body: 'ipxe of n1 by name' },
  'GET /boot/petitboot/n1': { route: 'rendered /boot', body: 'petitboot of n1 by name' },
  'GET /image/debian12-lite/*/kernel': { route: 'blobs /image', body: 'image/kernel' },
  'GET /image/debian12-lite/*/kernel.gz': { route: 'blobs /image', body: 'image/kernel.gz' },
  'GET /image/debian12-lite/*/initrd': { route: 'blobs /image', body: 'image/initrd' },
  'GET /node/v1/n1/plan?boot=debian12-lite@2': { route: 'plan' },
  'POST /node/v1/n1/report': { route: 'report' },
}
const DIGEST = /\/[0-9a-f]{16}\//
const captured = goldenHttp.filter((request) => request.case in GOLDEN_WAYS)

/** Keeps its side open, as they do, and goes when it has what the head promised, or is left. */
function send(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request, 'latin1'))
    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      received += data
      const [head = '', body] = received.split('\r\n\r\n')
      const length = request.startsWith('HEAD') ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN)
      if (body !== undefined && body.length >= length) socket.destroy()
    })
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

for (const { case: way, order, client, asks, request } of captured) {
  test(`${way} ${order}: ${client}: ${asks}`, async (t) => {
    const site = openGoldenSite(t, { ...GOLDEN_WAYS[way]!, ip: '127.0.0.1' })
    const { cluster, bootFiles, blobs, efiFiles } = site
    const files = openFileServer({ now: () => Date.now() + 60_000 })
    // The rest belongs to routes of which only the name is looked at.
    const parts = { cluster, bootFiles, blobs, efiFiles, files, emit: () => undefined } as unknown as HttpRouteParts
    const routes = httpRoutes(parts)
    const taken: string[] = []
    const watched = routes.map(
      (route): HttpRoute => ({
        ...route,
        matches: (path) => route.matches(path),
        async handle(one, response) {
          taken.push(`${one.method} ${route.name}`)
          if (route.name !== 'plan' && route.name !== 'report') return route.handle(one, response)
          const { length = 0 } = one.method === 'POST' ? bodyOf(await one.readBody(1000)) : {}
          response.raw.setHeader('content-length', '0')
          response.raw.writeHead(length === expectedBytes ? 200 : 400).end()
        },
      }),
    )
    const rig = await openRig(t, watched)
    const expectedBytes = Number(/^content-length: *(\d+)/im.exec(request)?.[1] ?? 0)
    const answer = await send(rig.port, request + 'x'.repeat(expectedBytes))
    const [head = '', body] = answer.split('\r\n\r\n')

    const { route, body: expected } = BEHIND[asks.replace(DIGEST, '/*/')]!
    t.deepEqual(taken, [`${asks.split(' ')[0]} ${route}`])
    const from = Number(/^range: bytes=(\d+)-\r$/im.exec(request)?.[1] ?? 0)
    if (expected !== undefined && from > expected.length) {
      // The file was longer then; test/http/golden.test.ts has one as long.
      t.regex(head, /^HTTP\/1\.1 416 /)
      return
    }
    t.regex(head, /^HTTP\/1\.1 20[06] /)
    // GRUB, iPXE and firmware take the length from here.
    t.regex(head, /^content-length: \d+$/im)
    t.notRegex(head, /^transfer-encoding/im)
    if (expected !== undefined) t.is(body, expected)
    // RFC 9112 §9.3: HTTP/1.0, or who says so, waits for the end of the connection.
    const isLast = /^\S+ \S+ HTTP\/1\.0\r/.test(request) || /^connection: close\r$/im.test(request)
    t.is(/^connection: close\r?$/im.test(head), isLast, head)
  })
}

function bodyOf(read: { readonly body: Buffer } | { readonly fault: string }): { readonly length?: number } {
  return 'body' in read ? { length: read.body.length } : {}
}

test('every request of the table was captured', (t) => {
  t.deepEqual(Object.keys(BEHIND).sort(), [...new Set(captured.map(({ asks }) => asks.replace(DIGEST, '/*/')))].sort())
})

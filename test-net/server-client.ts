/**
 * A node's NFS client for server.test.ts, inside the node's namespace: `mount <path>` prints the root handle and holds the
 * connection until standard input ends; `getattr <handle>` prints the status.
 */
import { NfsClient } from '../test/nfs/client.ts'

const [verb = '', what = ''] = process.argv.slice(2)
const client = await NfsClient.open(verb === 'mount' ? 20048 : 2049, '10.77.0.1')
if (verb === 'mount') {
  const { status, handle } = await client.mount(what)
  const nfs = await NfsClient.open(2049, '10.77.0.1')
  process.stdout.write(`${JSON.stringify({ status, handle: handle.toString('hex') })}\n`)
  process.stdin.resume().on('end', () => {
    nfs.close()
    client.close()
  })
} else {
  const { status, attributes } = await client.getattr(Buffer.from(what, 'hex'))
  process.stdout.write(`${JSON.stringify({ status, type: attributes?.type })}\n`)
  client.close()
}

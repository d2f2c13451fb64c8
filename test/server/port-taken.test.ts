import { createServer } from 'node:net'
import test from 'ava'
import { OperatorError } from '../../src/api/errors.ts'
import { openingPorts } from '../../src/server/port-taken.ts'

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

test('a taken port: which, of whom, how to find its holder', async (t) => {
  const first = await listen(0)
  t.teardown(() => first.close())
  const { port } = first.address() as { port: number }
  const error = await t.throwsAsync(openingPorts('HTTP', listen(port)), { instanceOf: OperatorError })
  t.like(error, {
    code: 'LB_PORT_IN_USE',
    message: `HTTP cannot use TCP port ${port} of 127.0.0.1: another program holds it`,
  })
  t.true((error as OperatorError).advice.includes(`ss -lptn 'sport = :${port}'`))
})

test('other faults go through as they are', async (t) => {
  const fault = new Error('other')
  t.is(await t.throwsAsync(openingPorts('NFS', Promise.reject(fault))), fault)
  t.is(await openingPorts('NFS', Promise.resolve(3)), 3)
})

/** The API over a real unix socket: who may open it, what comes back, and what happens when one end is gone. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { connectApi, isServed } from '../../src/api/client.ts'
import { OperatorError } from '../../src/api/errors.ts'
import { API_LIMITS } from '../../src/api/limits.ts'
import type { Methods } from '../../src/api/methods/index.ts'
import type { MethodName } from '../../src/api/params.ts'
import { commandResult } from '../../src/api/protocol.ts'
import { openApiServer } from '../../src/api/server.ts'
import { newPlaces, openApiRig } from './rig.ts'

async function operatorError(t: ExecutionContext, work: Promise<unknown>): Promise<OperatorError> {
  return (await t.throwsAsync(work, { instanceOf: OperatorError })) as OperatorError
}

interface Raw {
  readonly status: number
  readonly body: string
}

function post(socketPath: string, path: string, body: string, type = 'application/json'): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method: 'POST', headers: { 'content-type': type } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    call.on('error', reject)
    call.end(body)
  })
}

test('only root may open the socket, from the first moment on', async (t) => {
  const { places, server } = await openApiRig(t)
  t.is(statSync(places.socket).mode & 0o777, 0o600)
  t.deepEqual(
    readdirSync(places.state).filter((name) => name.startsWith('api')),
    ['api.sock'],
  )
  await server.close()
  t.false(existsSync(places.socket))
})

test('a socket that a killed server left is taken over; that of a living one is not', async (t) => {
  const { places, methods } = await openApiRig(t)
  const error = await operatorError(t, openApiServer(places.socket, methods))
  t.is(error.code, 'LB_RUNNING')
  t.true(await isServed(places.socket))
  const other = newPlaces(t)
  const child = fork(join(import.meta.dirname, 'leave-socket.ts'), [other.socket], { execArgv: [] })
  await once(child, 'exit')
  t.true(existsSync(other.socket))
  t.false(await isServed(other.socket))
  const server = await openApiServer(other.socket, methods)
  t.true(await isServed(other.socket))
  await server.close()
})

test('progress comes while the work goes on, line by line', async (t) => {
  let goOn = () => {}
  const call: Methods['call'] = async (_caller, _method, _params, onProgress) => {
    onProgress?.('one')
    onProgress?.('two, with a\nline break and ünicode')
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    return commandResult(['done'], { fine: true })
  }
  const { client } = await openApiRig(t, { call })
  const seen: string[] = []
  const result = await client.call('server.ping', {}, (line) => {
    seen.push(line)
    if (seen.length === 2) goOn()
  })
  t.deepEqual(seen, ['one', 'two, with a\nline break and ünicode'])
  t.deepEqual(result, { output: ['done'], data: { fine: true }, errors: [], exitStatus: 0 })
})

test('errors arrive with their code, words and advice; a defect with its place', async (t) => {
  const call: Methods['call'] = async (_caller, method) => {
    if (method === 'server.ping') throw new OperatorError('LB_FILE', 'words', 'advice')
    throw new TypeError('a defect')
  }
  const { client } = await openApiRig(t, { call })
  const known = await operatorError(t, client.call('server.ping', {}))
  t.like(known, { code: 'LB_FILE', message: 'words', advice: 'advice' })
  const unknown = await operatorError(t, client.call('exports.list', {}))
  t.is(unknown.code, 'LB_INTERNAL')
  t.regex(unknown.message, /TypeError: a defect\n {4}at .*socket\.test/)
})

test('unknown methods and wrong parameters are refused by name', async (t) => {
  const { client } = await openApiRig(t)
  const callAny = client.call as (method: string, params: unknown) => Promise<unknown>
  for (const method of ['no.such', 'toString', '__proto__', '../x', ''])
    t.is((await operatorError(t, callAny(method, {}))).code, 'LB_NO_METHOD', method)
  for (const params of [{}, { noderange: 1 }, { noderange: 'a', more: 1 }, [], 'text', null]) {
    const error = await operatorError(t, callAny('statelite.litefile' satisfies MethodName, params))
    t.is(error.code, 'LB_USAGE', JSON.stringify(params))
  }
})

test('what is no JSON, or of another type, is turned away and breaks nothing', async (t) => {
  const { places, client } = await openApiRig(t)
  t.is((await post(places.socket, '/v1/server.ping', '{"a":')).status, 400)
  t.is((await post(places.socket, '/v1/server.ping', '<a/>', 'text/xml')).status, 415)
  t.is((await post(places.socket, '/elsewhere', '{}')).status, 404)
  t.is((await client.call('server.ping', {})).exitStatus, 0)
})

test('a table of a hundred thousand rows goes in and comes out whole', async (t) => {
  const { client } = await openApiRig(t)
  const rows = Array.from({ length: 100_000 }, (_, at) => `"n${at}","00:00:00:${at.toString(16)} größe"`)
  const csv = `#node,comments\n${rows.join('\n')}\n`
  const restored = await client.call('tables.restore', { table: 'hosts', csv })
  t.like(restored, { exitStatus: 0, data: { rows: 100_000 } })
  const dumped = await client.call('tables.dump', { table: 'hosts' })
  t.is(dumped.output.length, 100_001)
  t.is(dumped.output.at(-1), `"n99999",,,,"00:00:00:1869f größe",`)
})

test('input beyond the limit is refused with words', async (t) => {
  const { client, places } = await openApiRig(t)
  const csv = 'x'.repeat(API_LIMITS.requestBytes + 1)
  const error = await operatorError(t, client.call('tables.restore', { table: 'hosts', csv }))
  t.like(error, { code: 'LB_BAD_INPUT', message: 'the input is larger than 64 MiB' })
  // Who speaks to the socket without our client is held to it, too.
  const raw = post(places.socket, '/v1/tables.restore', JSON.stringify({ table: 'hosts', csv }))
  t.is(
    await raw.then(
      ({ status }) => status,
      () => 413,
    ),
    413,
  )
  const again = await connectApi(places)
  t.is((await again.call('server.ping', {})).exitStatus, 0)
  await again.close()
})

test('a server killed in the middle of a call: LB_SERVER_GONE, at once', async (t) => {
  const places = newPlaces(t)
  const child = fork(join(import.meta.dirname, 'stuck-server.ts'), [places.socket], { execArgv: [] })
  await once(child, 'message')
  const client = await connectApi(places)
  const error = await operatorError(
    t,
    client.call('server.ping', {}, () => child.kill('SIGKILL')),
  )
  t.is(error.code, 'LB_SERVER_GONE')
  t.regex(error.message, /server\.ping/)
  await client.close()
})

test('an answer that ends early, or is cut in a line, is no answer', async (t) => {
  for (const body of ['', '{"progress":"x"}\n', '{"result":{"outp']) {
    const places = newPlaces(t)
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${body}`))
    })
    server.listen(places.socket)
    await once(server, 'listening')
    const client = await connectApi(places)
    t.is((await operatorError(t, client.call('server.ping', {}))).code, 'LB_SERVER_GONE', body)
    await client.close()
    server.close()
  }
})

test('where a file stands in place of the socket, it says so', async (t) => {
  const places = newPlaces(t)
  writeFileSync(places.socket, '')
  t.false(await isServed(places.socket))
  t.is(readFileSync(places.socket, 'utf8'), '')
})

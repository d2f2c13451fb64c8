/** The API for other machines: who is let in, what they may do, and what a bad client cannot. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { ownCredentials } from '../../src/api/access/certificates.ts'
import { openTokens, parseLifetime, tokensFile } from '../../src/api/access/tokens.ts'
import { OperatorError } from '../../src/api/errors.ts'
import { REMOTE_LIMITS } from '../../src/api/limits.ts'
import { MASK } from '../../src/tables/secrets.ts'
import { openRemoteRig, type RemoteRig, raw } from './remote-rig.ts'

async function operatorError(t: ExecutionContext, work: Promise<unknown>): Promise<OperatorError> {
  return (await t.throwsAsync(work, { instanceOf: OperatorError })) as OperatorError
}

async function withNodes(t: ExecutionContext): Promise<RemoteRig> {
  const rig = await openRemoteRig(t)
  await rig.chtab('node=n1', 'nodelist.groups=rackA,all')
  await rig.chtab('node=n2', 'nodelist.groups=rackA,all')
  await rig.chtab('node=n3', 'nodelist.groups=rackB,all')
  return rig
}

test('a good token and a policy row: the same answer as on the socket', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.name=bob', 'policy.rule=allow')
  const client = rig.clientOf(rig.newToken())
  const asked = { names: 'n1', data: true }
  t.deepEqual(await client.call('objects.show', asked), await rig.client.call('objects.show', asked))
  t.like(await client.call('access.whoami', {}), { data: { user: 'bob', role: 'administrator' } })
})

test('no token, a wrong one, an ended one, a revoked one: all turned away, each with its reason', async (t) => {
  const rig = await openRemoteRig(t)
  await rig.chtab('priority=1', 'policy.rule=allow')
  const whoami = async (token: string) => operatorError(t, rig.clientOf(token).call('access.whoami', {}))
  const good = rig.newToken()
  const other = `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`
  for (const token of [other, 'lb_000000000000_x', 'x', '$']) {
    const error = await whoami(token)
    t.is(error.code, 'LB_LOGIN', token)
    t.regex(error.message, /does not know the token/)
  }
  t.regex((await whoami(rig.newToken({ expiresMs: Date.now() - 1 }))).message, /has ended/)
  const { id } = rig.tokens.create({ user: 'bob', role: 'viewer', description: '', expiresMs: Date.now() + 1e6 }).record
  t.is((await rig.clientOf(good).call('access.whoami', {})).exitStatus, 0)
  t.truthy(rig.tokens.revoke(id))
  const [first] = rig.tokens.list()
  rig.tokens.revoke(first?.id ?? '')
  t.is((await raw(rig, { path: '/v1/access.whoami', token: good })).status, 401)
  t.is((await raw(rig, { path: '/v1/access.whoami' })).status, 401)
})

test('a token that another process revokes is refused at once', async (t) => {
  const rig = await openRemoteRig(t)
  const token = rig.newToken()
  t.is((await raw(rig, { path: '/v1/access.whoami', token })).status, 200)
  const elsewhere = openTokens(tokensFile(rig.places.access), Date.now)
  elsewhere.revoke(elsewhere.list()[0]?.id ?? '')
  t.is((await raw(rig, { path: '/v1/access.whoami', token })).status, 401)
})

test('neither file nor log shows a token, and nobody else may read the files', async (t) => {
  const rig = await openRemoteRig(t)
  const token = rig.newToken()
  await raw(rig, { path: '/v1/tables.dump', token })
  const secret = token.slice(-43)
  const file = tokensFile(rig.places.access)
  t.false(readFileSync(file, 'utf8').includes(secret))
  t.false(rig.log.join().includes(secret))
  t.true(rig.log.length > 0)
  t.is(statSync(rig.places.access).mode & 0o777, 0o700)
  for (const name of ['tokens.json', 'server.key', 'ca.key'])
    t.is(statSync(join(rig.places.access, name)).mode & 0o777, 0o600, name)
})

test('the role is asked before the policy', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=1', 'policy.rule=allow')
  const viewer = rig.clientOf(rig.newToken({ role: 'viewer' }))
  t.is((await viewer.call('objects.show', { names: 'n1' })).exitStatus, 0)
  const error = await operatorError(t, viewer.call('tables.change', { words: ['node=n1', 'nodelist.groups=x'] }))
  t.like(error, { code: 'LB_DENIED', message: 'Permission denied for request' })
  t.regex(rig.log.at(-1) ?? '', /denying tables\.change for bob .*needs the role administrator/)
})

test('denied: the caller hears no reason, the log and the audit log do', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=3', 'policy.name=bob', 'policy.commands=rmdef', 'policy.rule=deny')
  await rig.chtab('priority=5', 'policy.name=bob', 'policy.rule=allow')
  const answer = await raw(rig, { path: '/v1/objects.remove', token: rig.newToken(), body: '{"names":"n1"}' })
  t.false(answer.text.includes('row 3'))
  t.regex(rig.log.at(-1) ?? '', /policy row 3: denies/)
  const audit = await rig.client.call('tables.dump', { table: 'auditlog' })
  const row = audit.output.find((line) => line.includes('"Denied"')) ?? ''
  t.regex(row, /"bob".*"rmdef","n1".*policy row 3/)
  t.true((await rig.client.call('objects.show', { names: 'n1' })).output.length > 0)
})

test('an empty policy table lets nobody do anything, and says what to write', async (t) => {
  const rig = await openRemoteRig(t)
  const error = await operatorError(t, rig.clientOf(rig.newToken({ user: 'root' })).call('tables.dump', {}))
  t.is(error.code, 'LB_DENIED')
  t.regex(error.advice, /chtab priority=1 policy\.name=root policy\.rule=allow/)
})

test('node ranges count for object commands, for groups by their members, and when none is given', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.name=bob', 'policy.noderange=rackA', 'policy.rule=allow')
  const client = rig.clientOf(rig.newToken())
  const change = (operands: string[], assignments: string[], more: object = {}) =>
    client.call('objects.change', { operands, assignments, ...more })
  t.is((await change(['n1'], ['mgt=ipmi'])).exitStatus, 0)
  t.is((await client.call('objects.show', { names: 'rackA' })).exitStatus, 0)
  const denied = {
    'another node': () => change(['n3'], ['mgt=ipmi']),
    'one of several': () => change(['n1,n3'], ['mgt=ipmi']),
    'all nodes': () => client.call('objects.show', {}),
    'all objects': () => client.call('objects.show', { all: true }),
    'a group': () => change([], ['mgt=ipmi'], { type: 'group', objects: 'all' }),
    'members for an own group': () => change([], ['members=n3'], { type: 'group', objects: 'rackA' }),
    'a new name': () => change(['n1'], [], { newName: 'n9' }),
    stanzas: () => change([], [], { stanzas: 'n3:\n    objtype=node\n    mgt=ipmi\n' }),
    'an image': () => client.call('objects.show', { type: 'osimage' }),
    'whole tables': () => client.call('tables.dump', { table: 'nodelist' }),
  }
  for (const [what, call] of Object.entries(denied)) t.is((await operatorError(t, call())).code, 'LB_DENIED', what)
  // The group is asked for as it is now.
  await rig.chtab('node=n3', 'nodelist.groups=rackA,all')
  t.is((await change(['n3'], ['mgt=ipmi'])).exitStatus, 0)
  t.is((await client.call('objects.show', {})).exitStatus, 0)
})

test('hosts count by address, and by each of its names', async (t) => {
  const rig = await withNodes(t)
  const token = rig.newToken()
  const ask = async () => (await raw(rig, { path: '/v1/objects.show', token, body: '{"names":"n1"}' })).text
  for (const [host, allowed] of [
    ['127.0.0.1', true],
    ['ws1', true],
    ['ws', true],
    ['127.0.0.2', false],
    ['elsewhere', false],
  ] as const) {
    await rig.chtab('priority=5', `policy.host=${host}`, 'policy.rule=allow')
    t.is((await ask()).includes('Object name: n1'), allowed, host)
  }
})

test('a denying row for nodes also counts when no node is named', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.name=bob', 'policy.noderange=n3', 'policy.rule=deny')
  await rig.chtab('priority=6', 'policy.name=bob', 'policy.rule=allow')
  const client = rig.clientOf(rig.newToken())
  t.is((await operatorError(t, client.call('objects.show', {}))).code, 'LB_DENIED')
  t.is((await client.call('objects.show', { names: 'n1' })).exitStatus, 0)
  t.is((await client.call('objects.show', { type: 'network' })).exitStatus, 0)
})

test('no file of the server is read for a caller, and no pattern runs for ever', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.rule=allow')
  const token = rig.newToken({ role: 'viewer' })
  const show = (params: object) => raw(rig, { path: '/v1/objects.show', token, body: JSON.stringify(params) })
  const file = await show({ names: '^/etc/passwd' })
  t.regex(file.text, /files are not read here/)
  t.false(file.text.includes('root'))
  await rig.chtab(`node=${'a'.repeat(60)}b`, 'nodelist.groups=all')
  t.regex((await show({ names: '/(a+)+c' })).text, /takes too long/, rig.log.join('\n'))
  t.regex((await show({ where: ['node=~^(a+)+$'] })).text, /takes too long/)
})

test('files of the server are written only by commands that run there', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.rule=allow')
  const client = rig.clientOf(rig.newToken())
  const target = join(rig.places.state, 'written')
  const calls = [
    () => client.call('hosts.make', { file: target }),
    () => client.call('nodeset.set', { noderange: 'n1', exportDirectory: target }),
  ]
  for (const call of calls) {
    const error = await operatorError(t, call())
    t.is(error.code, 'LB_BAD_INPUT')
    t.regex(error.message, /only on the server itself/)
  }
  t.false(existsSync(target))
})

test('only administrators see passwords', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.rule=allow')
  await rig.chtab('key=system,username=root', 'passwd.password=topsecret')
  await rig.chtab('key=snmpc', 'site.value=sitesecret')
  await rig.chtab('node=n1', 'nodehm.mgt=ipmi', 'ipmi.bmc=10.0.0.9', 'ipmi.password=bmcsecret')
  const answers = async (role: 'viewer' | 'operator' | 'administrator') => {
    const client = rig.clientOf(rig.newToken({ role }))
    const dump = await client.call('tables.dump', { table: 'passwd' })
    const show = await client.call('objects.show', { names: 'n1' })
    const site = await client.call('tables.dump', { table: 'site' })
    return JSON.stringify([dump, show, site])
  }
  for (const role of ['viewer', 'operator'] as const) {
    const seen = await answers(role)
    t.false(/topsecret|bmcsecret|sitesecret/.test(seen), role)
    t.true(seen.includes(MASK))
  }
  t.regex(await answers('administrator'), /topsecret.*bmcsecret.*sitesecret/)
})

test('a password of the table passwd is exchanged for a token; wrong ones are counted', async (t) => {
  let nowMs = Date.now()
  const rig = await openRemoteRig(t, () => nowMs)
  await rig.chtab('priority=5', 'policy.rule=allow')
  await rig.chtab('key=xcat,username=amy', `passwd.password=sesame`)
  await rig.chtab('key=system,username=root', 'passwd.password=cluster')
  const login = (user: string, password: string, more: object = {}) =>
    raw(rig, { path: '/login', body: JSON.stringify({ user, password, ...more }) })
  const good = await login('amy', 'sesame', { role: 'viewer', expires: '2d' })
  t.is(good.status, 200)
  const { token, role, expiresMs } = JSON.parse(good.text)
  t.is(role, 'viewer')
  t.is(expiresMs, nowMs + 2 * 86_400_000)
  t.is((await raw(rig, { path: '/v1/tables.dump', token })).status, 200)
  t.is((await login('root', 'cluster')).status, 401, 'a password for other things')
  for (let at = 0; at < REMOTE_LIMITS.freeFailures; at++) t.is((await login('amy', `x${at}`)).status, 401)
  t.regex((await login('amy', 'sesame')).text, /too many failed logins/)
  // A good token is not made to wait; a wrong one is.
  t.is((await raw(rig, { path: '/v1/tables.dump', token })).status, 200)
  t.regex((await raw(rig, { path: '/v1/tables.dump', token: 'x' })).text, /too many failed logins/)
  nowMs += REMOTE_LIMITS.longestWaitMs
  t.is((await login('amy', 'sesame')).status, 200)
})

test('hashed passwords of all kinds are understood', async (t) => {
  const { isPasswordOf } = await import('../../src/api/access/passwords.ts')
  const hashes = [
    '$1$abc$iCQ2D3nhptRYi27fDYv2s1',
    '$5$abc$qsg6EHbUzHQzF1POlD7zUwBINSELQxypPaeDcZe6vH0',
    '$6$rounds=10000$abc$3DDOWZMNRRKDT142bUtYQRY52ycK/xshRXOQgIyt2QRXzLDnoPq6v4lO9bA3f/JhGz1mHrAh.QUDGHmaE5RxP.',
  ]
  for (const password of hashes) {
    const row = { key: 'xcat', username: 'amy', password, cryptmethod: null, authdomain: null }
    const view = { read: (table: string) => (table === 'passwd' ? [row] : []) }
    t.true(await isPasswordOf(view, 'amy', 'secret'), password)
    for (const wrong of ['Secret', 'secret ', '', 'secret\nx', password])
      t.false(await isPasswordOf(view, 'amy', wrong))
    t.false(await isPasswordOf(view, 'bob', 'secret'))
  }
})

test('nothing but TLS 1.2 and newer, and only to those who trust our authority', async (t) => {
  const rig = await openRemoteRig(t)
  const handshake = (options: object) =>
    new Promise<string>((resolve) => {
      const socket = connectTls({ host: '127.0.0.1', port: rig.remote.port, ca: rig.ca, ...options })
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.once('secureConnect', () => {
        resolve(socket.getProtocol() ?? '')
        socket.destroy()
      })
    })
  t.is(await handshake({}), 'TLSv1.3')
  t.is(await handshake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2')
  // The client's own library would refuse as well, were it not told to go lower.
  t.regex(
    await handshake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    /ALERT|EPROTO|PROTOCOL|ECONNRESET/,
  )
  t.regex(await handshake({ ca: undefined }), /SELF_SIGNED|UNABLE_TO/)
  const stranger = mkdtempSync(join(tmpdir(), 'liteboot-ca-'))
  t.teardown(() => rmSync(stranger, { recursive: true, force: true }))
  await ownCredentials(stranger, ['localhost'], Date.now())
  const client = rig.clientOf(rig.newToken(), readFileSync(join(stranger, 'ca.pem'), 'utf8'))
  const error = await operatorError(t, client.call('access.whoami', {}))
  t.is(error.code, 'LB_CERTIFICATE')
})

test('large input: only from administrators, and only so large', async (t) => {
  const rig = await openRemoteRig(t)
  await rig.chtab('priority=5', 'policy.rule=allow')
  const body = JSON.stringify({ table: 'hosts', csv: 'x'.repeat(REMOTE_LIMITS.smallRequestBytes) })
  const send = (token: string | undefined, headers = {}) =>
    raw(rig, { path: '/v1/tables.restore', body, headers, ...(token === undefined ? {} : { token }) }).then(
      ({ status }) => status,
      // The server hangs up in the middle of the upload.
      () => 413,
    )
  t.is(await send(rig.newToken({ role: 'viewer' })), 413)
  t.is(await send(rig.newToken({ role: 'viewer' }), { 'transfer-encoding': 'chunked' }), 413)
  t.not(await send(undefined), 200)
  t.is(await send(rig.newToken()), 200)
  t.is((await raw(rig, { path: '/login', body: JSON.stringify({ user: 'x'.repeat(5000), password: '' }) })).status, 413)
  t.is((await raw(rig, { path: '/v1/access.whoami', token: rig.newToken() })).status, 200)
})

test('two hundred requests at once, all answered', async (t) => {
  const rig = await withNodes(t)
  await rig.chtab('priority=5', 'policy.rule=allow')
  const token = rig.newToken()
  const { Agent } = await import('node:https')
  const agent = new Agent({ keepAlive: true, maxSockets: 50 })
  t.teardown(() => agent.destroy())
  const one = () =>
    new Promise<string>((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port: rig.remote.port,
          ca: rig.ca,
          path: '/v1/objects.show',
          method: 'POST',
          agent,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        },
        (response) => {
          response.once('data', (chunk: Buffer) => resolve(chunk.toString()))
          response.resume()
        },
      )
      call.once('error', reject)
      call.end('{"names":"n1"}')
    })
  const answers = await Promise.all(Array.from({ length: 200 }, one))
  t.true(answers.every((answer) => answer.includes('Object name: n1')))
})

test('an address with too many connections is refused more; the socket is not disturbed', async (t) => {
  const rig = await openRemoteRig(t)
  const ended: string[] = []
  const open = (name: string) => {
    const socket = connect(rig.remote.port, '127.0.0.1')
    socket.on('error', () => {})
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        ended.push(name)
        resolve()
      })
    })
    return { socket, closed }
  }
  const held = Array.from({ length: REMOTE_LIMITS.connectionsPerAddress }, () => open('held'))
  t.teardown(() => {
    for (const { socket } of held) socket.destroy()
  })
  await Promise.all(held.map(({ socket }) => once(socket, 'connect')))
  await open('more').closed
  // Those that say nothing are cut off as well, but later.
  t.is(ended[0], 'more')
  t.is((await rig.client.call('server.ping', {})).exitStatus, 0)
  for (const { socket } of held) socket.destroy()
  await Promise.all(held.map(({ closed }) => closed))
  const token = rig.newToken()
  const ask = () =>
    raw(rig, { path: '/v1/access.whoami', token })
      .then(({ status }) => status)
      .catch(() => 0)
  let status = 0
  for (let attempt = 0; attempt < 300 && status !== 200; attempt++) {
    status = await ask()
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.is(status, 200)
})

test('what is no call is turned away and breaks nothing', async (t) => {
  const rig = await openRemoteRig(t)
  const token = rig.newToken()
  t.is((await raw(rig, { path: '/v1/access.whoami', token, body: '{"a' })).status, 400)
  t.is((await raw(rig, { path: '/elsewhere', token })).status, 404)
  t.regex((await raw(rig, { path: '/v1/no.such', token })).text, /LB_NO_METHOD/)
  t.is((await raw(rig, { path: '/v1/', method: 'GET' })).status, 200)
  const document = await raw(rig, { path: '/openapi.json', method: 'GET' })
  t.is(JSON.parse(document.text).openapi, '3.1.0')
  t.is((await raw(rig, { path: '/v1/access.whoami', token })).status, 200)
})

test('certificates: kept, renewed before they end, made anew for a new name; the authority stays', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-ca-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const names = ['mn1', 'mn1.cluster.example', '127.0.0.1', 'fd00::1']
  const first = await ownCredentials(directory, names, Date.now())
  t.is(first.made, 'authority')
  const second = await ownCredentials(directory, names, Date.now())
  t.deepEqual([second.made, second.cert], [undefined, first.cert])
  const later = await ownCredentials(directory, names, Date.now() + 380 * 86_400_000)
  t.is(later.made, 'certificate')
  t.is(later.fingerprint, first.fingerprint)
  const wider = await ownCredentials(directory, [...names, 'mn2'], Date.now())
  t.is(wider.made, 'certificate')
  rmSync(join(directory, 'server.key'))
  t.is((await ownCredentials(directory, [...names, 'mn2'], Date.now())).made, 'certificate')
  t.false(existsSync(join(directory, 'csr')))
})

test('lifetimes of tokens', (t) => {
  t.is(parseLifetime('12h'), 12 * 3_600_000)
  t.is(parseLifetime('10y'), 10 * 365 * 86_400_000)
  for (const text of ['', '0d', '1', '-1d', '11y', '1m', '99999d', '1.5h'])
    t.throws(() => parseLifetime(text), { instanceOf: OperatorError }, text)
})

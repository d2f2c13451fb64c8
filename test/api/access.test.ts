/** The parts of remote access one by one: admission, throttling, names of hosts and servers, saved logins, tokens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { openAdmission, openThrottle, plainAddress, sourceOf } from '../../src/api/access/admission.ts'
import { namesHosts, openHostNames, shortHostName } from '../../src/api/access/host-names.ts'
import { parseServer, readLogins, removeLogin, saveLogin } from '../../src/api/access/saved-logins.ts'
import { isToken, openTokens } from '../../src/api/access/tokens.ts'
import { connectApi } from '../../src/api/client.ts'
import { OperatorError } from '../../src/api/errors.ts'
import { REMOTE_LIMITS } from '../../src/api/limits.ts'
import { METHODS } from '../../src/api/methods/index.ts'
import type { MethodParams } from '../../src/api/params.ts'
import { readPlaces } from '../../src/api/places.ts'

function newDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-access-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('one address gets so many connections, all together so many more, and a closed one is free again', (t) => {
  let nowMs = 0
  const admission = openAdmission(() => nowMs)
  const leaves = Array.from({ length: REMOTE_LIMITS.connectionsPerAddress }, () => admission.admit('10.0.0.1'))
  t.true(leaves.every((leave) => leave !== undefined))
  t.is(admission.admit('10.0.0.1'), undefined)
  t.is(admission.admit('::ffff:10.0.0.1'), undefined, 'the same address')
  t.truthy(admission.admit('10.0.0.2'))
  leaves[0]?.()
  t.truthy(admission.admit('10.0.0.1'))
  for (let at = 0; at < 1000; at++) admission.admit(`10.1.${at >> 8}.${at & 255}`)
  t.is(admission.admit('10.9.9.9'), undefined)
  nowMs += 1
})

test('connections that come too fast are refused until their time has come', (t) => {
  let nowMs = 0
  const admission = openAdmission(() => nowMs)
  const comeAndGo = () => {
    const leave = admission.admit('fd00::1')
    leave?.()
    return leave !== undefined
  }
  for (let at = 0; at < REMOTE_LIMITS.connectionBurst; at++) t.true(comeAndGo())
  t.false(comeAndGo())
  nowMs += 1000
  for (let at = 0; at < REMOTE_LIMITS.connectionsPerSecond; at++) t.true(comeAndGo())
  t.false(comeAndGo())
})

test('failures: free at first, then each wait is twice the last, to an end; success forgets them', (t) => {
  let nowMs = 0
  const throttle = openThrottle(() => nowMs)
  const waits = Array.from({ length: 20 }, () => {
    throttle.failed('10.0.0.1')
    return throttle.waitMs('10.0.0.1')
  })
  const { freeFailures, firstWaitMs, longestWaitMs } = REMOTE_LIMITS
  t.deepEqual(waits.slice(0, freeFailures + 2), [
    ...Array(freeFailures - 1).fill(0),
    firstWaitMs,
    2 * firstWaitMs,
    4 * firstWaitMs,
  ])
  t.is(waits.at(-1), longestWaitMs)
  t.is(throttle.waitMs('10.0.0.2'), 0)
  nowMs += longestWaitMs
  t.is(throttle.waitMs('10.0.0.1'), 0)
  throttle.failed('10.0.0.1')
  t.true(throttle.waitMs('10.0.0.1') > 0)
  throttle.succeeded('10.0.0.1')
  t.is(throttle.waitMs('10.0.0.1'), 0)
})

test('memory of addresses is bounded', (t) => {
  const throttle = openThrottle(() => 0)
  for (let at = 0; at < REMOTE_LIMITS.freeFailures; at++) throttle.failed('192.0.2.1')
  t.true(throttle.waitMs('192.0.2.1') > 0)
  for (let at = 0; at < REMOTE_LIMITS.rememberedAddresses; at++) throttle.failed(`10.${at >> 16}.${at >> 8}.${at}`)
  t.is(throttle.waitMs('192.0.2.1'), 0, 'the oldest went')
})

test('addresses: IPv6 hosts count by their network', (t) => {
  t.is(plainAddress('::ffff:10.0.0.1'), '10.0.0.1')
  t.is(plainAddress('fe80::1%eth0'), 'fe80::1')
  t.is(sourceOf('2001:db8:1:2:3:4:5:6'), sourceOf('2001:db8:1:2:9::1'))
  t.not(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:3::1'))
})

test('names of hosts: short, without the interface, and only where a policy row asks', async (t) => {
  t.is(shortHostName('WS1-eth0.cluster.example'), 'ws1')
  t.is(shortHostName('ws1-ib1'), 'ws1')
  t.is(shortHostName('ws1-eth'), 'ws1-eth')
  const policy = (host: string) => ({ read: () => [{ priority: '1', host, rule: 'allow' }] })
  t.true(namesHosts(policy('ws1')))
  for (const host of ['', '*', '10.0.0.1', 'fd00::1']) t.false(namesHosts(policy(host)), host)
  const names: Readonly<Record<string, readonly string[]>> = {
    '10.0.0.1': ['ws1.example', 'ws1-eth0.example', 'mn.example'],
  }
  const addresses: Readonly<Record<string, readonly string[]>> = {
    'ws1.example': ['10.0.0.1'],
    'ws1-eth0.example': ['10.0.0.9', '10.0.0.1'],
    // Who owns the address claims to be another.
    'mn.example': ['10.0.0.254'],
  }
  let asked = 0
  let nowMs = 0
  const hosts = openHostNames(() => nowMs, {
    async reverse(address) {
      asked++
      return names[address] ?? Promise.reject(new Error('ENOTFOUND'))
    },
    addressesOf: async (name) => addresses[name] ?? [],
  })
  t.deepEqual(await hosts.shortNames('10.0.0.1'), ['ws1'])
  t.deepEqual(await hosts.shortNames('10.0.0.1'), ['ws1'])
  t.is(asked, 1)
  nowMs += 3_600_000
  t.deepEqual(await hosts.shortNames('10.0.0.1'), ['ws1'])
  t.is(asked, 2)
  t.deepEqual(await hosts.shortNames('10.0.0.2'), [])
})

test('servers as they are typed', (t) => {
  t.is(parseServer('mn1').server, 'mn1:3001')
  t.is(parseServer('mn1.cluster.example:4001').server, 'mn1.cluster.example:4001')
  t.like(parseServer('[fd00::1]:3001'), { host: 'fd00::1', port: 3001, server: '[fd00::1]:3001' })
  for (const text of ['', ':3001', 'mn1:', 'mn1:0', 'mn1:99999', 'fd00::1', 'a b', 'https://mn1', 'mn1/x'])
    t.throws(() => parseServer(text), { instanceOf: OperatorError }, text)
})

test('logins: the last is the current one; forgetting it goes back to the one before', (t) => {
  const config = join(newDirectory(t), 'deep/config')
  const login = (server: string, token = 'x') => ({ server, user: 'bob', token, ca: undefined })
  t.deepEqual(readLogins(config), { current: undefined, logins: [] })
  saveLogin(config, login('a:1'))
  saveLogin(config, login('b:1'))
  saveLogin(config, login('a:1', 'new'))
  t.is(readLogins(config).current, 'a:1')
  t.deepEqual(
    readLogins(config)
      .logins.map(({ server, token }) => `${server} ${token}`)
      .sort(),
    ['a:1 new', 'b:1 x'],
  )
  removeLogin(config, 'a:1')
  t.is(readLogins(config).current, 'b:1')
  removeLogin(config, 'b:1')
  t.is(readLogins(config).current, undefined)
  writeFileSync(join(config, 'credentials.json'), '{')
  t.throws(() => readLogins(config), { instanceOf: OperatorError })
})

test('which server: XCATHOST that means this machine is this machine, another one is asked for a login', async (t) => {
  const state = newDirectory(t)
  const at = (environment: NodeJS.ProcessEnv) => readPlaces({ LITEBOOT_STATE: state, ...environment })
  t.is(at({ XCATHOST: 'mn1:3001' }).server, 'mn1:3001')
  t.is(at({ XCATHOST: 'mn1', LITEBOOT_SERVER: 'mn2' }).server, 'mn2')
  t.is(at({ XDG_CONFIG_HOME: '/x' }).config, '/x/liteboot')
  t.is(at({ HOME: '/home/amy' }).config, '/home/amy/.config/liteboot')
  const error = await t.throwsAsync(connectApi(at({ XCATHOST: 'mn1' })), { instanceOf: OperatorError })
  t.regex(error?.message ?? '', /not logged in to mn1:3001/)
  // The socket is there, though nobody listens: not the network's affair.
  writeFileSync(join(state, 'api.sock'), '')
  const here = connectApi(at({ XCATHOST: 'localhost:3001' }))
  if (process.getuid?.() === 0) await (await here).close()
  else t.regex((await t.throwsAsync(here))?.message ?? '', /only root/)
})

test('tokens: what is made is known, whatever else is not; a damaged file lets nobody in', (t) => {
  const file = join(newDirectory(t), 'access/tokens.json')
  const tokens = openTokens(file, () => 1000)
  const { token, record } = tokens.create({ user: 'bob', role: 'viewer', description: '', expiresMs: 2000 })
  t.true(isToken(token))
  t.deepEqual(tokens.check(token), { record })
  t.false(JSON.stringify(tokens.list()).includes('hash'))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc
          .constant(token)
          .chain((text) =>
            fc
              .nat(text.length - 1)
              .map((at) => `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`),
          ),
      ),
      (other) => 'fault' in tokens.check(other),
    ),
  )
  t.deepEqual(openTokens(file, () => 2000).check(token), { fault: 'expired' })
  // Ended ones are forgotten a month later.
  const later = openTokens(file, () => 2000 + 31 * 86_400_000)
  later.create({ user: 'amy', role: 'viewer', description: '', expiresMs: 9e12 })
  t.deepEqual(
    later.list().map(({ user }) => user),
    ['amy'],
  )
  for (const text of ['', '{}', '{"tokens":[{"id":"x","hash":"short"}]}']) {
    writeFileSync(file, text)
    t.throws(() => tokens.check(token), { instanceOf: OperatorError }, text)
  }
})

type ChangeParams = MethodParams['objects.change']

test('what the policy is asked about object commands', (t) => {
  const asked = (params: Partial<ChangeParams>) => {
    const whole: ChangeParams = { operands: [], assignments: [], ...params }
    const { noderange, words } = METHODS['objects.change']
    return { nodes: noderange?.(whole), words: words?.(whole).join(' ') }
  }
  t.like(asked({ operands: ['n1'], assignments: ['mgt=ipmi'] }), { nodes: 'n1', words: '-o n1 mgt=ipmi' })
  t.is(asked({ type: 'group', objects: 'rackA', assignments: [' members =n3'] }).nodes, 'rackA,n3')
  t.is(asked({ type: 'osimage', objects: 'n1' }).nodes, '')
  t.is(asked({ operands: ['n1'], newName: 'n9' }).nodes, 'n1,n9')
  const stanzas = 'n3:\n  objtype=node\n  mgt=ipmi\ni1:\n  objtype=osimage\ng1:\n  objtype=group\n  members=n4\n'
  t.like(asked({ stanzas }), { nodes: 'n3,,g1,n4', words: '-z mgt=ipmi members=n4' })
  const show = METHODS['objects.show'].noderange
  t.is(show?.({}), undefined)
  t.is(show?.({ all: true }), undefined)
  t.is(show?.({ type: 'osimage, node' }), undefined)
  t.is(show?.({ type: 'osimage' }), '')
})

test('every method says whether it is about nodes in a way the policy understands', (t) => {
  for (const [name, entry] of Object.entries(METHODS)) {
    t.regex(entry.command, /^[a-z][\w-]*$/, name)
    if (entry.changes && !entry.everyone) t.not(entry.role, 'viewer', `${name} changes something`)
  }
})

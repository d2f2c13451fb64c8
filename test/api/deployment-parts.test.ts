/** What the deployment commands are made of: prescript cells, bounded programs and probes, the text of a hosts file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { parseAction } from '../../src/api/methods/deployment/action.ts'
import { overwriteFile, replaceFile } from '../../src/api/methods/deployment/file-write.ts'
import {
  type HostEntry,
  hostEntry,
  keepOwnLines,
  putEntries,
  removeEntries,
  renderEntry,
} from '../../src/api/methods/deployment/hosts-text.ts'
import { DEPLOYMENT_LIMITS } from '../../src/api/methods/deployment/limits.ts'
import { bootNews } from '../../src/api/methods/deployment/nodestat.ts'
import { scriptsFor } from '../../src/api/methods/deployment/prescripts.ts'
import {
  openReachTools,
  openTurns,
  type ReachTools,
  reachHost,
  reachServices,
} from '../../src/api/methods/deployment/reach.ts'
import { runProgram } from '../../src/api/methods/deployment/run-program.ts'

test('prescript cells: [action:]s1,s2|action:s3; the provmethod word counts as an action, too', (t) => {
  const words = ['osimage', 'statelite']
  t.deepEqual(scriptsFor('a,b', words), ['a', 'b'])
  t.deepEqual(scriptsFor('osimage:a|boot:b|statelite: c , d -x  y|e', words), ['a', 'c', 'd -x y', 'e'])
  t.deepEqual(scriptsFor('boot:b', words), [])
  t.deepEqual(scriptsFor(' , |', words), [])
  t.deepEqual(scriptsFor('statelite:a', ['boot', undefined]), [])
})

test('actions of nodeset', (t) => {
  t.deepEqual(parseAction('osimage=a=b'), { kind: 'image', word: 'osimage', image: 'a=b' })
  t.deepEqual(parseAction('statelite'), { kind: 'image', word: 'statelite', image: undefined })
  t.deepEqual(parseAction('shell'), { kind: 'state', word: 'shell' })
  for (const word of ['install', 'netboot=x', 'runimage=http://x/y', '', '=', 'toString', '__proto__', 'statelite='])
    t.throws(() => parseAction(word), undefined, word)
})

const BOUNDS = { timeoutMs: 5000, outputBytes: 1000 }

test('programs: status, both outputs, no shell in between, bounded output', async (t) => {
  t.deepEqual(await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 3'], BOUNDS), {
    status: 3,
    output: 'out\nerr\n',
  })
  t.is((await runProgram('printf', ['%s', '$(id); `id`'], BOUNDS)).output, '$(id); `id`')
  t.is((await runProgram('sh', ['-c', 'yes | head -c 100000'], BOUNDS)).output.length, 1000)
  const missing = await runProgram('/no/such/program', [], BOUNDS)
  t.is(missing.status, 127)
  t.regex(missing.fault ?? '', /could not be started/)
})

test('a program that hangs is killed with its children; one that leaves a child behind is not waited for', async (t) => {
  const hung = await runProgram('sh', ['-c', 'sleep 60 & echo $!; sleep 60'], { timeoutMs: 300, outputBytes: 100 })
  t.is(hung.status, 137)
  t.regex(hung.fault ?? '', /killed after 0\.3 s/)
  const child = Number(hung.output)
  t.true(child > 1)
  await ended(child)
  const left = await runProgram('sh', ['-c', 'sleep 600 & echo $!; exit 0'], { ...BOUNDS, timeoutMs: 60_000 })
  t.is(left.status, 0)
  const behind = Number(left.output)
  t.true(isRunning(behind))
  process.kill(behind, 'SIGKILL')
  await ended(behind)
})

/** The test ends by its own time-out when it does not. */
async function ended(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** A zombie that nobody has collected yet does not run any more. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

const tools = (connects: Readonly<Record<number, 'open' | 'refused' | 'silent'>>, ping: boolean | undefined) => {
  const asked: number[] = []
  const fake: ReachTools = {
    connect: async (_ip, port) => {
      asked.push(port)
      return connects[port] ?? 'refused'
    },
    ping: async () => ping,
  }
  return { fake, asked }
}

test('services: names of open ports; any answer is life; a dead host costs one connection', async (t) => {
  const up = tools({ 22: 'open', 443: 'open' }, true)
  t.deepEqual(await reachServices('127.0.0.1', up.fake), { open: ['https', 'sshd'], alive: true })
  t.deepEqual(await reachServices('127.0.0.1', tools({}, false).fake), { open: [], alive: true })
  const silent = {
    22: 'silent',
    443: 'silent',
    15002: 'silent',
    8002: 'silent',
    3389: 'silent',
    135: 'silent',
  } as const
  t.deepEqual(await reachServices('127.0.0.1', tools(silent, true).fake), { open: [], alive: true })
  const dead = tools(silent, false)
  t.deepEqual(await reachServices('127.0.0.1', dead.fake), { open: [], alive: false })
  t.deepEqual(dead.asked, [22])
  // ssh filtered, no ping program: nothing can be told.
  t.false((await reachServices('127.0.0.1', tools({ ...silent, 443: 'open' }, undefined).fake)).alive)
})

test('pping: any answer is one; only silence is worth a ping', async (t) => {
  t.true(await reachHost('127.0.0.1', tools({ 22: 'silent' }, true).fake))
  t.true(await reachHost('127.0.0.1', tools({ 22: 'open' }, false).fake))
  t.false(await reachHost('127.0.0.1', tools({ 22: 'silent' }, false).fake))
  t.true(await reachHost('127.0.0.1', tools({}, undefined).fake))
  t.false(await reachHost('127.0.0.1', tools({ 22: 'silent' }, undefined).fake))
})

test('real connections: open and refused', async (t) => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { connect } = openReachTools()
  t.is(await connect('127.0.0.1', port), 'open')
  t.is(await connect('127.77.0.1', port), 'refused')
})

test('an answer that came while the process was busy counts', async (t) => {
  const { connect } = openReachTools({ ...DEPLOYMENT_LIMITS, connectMs: 50 })
  const answer = connect('127.77.0.1', 9)
  // The address is looked at in a thread, so that the connection is under way when this one stops listening.
  await new Promise((resolve) => setImmediate(resolve))
  const untilMs = Date.now() + 300
  while (Date.now() < untilMs);
  t.is(await answer, 'refused')
})

test('never more than so many at once, and all of them, in order', async (t) => {
  const turns = openTurns(3)
  let running = 0
  let most = 0
  const done = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      turns(async () => {
        running += 1
        most = Math.max(most, running)
        await new Promise((resolve) => setTimeout(resolve, index % 3))
        running -= 1
        if (index === 7) throw new Error('one that fails gives its place back')
        return index
      }).catch(() => -1),
    ),
  )
  t.is(most, 3)
  t.deepEqual(
    done,
    Array.from({ length: 50 }, (_, index) => (index === 7 ? -1 : index)),
  )
})

test('news of a boot: not when it has booted, nor when they are old; a shell lasts as long as the node answers', (t) => {
  const boot = { state: 'stuck', summary: 'stuck at kernel', lastMs: 1000, events: [] } as const
  const oldMs = 1001 + DEPLOYMENT_LIMITS.bootNewsMs
  t.is(bootNews(boot, false, 2000), 'stuck at kernel')
  t.is(bootNews({ ...boot, state: 'booted' }, false, 2000), undefined)
  t.is(bootNews(boot, true, oldMs), undefined)
  const event = { atMs: 1000, service: 'initrd', event: 'report', ok: true, stage: 'shell', result: 'start' } as const
  const shell = { state: 'running', summary: 'in a shell', lastMs: 1000, events: [event] } as const
  t.is(bootNews(shell, true, oldMs), 'in a shell')
  t.is(bootNews(shell, false, oldMs), undefined)
})

test('names of a hosts line', (t) => {
  const line = (name: string, domain: string | undefined, hostnames: string, longFirst = false) =>
    renderEntry(hostEntry('10.4.0.1', name, domain, hostnames), longFirst)
  t.is(line('cn1', 'a.b', ''), '10.4.0.1 cn1 cn1.a.b')
  t.is(line('cn1', 'a.b', '', true), '10.4.0.1 cn1.a.b cn1')
  t.is(line('cn1', undefined, ''), '10.4.0.1 cn1')
  t.is(line('cn1', 'a.b', 'x, y cn1 z,cn1.a.b,x'), '10.4.0.1 cn1 cn1.a.b x y z')
  t.is(line('cn1', 'a.b', 'cn1.other.org'), '10.4.0.1 cn1 cn1.other.org')
})

const foreignLine = fc.oneof(
  fc.constantFrom('', '# a comment', '   ', '127.0.0.1 localhost', '::1 ip6-localhost\t# six', 'garbage'),
  fc
    .tuple(fc.integer({ min: 1, max: 254 }), fc.stringMatching(/^[a-z]{3,8}$/))
    .map(([n, name]) => `192.168.0.${n}\t${name}`),
)
const entries = fc
  .uniqueArray(fc.integer({ min: 1, max: 250 }), { maxLength: 20 })
  .map((numbers): HostEntry[] => numbers.map((n) => hostEntry(`10.4.0.${n}`, `cn${n}`, 'cluster.test', `alias${n}`)))

test('property: foreign lines keep their bytes and order; twice is the same as once; taking out undoes putting in', (t) => {
  fc.assert(
    fc.property(
      fc.array(foreignLine),
      entries,
      fc.boolean(),
      fc.constantFrom('\n', '\r\n'),
      (foreign, added, longFirst, newline) => {
        const old = foreign.map((line) => line + newline).join('')
        const once = putEntries(old, added, longFirst)
        t.true(once.text.startsWith(old) || added.length === 0)
        t.deepEqual(once.conflicts, [])
        t.is(once.added, added.length)
        const twice = putEntries(once.text, added, longFirst)
        t.is(twice.text, once.text)
        t.is(twice.added + twice.changed + twice.removed, 0)
        t.is(removeEntries(once.text, added).text, old)
      },
    ),
  )
})

test('a node that moved, a line twice, an address of somebody else', (t) => {
  const cn1 = hostEntry('10.4.0.1', 'cn1', undefined, '')
  const moved = putEntries('10.4.9.9 cn1 old\n10.4.0.1 cn1\n10.9.0.1 last', [cn1], false)
  t.is(moved.text, '10.4.0.1 cn1\n10.9.0.1 last\n')
  t.deepEqual([moved.changed, moved.removed, moved.added], [1, 1, 0])
  const taken = putEntries('10.4.0.1 gateway\n', [cn1], false)
  t.is(taken.text, '10.4.0.1 cn1\n')
  t.deepEqual(taken.conflicts, ['line 1 (10.4.0.1 gateway) gave way to cn1'])
  const kept = removeEntries('10.4.0.1 gateway\n10.4.0.7 cn1\n', [cn1])
  t.is(kept.text, '10.4.0.1 gateway\n')
  t.deepEqual(kept.conflicts, ['line 1 (10.4.0.1 gateway) has the address of cn1 and stays'])
  t.is(
    putEntries('#10.4.0.1 cn1\n10.9.0.1 x # cn1\n', [cn1], false).text,
    '#10.4.0.1 cn1\n10.9.0.1 x # cn1\n10.4.0.1 cn1\n',
  )
})

test("IPv6 lines and the machine's own loopback lines are left alone", (t) => {
  const mn1 = hostEntry('10.4.0.254', 'mn1', undefined, '')
  const old = '127.0.1.1 mn1 localhost\nfd00::1 mn1\n'
  const put = putEntries(old, [mn1], false)
  t.is(put.text, `${old}10.4.0.254 mn1\n`)
  t.deepEqual(put.conflicts, ['line 1 (127.0.1.1 mn1 localhost) has the name of mn1 and stays'])
  t.is(removeEntries(put.text, [mn1]).text, old)
})

test('a new file keeps comments and the names of the machine itself', (t) => {
  t.is(
    keepOwnLines('# c\n10.0.0.1 x\nfd00::1 x\n127.0.1.1 mn1\n::1 localhost\nff02::1 all\n'),
    '# c\n127.0.1.1 mn1\n::1 localhost\nff02::1 all\n',
  )
  t.is(keepOwnLines(''), '127.0.0.1 localhost\n')
})

test('files are replaced as a whole; one that is a mount is written in place', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liteboot-files-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'deep/er/file')
  replaceFile(file, 'one\n', true)
  replaceFile(file, 'two\n', false)
  t.is(readFileSync(file, 'utf8'), 'two\n')
  for (const text of ['longer than before\n', 's\n', '']) {
    overwriteFile(file, text)
    t.is(readFileSync(file, 'utf8'), text)
  }
  // Somebody's link in the way of the temporary file is not followed.
  const bystander = join(directory, 'bystander')
  writeFileSync(bystander, 'mine')
  symlinkSync(bystander, `${file}.liteboot-${process.pid}`)
  replaceFile(file, 'three\n', true)
  t.is(readFileSync(bystander, 'utf8'), 'mine')
  t.deepEqual(readdirSync(join(directory, 'deep/er')), ['file'])
})

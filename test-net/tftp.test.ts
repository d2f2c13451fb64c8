/** TFTP with the clients of Debian, in two network namespaces joined by a pair of virtual interfaces. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { diskRoute } from '../src/tftp/routes.ts'
import { openTftpServer, type TftpServerOptions } from '../src/tftp/server.ts'
import type { BootEvent } from '../src/timeline/event.ts'
import { lacks, missingOf } from './requirements.ts'

const run = promisify(execFile)
const SERVER = '10.77.69.1'
const SECOND = '10.77.69.3'

/** `test`, or a skipped test whose title says what is missing. */
function withPrograms(programs: readonly string[], title: string, body: (t: ExecutionContext) => Promise<void>): void {
  const missing = missingOf(...programs, 'ip')
  if (missing.length > 0) test.skip(`${title} (needs ${missing.join(', ')})`, body)
  else test(title, body)
}

interface Bench {
  readonly root: string
  readonly client: string
  readonly serverSide: string
  readonly events: BootEvent[]
  inClient(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }>
  /** The next event that has not been looked at. */
  event(): Promise<BootEvent>
}

/** Two namespaces, files, a server; all gone again at the end of the test. */
async function openBench(t: ExecutionContext, options: Partial<TftpServerOptions> = {}): Promise<Bench> {
  const id = randomBytes(3).toString('hex')
  const [serverSide, client] = [`tftp-s-${id}`, `tftp-c-${id}`]
  const root = mkdtempSync(join(tmpdir(), 'tftp-net-'))
  let server: ChildProcess | undefined
  t.teardown(async () => {
    if (server && server.exitCode === null) {
      const gone = new Promise((resolve) => server?.once('exit', resolve))
      server.kill('SIGTERM')
      const killer = setTimeout(() => server?.kill('SIGKILL'), 5000)
      await gone
      clearTimeout(killer)
    }
    for (const name of [serverSide, client]) await run('ip', ['netns', 'del', name]).catch(() => undefined)
    rmSync(root, { recursive: true, force: true })
  })
  const ip = (...args: string[]) => run('ip', args)
  await ip('netns', 'add', serverSide)
  await ip('netns', 'add', client)
  await ip('-n', serverSide, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v0', 'netns', client)
  for (const [name, address] of [
    [serverSide, SERVER],
    [serverSide, SECOND],
    [client, '10.77.69.2'],
  ] as const) {
    await ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'v0')
    await ip('-n', name, 'link', 'set', 'v0', 'up')
  }
  writeFileSync(join(root, 'small'), 'one line\nand another\r\n')
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'exact'), randomBytes(512 * 20))
  mkdirSync(join(root, 'boot/grub'), { recursive: true })
  writeFileSync(join(root, 'boot/grub/core.elf'), randomBytes(300_001))
  // Large enough for the chunk reader, and for block numbers to wrap at 512 bytes.
  writeFileSync(join(root, 'large'), randomBytes(36_000_000))
  symlinkSync('/usr/share/common-licenses/GPL-3', join(root, 'outside'))
  const settings = JSON.stringify({ addresses: [SERVER, SECOND], root, ...options })
  const script = join(import.meta.dirname, 'tftp-serve.ts')
  server = spawn('ip', ['netns', 'exec', serverSide, process.execPath, script, settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const events: BootEvent[] = []
  let seen = 0
  await new Promise<void>((resolve, reject) => {
    server?.once('exit', () => reject(new Error('the server ended')))
    createInterface({ input: server?.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const said = JSON.parse(line) as BootEvent | { ready: number }
      if ('ready' in said) resolve()
      else if ('service' in said) events.push(said)
    })
  })
  return {
    root,
    client,
    serverSide,
    events,
    inClient: (program, ...args) =>
      run('ip', ['netns', 'exec', client, program, ...args], { cwd: root, timeout: 120_000, maxBuffer: 1e8 }),
    event: async () => {
      for (let i = 0; i < 400 && events.length <= seen; i++) await new Promise((resolve) => setTimeout(resolve, 10))
      const event = events[seen++]
      if (!event) throw new Error('no event')
      return event
    },
  }
}

function same(bench: Bench, name: string, got: string): boolean {
  return readFileSync(join(bench.root, name)).equals(readFileSync(join(bench.root, got)))
}

for (const singlePort of [false, true]) {
  const way = singlePort ? 'single port' : 'a socket per transfer'

  withPrograms(['curl'], `curl: small, empty, exact and large files, block sizes (${way})`, async (t) => {
    const bench = await openBench(t, { singlePort })
    for (const name of ['small', 'empty', 'exact', 'boot/grub/core.elf', 'large']) {
      for (const size of name === 'large' ? ['1428'] : ['8', '512', '1428', '65464']) {
        if (size === '8' && name !== 'small') continue
        await bench.inClient('curl', '-s', '--tftp-blksize', size, '-o', 'got', `tftp://${SERVER}//${name}`)
        t.true(same(bench, name, 'got'), `${name} ${size}`)
        const event = await bench.event()
        t.like(event, { ok: true, bytes: statSync(join(bench.root, name)).size, ip: '10.77.69.2' })
        if (size === '65464') t.regex(event.detail ?? '', /blksize 1468/)
      }
    }
    await t.throwsAsync(bench.inClient('curl', '-s', `tftp://${SERVER}//none`), { code: 68 })
    t.like(await bench.event(), { ok: false, detail: 'no such file' })
    await t.throwsAsync(bench.inClient('curl', '-s', `tftp://${SERVER}//outside`), { code: 69 })
    t.like(await bench.event(), { ok: false })
  })

  withPrograms(['atftp'], `atftp: windows, time-out, size (${way})`, async (t) => {
    const bench = await openBench(t, { singlePort })
    for (const window of ['1', '4', '16', '64']) {
      const options = ['blksize 1428', `windowsize ${window}`, 'tsize enable', 'timeout 2'].flatMap((o) => [
        '--option',
        o,
      ])
      await bench.inClient(
        'atftp',
        ...options,
        '--get',
        '-r',
        '/tftpboot/boot/grub/core.elf',
        '-l',
        `got${window}`,
        SERVER,
      )
      t.true(same(bench, 'boot/grub/core.elf', `got${window}`))
      const event = await bench.event()
      t.true(event.ok)
      t.regex(event.detail ?? '', new RegExp(`windowsize ${window}\\b`))
    }
  })
}

withPrograms(['tftp'], 'tftp-hpa: octet and netascii, and a file whose block numbers wrap', async (t) => {
  const bench = await openBench(t)
  await bench.inClient('tftp', '-m', 'octet', SERVER, '-c', 'get', 'large', 'got')
  t.true(same(bench, 'large', 'got'))
  t.regex((await bench.event()).detail ?? '', /^octet/)
  await bench.inClient('tftp', '-m', 'netascii', SERVER, '-c', 'get', 'small', 'got')
  t.true(same(bench, 'small', 'got'))
  const event = await bench.event()
  t.regex(event.detail ?? '', /^netascii/)
  t.is(event.bytes, 'one line\r\nand another\r\0\r\n'.length)
})

withPrograms(['busybox'], 'busybox tftp: default and negotiated block size, a rendered file', async (t) => {
  const bench = await openBench(t)
  await bench.inClient('busybox', 'tftp', '-g', '-r', 'boot/grub/core.elf', '-l', 'got', SERVER)
  t.true(same(bench, 'boot/grub/core.elf', 'got'))
  await bench.inClient('busybox', 'tftp', '-g', '-b', '1428', '-r', 'boot/grub/core.elf', '-l', 'got', SERVER)
  t.true(same(bench, 'boot/grub/core.elf', 'got'))
  await bench.inClient('busybox', 'tftp', '-g', '-r', 'rendered/cn07', '-l', 'got', SERVER)
  t.is(readFileSync(join(bench.root, 'got'), 'latin1'), 'default 10.77.69.2\nkernel x\n')
})

withPrograms(
  ['busybox', 'tftp'],
  'uploads from busybox and tftp-hpa; without a directory they are refused',
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'tftp-net-upload-'))
    t.teardown(() => rmSync(directory, { recursive: true }))
    const bench = await openBench(t, { upload: { directory, maxBytes: 1_000_000 } })
    await bench.inClient('busybox', 'tftp', '-p', '-b', '1428', '-l', 'boot/grub/core.elf', '-r', 'one', SERVER)
    t.true(readFileSync(join(directory, 'one')).equals(readFileSync(join(bench.root, 'boot/grub/core.elf'))))
    await bench.inClient('tftp', '-m', 'netascii', SERVER, '-c', 'put', 'small', 'two')
    t.is(readFileSync(join(directory, 'two'), 'latin1'), readFileSync(join(bench.root, 'small'), 'latin1'))
    const readOnly = await openBench(t)
    await t.throwsAsync(readOnly.inClient('busybox', 'tftp', '-p', '-l', 'small', '-r', 'one', SERVER))
    t.like(await readOnly.event(), { event: 'write', ok: false, detail: 'this server is read-only' })
  },
)

withPrograms(['curl'], 'each of two addresses answers from itself', async (t) => {
  // curl checks where the packets come from.
  const bench = await openBench(t)
  for (const address of [SERVER, SECOND]) {
    await bench.inClient('curl', '-s', '-o', 'got', `tftp://${address}/exact`)
    t.true(same(bench, 'exact', 'got'))
  }
})

/** Whether this kernel has netem, tried in a namespace of its own. */
function hasNetem(): boolean {
  if (process.getuid?.() !== 0 || lacks('tc') || lacks('ip')) return false
  const name = `tftp-q-${randomBytes(3).toString('hex')}`
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' })
    execFileSync('tc', ['-n', name, 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'loss', '1%'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    execFileSync('sh', ['-c', `ip netns del ${name} 2>/dev/null || :`])
  }
}

async function throughNetem(t: ExecutionContext): Promise<void> {
  const bench = await openBench(t)
  for (const side of [bench.client, bench.serverSide]) {
    await run('tc', ['-n', side, 'qdisc', 'add', 'dev', 'v0', 'root', 'netem', 'loss', '2%', 'delay', '1ms', '1ms'])
  }
  await bench.inClient('curl', '-s', '--tftp-blksize', '1428', '-o', 'got', `tftp://${SERVER}/boot/grub/core.elf`)
  t.true(same(bench, 'boot/grub/core.elf', 'got'))
  const windowed = ['--option', 'blksize 1428', '--option', 'windowsize 8', '--option', 'timeout 1']
  await bench.inClient('atftp', ...windowed, '--get', '-r', 'boot/grub/core.elf', '-l', 'got2', SERVER)
  t.true(same(bench, 'boot/grub/core.elf', 'got2'))
}
if (hasNetem())
  withPrograms(['curl', 'atftp'], 'netem, loss 2 % both ways and jitter: files arrive intact', throughNetem)
else
  test.skip('netem, loss 2 % both ways and jitter: files arrive intact (needs sch_netem in the kernel)', throughNetem)

/**
 * A relay on loopback that drops one packet in fifty each way: for kernels without netem. Returns its port. Of each transfer the
 * same ones, and none of its first: atftp gives up when OACK comes twice, as it does when its answer is lost.
 */
async function openLossyRelay(t: ExecutionContext, serverPort: number, dropped: { count: number }): Promise<number> {
  const front = createSocket('udp4')
  const upstream = new Map<number, { socket: Socket; serverPort: number; asked: number; answered: number }>()
  const drops = (packet: number): boolean => {
    if (packet % 50 !== 20) return false
    dropped.count += 1
    return true
  }
  const openUpstream = (clientPort: number) => {
    const socket = createSocket('udp4')
    const way = { socket, serverPort, asked: 0, answered: 0 }
    socket.on('error', () => {})
    socket.on('message', (answer, from) => {
      way.serverPort = from.port
      if (!drops(++way.answered)) front.send(answer, clientPort, '127.0.0.1')
    })
    upstream.set(clientPort, way)
    return way
  }
  front.on('message', (bytes, client) => {
    const way = upstream.get(client.port) ?? openUpstream(client.port)
    if (!drops(++way.asked)) way.socket.send(bytes, way.serverPort, '127.0.0.1')
  })
  front.on('error', () => {})
  front.bind(0, '127.0.0.1')
  await once(front, 'listening')
  t.teardown(() => {
    front.close()
    for (const { socket } of upstream.values()) socket.close()
  })
  return front.address().port
}

for (const singlePort of [false, true]) {
  const way = singlePort ? 'single port' : 'a socket per transfer'
  withPrograms(
    ['curl', 'atftp'],
    `one packet in fifty lost each way: curl and atftp get their files (${way})`,
    async (t) => {
      const root = mkdtempSync(join(tmpdir(), 'tftp-loss-'))
      t.teardown(() => rmSync(root, { recursive: true }))
      const loader = randomBytes(100_001)
      writeFileSync(join(root, 'loader'), loader)
      const server = await openTftpServer({
        addresses: ['127.0.0.1'],
        port: 0,
        singlePort,
        routes: [diskRoute(root)],
        emit: () => {},
        now: Date.now,
        log: { warn: () => {}, debug: () => {} },
      })
      t.teardown(() => server.close())
      const dropped = { count: 0 }
      const port = String(await openLossyRelay(t, server.port, dropped))
      const local = (program: string, ...args: string[]) => run(program, args, { cwd: root, timeout: 100_000 })
      // With options curl asks for a time-out of 6 s, and is given it: that long for each loss.
      await local('curl', '-s', '--tftp-no-options', '-o', 'got', `tftp://127.0.0.1:${port}/loader`)
      t.true(readFileSync(join(root, 'got')).equals(loader))
      const windowed = ['--option', 'blksize 512', '--option', 'windowsize 8']
      await local('atftp', ...windowed, '--get', '-r', 'loader', '-l', 'got2', '127.0.0.1', port)
      t.true(readFileSync(join(root, 'got2')).equals(loader))
      t.true(dropped.count > 0 && server.counters.resent > 0, 'nothing was lost: the test proved nothing')
    },
  )
}

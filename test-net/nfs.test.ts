/** The NFS service with the programs that administrators and nodes use, over virtual Ethernet between namespaces. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { lacks, missingOf } from './requirements.ts'

const test = anyTest as TestFn<Lab>

interface Lab {
  readonly base: string
  readonly namespaces: { readonly server: string; readonly a: string; readonly b: string }
  readonly children: ChildProcess[]
  readonly events: string[]
}

/** A test that needs root and these programs; skipped (and shown as such) where they are missing. */
function needing(programs: readonly string[]) {
  const missing = missingOf('ip', ...programs)
  return (title: string, run: (t: ExecutionContext<Lab>) => Promise<void>) =>
    missing.length === 0 ? test.serial(title, run) : test.skip(`${title} (needs ${missing.join(', ')})`, run)
}

const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] })

/** Runs a client in a namespace; never longer than 30 seconds. */
function run(namespace: string, ...words: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(
      'ip',
      ['netns', 'exec', namespace, 'timeout', '30', ...words],
      { maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}${stderr}` })
      },
    )
  })
}

function serve(lab: Lab, portmapPort?: number): Promise<ChildProcess> {
  const options = JSON.stringify({ base: lab.base, portmapPort })
  const program = join(import.meta.dirname, 'nfs-serve.ts')
  const child = spawn('ip', ['netns', 'exec', lab.namespaces.server, process.execPath, program, options], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  lab.children.push(child)
  child.stderr.on('data', (text: Buffer) => lab.events.push(text.toString()))
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child))
    child.once('exit', (code) => reject(new Error(`server ended (${code}): ${lab.events.join('')}`)))
  })
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => child.once('exit', () => resolve()))
}

test.beforeEach((t) => {
  if (process.getuid?.() !== 0 || lacks('ip')) return
  const id = randomBytes(3).toString('hex')
  const namespaces = { server: `lbn${id}s`, a: `lbn${id}a`, b: `lbn${id}b` }
  const base = mkdtempSync(join(tmpdir(), 'nfs-net-'))
  // Filled before anything is made, so that afterEach finds what there is.
  Object.assign(t.context as object, { base, namespaces, children: [], events: [] })
  for (const name of ['image', 'a', 'b']) mkdirSync(join(base, name))
  for (const namespace of Object.values(namespaces)) {
    ip('netns', 'add', namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
  }
  for (const [name, net, host] of [
    ['a', '10.77.1', '11'],
    ['b', '10.77.2', '12'],
  ] as const) {
    const [near, far] = [`v${id}${name}0`, `v${id}${name}1`]
    ip('-n', namespaces.server, 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', namespaces[name])
    ip('-n', namespaces.server, 'addr', 'add', `${net}.1/24`, 'dev', near)
    ip('-n', namespaces[name], 'addr', 'add', `${net}.${host}/24`, 'dev', far)
    ip('-n', namespaces.server, 'link', 'set', near, 'up')
    ip('-n', namespaces[name], 'link', 'set', far, 'up')
  }
})

test.afterEach.always(async (t) => {
  const lab = t.context
  for (const child of lab.children ?? []) {
    child.kill('SIGKILL')
    await ended(child)
  }
  for (const namespace of Object.values(lab.namespaces ?? {})) {
    try {
      ip('netns', 'del', namespace)
    } catch {
      // Was not made.
    }
  }
  if (lab.base !== undefined) rmSync(lab.base, { recursive: true, force: true })
})

needing(['rpcinfo', 'showmount'])('rpcinfo and showmount find the services', async (t) => {
  const lab = t.context
  await serve(lab, 111)
  const { a } = lab.namespaces
  const ports = await run(a, 'rpcinfo', '-p', '10.77.1.1')
  t.regex(ports.text, /100003 +3 +tcp +2049 +nfs/)
  t.regex(ports.text, /100005 +3 +tcp +20048 +mountd/)
  const full = await run(a, 'rpcinfo', '10.77.1.1')
  t.regex(full.text, /100003 +3 +tcp +0\.0\.0\.0\.8\.1/)
  t.is((await run(a, 'rpcinfo', '-T', 'tcp', '10.77.1.1', '100003', '3')).code, 0)
  t.is((await run(a, 'rpcinfo', '-T', 'tcp', '10.77.1.1', '100005', '3')).code, 0)
  t.is((await run(a, 'rpcinfo', '-T', 'udp', '10.77.1.1', '100000')).code, 0)
  t.not((await run(a, 'rpcinfo', '-T', 'tcp', '10.77.1.1', '100003', '4')).code, 0)
  const exports = await run(a, 'showmount', '-e', '10.77.1.1')
  t.regex(exports.text, /\/image +10\.77\.1\.11,10\.77\.2\.12\n\/state\/a +10\.77\.1\.11\n/)
})

needing(['nfs-ls', 'nfs-cat', 'nfs-cp'])(
  'libnfs lists, reads and writes, with the portmapper and without',
  async (t) => {
    const lab = t.context
    await serve(lab, 111)
    const { a } = lab.namespaces
    const large = randomBytes(30_000_000)
    writeFileSync(join(lab.base, 'image/large'), large)
    mkdirSync(join(lab.base, 'image/many'))
    for (let i = 0; i < 2500; i++) writeFileSync(join(lab.base, `image/many/f${i}`), '')
    for (const [copy, ports] of [
      ['one', ''],
      ['two', '?nfsport=2049&mountport=20048'],
    ] as const) {
      const url = (path: string) => `nfs://10.77.1.1/${path}${ports}`
      t.is((await run(a, 'nfs-ls', url('image/many'))).text.trim().split('\n').length, 2500)
      t.is((await run(a, 'nfs-cp', url('image/large'), join(lab.base, copy))).code, 0)
      t.true(readFileSync(join(lab.base, copy)).equals(large))
      t.is((await run(a, 'nfs-cp', join(lab.base, copy), url(`state/a/${copy}`))).code, 0)
      t.true(readFileSync(join(lab.base, 'a', copy)).equals(large))
    }
    writeFileSync(join(lab.base, 'image/hello'), 'hello\n')
    t.is((await run(a, 'nfs-cat', 'nfs://10.77.1.1/image/hello')).text, 'hello\n')
    t.not((await run(a, 'nfs-cp', join(lab.base, 'one'), 'nfs://10.77.1.1/image/new')).code, 0)
  },
)

needing(['nfs-ls', 'nfs-cat'])(
  "a node's directory cannot be mounted by another node, and no link leads out of it",
  async (t) => {
    const lab = t.context
    await serve(lab)
    const { a, b } = lab.namespaces
    const ports = '?nfsport=2049&mountport=20048'
    writeFileSync(join(lab.base, 'a/secret'), 'secret')
    writeFileSync(join(lab.base, 'canary'), 'canary')
    symlinkSync('../canary', join(lab.base, 'a/out'))
    t.is((await run(a, 'nfs-cat', `nfs://10.77.1.1/state/a/secret${ports}`)).text, 'secret')
    const refused = await run(b, 'nfs-ls', `nfs://10.77.2.1/state/a${ports}`)
    t.not(refused.code, 0)
    t.regex(refused.text, /ACCES/i)
    t.is((await run(b, 'nfs-ls', `nfs://10.77.2.1/state/b${ports}`)).code, 0)
    t.notRegex((await run(a, 'nfs-cat', `nfs://10.77.1.1/state/a/out${ports}`)).text, /canary/)
    t.regex(lab.events.join(''), /"event":"mount","ip":"10.77.2.12","object":"\/state\/a".*"ok":false/)
  },
)

needing(['nfs-cp'])('the server is killed and started again in the middle of a copy', async (t) => {
  const lab = t.context
  let server = await serve(lab)
  const size = 200_000_000
  const large = Buffer.alloc(size)
  for (let at = 0; at < size; at += 4096) large.writeUInt32BE(at, at)
  writeFileSync(join(lab.base, 'source'), large)
  const copy = run(
    lab.namespaces.a,
    'nfs-cp',
    join(lab.base, 'source'),
    'nfs://10.77.1.1/state/a/target?nfsport=2049&mountport=20048',
  )
  const target = join(lab.base, 'a/target')
  const written = () => statSync(target, { throwIfNoEntry: false })?.size ?? 0
  while (written() < 10_000_000) await new Promise((resolve) => setTimeout(resolve, 5))
  server.kill('SIGKILL')
  await ended(server)
  t.true(written() < size, 'it was in the middle')
  server = await serve(lab)
  t.is((await copy).code, 0)
  t.true(readFileSync(target).equals(large))
})

needing(['rpcbind', 'nfs-ls'])('a portmapper that is there already is told of, and done without', async (t) => {
  const lab = t.context
  const { server, a } = lab.namespaces
  // -d: stays; its socket and state files go to a private /run.
  const rpcbind = spawn(
    'ip',
    [
      'netns',
      'exec',
      server,
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount -t tmpfs none /run && mkdir -p /run/rpcbind && exec rpcbind -f -w',
    ],
    { stdio: 'ignore' },
  )
  lab.children.push(rpcbind)
  for (let i = 0; i < 100 && (await run(a, 'rpcinfo', '-p', '10.77.1.1')).code !== 0; i++)
    await new Promise((r) => setTimeout(r, 50))
  await serve(lab, 111)
  t.regex(lab.events.join(''), /"event":"portmap".*port 111 is taken/)
  t.is((await run(a, 'nfs-ls', 'nfs://10.77.1.1/image?nfsport=2049&mountport=20048')).code, 0)
})

const kernelKnowsNfs = readFileSync('/proc/filesystems', 'latin1').includes('nfs')
needing(['mount', kernelKnowsNfs ? 'umount' : 'a-kernel-with-nfs'])(
  'the kernel mounts, writes and reads, through a restart',
  async (t) => {
    const lab = t.context
    const server = await serve(lab)
    const options = 'nolock,vers=3,proto=tcp,port=2049,mountport=20048,mountproto=tcp,addr=10.77.1.1'
    mkdirSync(join(lab.base, 'mnt'))
    const script = `
    mount -i -t nfs -o ${options} 10.77.1.1:/state/a ${lab.base}/mnt && cd ${lab.base}/mnt || exit 1
    mkdir d && echo one > d/f && ln d/f d/g && ln -s f d/l && mkfifo d/p && mknod d/null c 1 3 || exit 2
    exec 3>>d/f; echo ready; read go; echo two >&3; mv d/g d/h; cat d/l; rm d/f; echo three >&3; ls d; cat d/h`
    const child = spawn('ip', ['netns', 'exec', lab.namespaces.a, 'unshare', '-m', 'sh', '-c', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    lab.children.push(child)
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    while (!text.includes('ready') && child.exitCode === null) await new Promise((r) => setTimeout(r, 50))
    server.kill('SIGKILL')
    await ended(server)
    await serve(lab)
    child.stdin.end('go\n')
    await ended(child)
    t.regex(text, /ready\none\ntwo\nh\nl\nnull\np\none\ntwo\nthree\n/)
  },
)

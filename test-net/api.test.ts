/** The API for other machines as administrators use it: a server, and a workstation in a network namespace of its own. */
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { type Lab, openLab } from '../vm-harness/lab.ts'
import { LITEBOOT, liteboot, type RunningServer, startServer } from '../vm-harness/liteboot.ts'
import { missingOf } from './requirements.ts'

const run = promisify(execFile)
const SERVER = '10.78.0.1'

interface Context {
  readonly lab: Lab
  readonly directory: string
  readonly state: string
  readonly workstation: string
  readonly running: { server: RunningServer }
}
const test = anyTest as TestFn<Context>

const missing = missingOf('ip', 'openssl', 'curl')

function check(title: string, body: (t: ExecutionContext<Context>) => Promise<void>): void {
  if (missing.length === 0) test.serial(title, body)
  else test.serial.skip(`${title} (needs ${missing.join(', ')})`, body)
}

interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** A command on the workstation: with a home and no server of its own. */
function there(
  { workstation, directory }: Context,
  program: string,
  args: readonly string[],
  input = '',
): Promise<Outcome> {
  const env = { PATH: process.env.PATH, HOME: join(directory, 'home'), LITEBOOT_STATE: join(directory, 'nothing') }
  return new Promise((resolve) => {
    const child = spawn('ip', ['netns', 'exec', workstation, program, ...args], { env })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('close', (status) => resolve({ stdout, stderr, status: status ?? -1 }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

if (missing.length === 0) {
  test.before(async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'liteboot-remote-'))
    const state = join(directory, 'state')
    mkdirSync(join(directory, 'home'))
    mkdirSync(state)
    const lab = await openLab(`${SERVER}/16`)
    const workstation = `${lab.namespace}-ws`
    await run('ip', ['netns', 'add', workstation])
    const peer = ['type', 'veth', 'peer', 'name', 'c0', 'netns', workstation]
    await run('ip', ['-n', lab.namespace, 'link', 'add', 'p-ws', ...peer])
    await run('ip', ['-n', lab.namespace, 'link', 'set', 'p-ws', 'master', 'br0', 'up'])
    for (const link of ['lo', 'c0']) await run('ip', ['-n', workstation, 'link', 'set', link, 'up'])
    await run('ip', ['-n', workstation, 'addr', 'add', '10.78.0.9/16', 'dev', 'c0'])
    Object.assign(t.context, { lab, directory, state, workstation })
    const server = await startServer(lab, state, join(directory, 'log'))
    Object.assign(t.context, { running: { server } })
    await liteboot(state, ['mkdef', 'n1', 'groups=all'])
  })
  test.after.always(async (t) => {
    const { lab, directory, workstation, running } = t.context
    await running?.server.close()
    if (workstation) await run('ip', ['netns', 'delete', workstation])
    await lab?.close()
    if (directory) rmSync(directory, { recursive: true, force: true })
  })
}

check('the first start makes certificates and lets root in; the log says the fingerprint', async (t) => {
  const { state, directory } = t.context
  const policy = await liteboot(state, ['tabdump', 'policy'])
  t.is(policy.stdout.split('\n')[1], '"1","root",,,,,,"allow",,')
  const log = readFileSync(join(directory, 'log'), 'utf8')
  const [, fingerprint] = /API for other machines on port 3001; fingerprint (SHA256:[0-9a-f]{64})/.exec(log) ?? []
  t.is((await liteboot(state, ['token', 'fingerprint'])).stdout.trim(), fingerprint ?? '')
  for (const name of ['ca.key', 'server.key']) t.is(statSync(join(state, 'access', name)).mode & 0o777, 0o600)
})

check('login from a workstation by address, and the commands work there', async (t) => {
  const { state, directory } = t.context
  const token = (await liteboot(state, ['token', 'create', 'root', '--expires', '1h'])).stdout
  writeFileSync(join(directory, 'home/token'), token)
  const fingerprint = (await liteboot(state, ['token', 'fingerprint'])).stdout.trim()
  const refused = await there(t.context, LITEBOOT, ['login', SERVER, '--token', '-'], token)
  t.regex(refused.stderr, /is not known yet/)
  const login = await there(t.context, LITEBOOT, ['login', SERVER, '--token', '-', '--fingerprint', fingerprint], token)
  t.is(login.status, 0, login.stderr)
  const lsdef = await there(t.context, LITEBOOT, ['lsdef', 'n1'])
  t.is(lsdef.stdout, 'Object name: n1\n    groups=all\n')
  const chdef = await there(t.context, LITEBOOT, ['chdef', 'n1', 'mgt=ipmi'])
  t.is(chdef.status, 0, chdef.stderr)
  writeFileSync(join(directory, 'home/nodes'), 'n1: some words\n')
  const byFile = await there(t.context, LITEBOOT, ['lsdef', `^${join(directory, 'home/nodes')}`, '-i', 'mgt'])
  t.is(byFile.stdout, 'Object name: n1\n    mgt=ipmi\n')
  const audit = await liteboot(state, ['tabdump', 'auditlog'])
  t.regex(audit.stdout, /"root","10\.78\.0\.9","api","chdef","n1"/)
})

check('other programs: curl with the authority; TLS 1.1 is refused', async (t) => {
  const { state, directory } = t.context
  const token = readFileSync(join(directory, 'home/token'), 'utf8').trim()
  const url = `https://${SERVER}:3001/v1/objects.show`
  const ca = ['--cacert', join(state, 'access/ca.pem')]
  const words = ['-s', '-H', `Authorization: Bearer ${token}`, '--json', '{"names":"n1"}']
  const good = await there(t.context, 'curl', [...words, ...ca, url])
  t.regex(good.stdout, /"Object name: n1"/)
  t.is((await there(t.context, 'curl', [...words, url])).status, 60)
  const old = await there(t.context, 'openssl', [
    's_client',
    '-connect',
    `${SERVER}:3001`,
    '-tls1_1',
    '-cipher',
    'ALL:@SECLEVEL=0',
  ])
  t.not(old.status, 0)
})

check('slow and many bad clients: they are cut off, and nodes and commands are served meanwhile', async (t) => {
  const { state, directory } = t.context
  const storm = `
    import { connect } from 'node:net'
    import { connect as tls } from 'node:tls'
    let ended = 0
    const held = []
    for (let at = 0; at < 300; at++) {
      const socket = at % 2 ? connect(3001, '${SERVER}') : tls({ port: 3001, host: '${SERVER}', rejectUnauthorized: false })
      socket.on('error', () => {})
      socket.on('close', () => ended++)
      // A header that never ends.
      if (at % 2 === 0) socket.once('secureConnect', () => { socket.write('POST /v1/server.ping HTTP/1.1\\r\\n'); setInterval(() => socket.write('x: y\\r\\n'), 1000).unref() })
      held.push(socket)
    }
    setTimeout(() => { console.log(ended); process.exit() }, 16000)
  `
  const file = join(directory, 'storm.mjs')
  writeFileSync(file, storm)
  const bad = there(t.context, process.execPath, [file])
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const startMs = Date.now()
  const boot = await there(t.context, 'curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code}',
    '-m',
    '5',
    `http://${SERVER}/boot/ipxe/n1`,
  ])
  t.regex(boot.stdout, /^[2-4]\d\d$/)
  t.is((await liteboot(state, ['lsdef', 'n1'])).status, 0)
  t.true(Date.now() - startMs < 6000)
  t.is((await bad).stdout.trim(), '300')
  t.is((await there(t.context, LITEBOOT, ['lsdef', 'n1'])).status, 0)
})

check('a restart keeps certificate and tokens; a taken port costs the API only, unless it was asked for', async (t) => {
  const { lab, state, directory, running } = t.context
  await running.server.close()
  const gone = await there(t.context, LITEBOOT, ['lsdef', 'n1'])
  t.is(gone.status, 1)
  t.regex(
    gone.stderr,
    /Unable to open socket connection to the liteboot server on 10\.78\.0\.1:3001: Connection refused/,
  )
  const holder = lab.spawn(process.execPath, ['-e', "require('node:net').createServer().listen(3001)"], {
    stdio: 'ignore',
  })
  try {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const log = join(directory, 'log2')
    const without = await startServer(lab, state, log)
    t.is((await liteboot(state, ['lsdef', 'n1'])).status, 0)
    t.regex(readFileSync(log, 'utf8'), /no API for other machines: port 3001 for the API is taken/)
    await without.close()
    await t.throwsAsync(startServer(lab, state, join(directory, 'log3'), ['--api-port', '3001']), {
      message: /port 3001 for the API is taken[\s\S]*LB_PORT_IN_USE/,
    })
  } finally {
    holder.kill('SIGKILL')
  }
  const off = await startServer(lab, state, join(directory, 'log4'), ['--api-port', 'off'])
  t.is((await there(t.context, LITEBOOT, ['lsdef', 'n1'])).status, 1)
  await off.close()
  running.server = await startServer(lab, state, join(directory, 'log5'))
  t.is((await there(t.context, LITEBOOT, ['lsdef', 'n1'])).status, 0)
  t.is((await there(t.context, LITEBOOT, ['logout'])).status, 0)
  t.is((await there(t.context, LITEBOOT, ['lsdef', 'n1'])).status, 1)
})

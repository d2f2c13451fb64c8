/** nodeset, nodestat and pping against a running server and nodes in namespaces; makehosts on a file that is a mount. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { type Lab, openLab } from '../vm-harness/lab.ts'
import { LITEBOOT, liteboot, type RunningServer, startServer } from '../vm-harness/liteboot.ts'
import { missingOf } from './requirements.ts'

const run = promisify(execFile)
const NODE = join(import.meta.dirname, '../node_modules/.bin/node')
const MAC = '02:00:00:78:00:11'

interface Context {
  readonly lab: Lab
  readonly directory: string
  readonly state: string
  readonly server: RunningServer
  /** Namespace of n1; n2 is switched off. */
  readonly n1: string
}
const test = anyTest as TestFn<Context>

const missing = missingOf('ip', 'udhcpc', 'curl', 'unshare')

function check(title: string, body: (t: ExecutionContext<Context>) => Promise<void>): void {
  if (missing.length === 0) test.serial(title, body)
  else test.serial.skip(`${title} (needs ${missing.join(', ')})`, body)
}

async function says(t: ExecutionContext<Context>, words: string, stdout: string, stderr = ''): Promise<void> {
  const ran = await liteboot(t.context.state, words.split(' '))
  t.is(ran.stdout, stdout, `${words}\n${ran.stderr}`)
  t.is(ran.stderr, stderr, words)
}

async function bootFile(t: ExecutionContext<Context>): Promise<string> {
  const url = 'http://10.78.0.1/boot/ipxe/n1'
  const args = ['netns', 'exec', t.context.n1, 'curl', '-s', '-m', '10', '-w', '%{http_code}', url]
  return (await run('ip', args)).stdout
}

/** The boot file that iPXE on n1 is told by DHCP. */
async function dhcpBootFile(t: ExecutionContext<Context>): Promise<string | undefined> {
  const script = join(t.context.directory, 'udhcpc.sh')
  writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n', { mode: 0o755 })
  const options = ['-i', 'c0', '-n', '-q', '-f', '-t', '5', '-T', '2', '-O', 'bootfile', '-s', script]
  const ipxe = ['-x', '0x4d:69505845', '-x', '0x5d:0000']
  const { stdout } = await run('ip', ['netns', 'exec', t.context.n1, 'udhcpc', ...options, ...ipxe])
  t.regex(stdout, /^ip=10\.78\.0\.11$/m)
  return /^boot_?file=(.*)$/m.exec(stdout)?.[1]
}

if (missing.length === 0) {
  test.before(async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'liteboot-deployment-'))
    const state = join(directory, 'state')
    const image = join(directory, 'lite')
    mkdirSync(state, { mode: 0o700 })
    mkdirSync(join(image, 'rootimg/.statelite'), { recursive: true })
    // No litefile rows at all.
    writeFileSync(join(image, 'rootimg/.statelite/revision'), 'e3b0c44298fc\n')
    writeFileSync(join(image, 'kernel'), 'kernel')
    writeFileSync(join(image, 'initrd-statelite.gz'), 'initrd')
    const lab = await openLab('10.78.0.1/16')
    const n1 = `${lab.namespace}-n1`
    Object.assign(t.context, { directory, state, lab, n1 })
    await run('ip', ['netns', 'add', n1])
    const peer = ['type', 'veth', 'peer', 'name', 'c0', 'address', MAC, 'netns', n1]
    await run('ip', ['-n', lab.namespace, 'link', 'add', 'p-n1', ...peer])
    await run('ip', ['-n', lab.namespace, 'link', 'set', 'p-n1', 'master', 'br0', 'up'])
    for (const link of ['lo', 'c0']) await run('ip', ['-n', n1, 'link', 'set', link, 'up'])
    await run('ip', ['-n', n1, 'addr', 'add', '10.78.0.11/16', 'dev', 'c0'])
    for (const words of [
      `mkdef -t osimage -o lite provmethod=statelite profile=p osvers=debian12 osarch=x86_64 rootimgdir=${image}`,
      'mkdef -t network -o lab net=10.78.0.0 mask=255.255.0.0',
      `mkdef n1 groups=all ip=10.78.0.11 mac=${MAC} netboot=xnba`,
      'mkdef n2 groups=all ip=10.78.0.12 mac=02:00:00:78:00:12 netboot=xnba',
    ]) {
      const ran = await liteboot(state, words.split(' '))
      t.is(ran.status, 0, ran.stderr)
    }
    Object.assign(t.context, { server: await startServer(lab, state, join(directory, 'log')) })
  })
  test.after.always(async (t) => {
    const { lab, server, n1, directory } = t.context
    await server?.close()
    if (n1) await run('ip', ['netns', 'delete', n1])
    await lab?.close()
    if (directory) rmSync(directory, { recursive: true, force: true })
  })
}

check('every state counts at once, for DHCP and for the boot file', async (t) => {
  await says(t, 'nodeset n1 osimage=lite', 'n1: statelite debian12-x86_64-p\n')
  t.regex(await bootFile(t), /^#!ipxe\n#statelite debian12-x86_64-p\n[\s\S]* root=nfs:10\.78\.0\.1:[\s\S]*200$/)
  t.is(await dhcpBootFile(t), 'http://10.78.0.1/boot/ipxe/n1')
  await says(t, 'nodeset n1 shell', 'n1: shell\n')
  t.regex(await bootFile(t), /^#!ipxe\n#shell\n[\s\S]* liteboot\.run=shell [\s\S]*200$/)
  await says(t, 'nodeset n1 boot', 'n1: boot\n')
  t.regex(await bootFile(t), /^#!ipxe\n#boot\n[\s\S]*\nexit\n200$/)
  await says(t, 'nodeset n1 offline', 'n1: offline\n')
  t.regex(await bootFile(t), /404$/)
  t.is(await dhcpBootFile(t), undefined)
  await says(t, 'nodeset n1 stat', 'n1: offline\n')
  await says(t, 'nodestat n1', 'n1: was given its address only: the node is offline (nodeset)\n')
})

check('nodestat and pping: services, an answer, silence, and where a boot stands', async (t) => {
  await says(t, 'pping n1,n2', 'n1: ping\nn2: noping\n')
  const listener = spawn(
    'ip',
    ['netns', 'exec', t.context.n1, NODE, '-e', "require('net').createServer().listen(22, () => console.log('ready'))"],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.teardown(() => stop(listener))
  await once(listener.stdout as NodeJS.ReadableStream, 'data')
  await says(t, 'nodestat n1,n2', 'n1: sshd\nn2: noping\n')
  await says(t, 'nodestat n1,n2 -u', 'n1: sshd\nn2: noping\n')
  await says(
    t,
    'lsdef n1,n2 -c -i status,appstatus',
    ['n1: appstatus=sshd=up', 'n1: status=sshd', 'n2: appstatus=', 'n2: status=noping', ''].join('\n'),
  )
  await stop(listener)
  // Its firmware asked a moment ago, and its script was fetched.
  await says(t, 'nodeset n1 boot', 'n1: boot\n')
  await dhcpBootFile(t)
  await bootFile(t)
  const { stdout } = await liteboot(t.context.state, ['nodestat', 'n1'])
  t.regex(stdout, /^n1: left to its next boot device \d/)
  await says(t, 'nodeset n1 osimage', 'n1: statelite debian12-x86_64-p\n')
  await liteboot(t.context.state, ['chtab', 'image=ALL,file=/var/keep/', 'litefile.options=persistent'])
  await bootFile(t)
  const refused = await liteboot(t.context.state, ['nodestat', 'n1'])
  t.regex(refused.stdout, /^n1: failed at boot file: .*no statelite row for n1/)
})

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

check('makehosts writes through a mount: the file stays the one that is mounted', async (t) => {
  const { directory } = t.context
  // A state of its own, so that no server writes it: the mount is seen by this command only.
  const state = join(directory, 'other')
  for (const words of ['mkdef -t network -o l net=10.78.0.0 mask=255.255.0.0', 'mkdef n1 groups=all ip=10.78.0.11'])
    t.is((await liteboot(state, words.split(' '))).status, 0)
  const [real, hosts] = [join(directory, 'real'), join(directory, 'hosts')]
  writeFileSync(real, '127.0.0.1 localhost\n# a long comment that will stay as it is\n')
  writeFileSync(hosts, '')
  const script = `mount --bind "${real}" "${hosts}" && "${LITEBOOT}" makehosts --file "${hosts}" && cat "${hosts}"`
  const env = { ...process.env, LITEBOOT_STATE: state }
  const { stdout } = await run('unshare', ['-m', 'sh', '-c', script], { env })
  const expected = '127.0.0.1 localhost\n# a long comment that will stay as it is\n10.78.0.11 n1\n'
  t.is(stdout, expected)
  t.is(readFileSync(real, 'utf8'), expected)
})

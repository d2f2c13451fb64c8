/** Commands from an administrator's workstation, over TLS, against a server in this process. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openRemoteRig, type RemoteRig } from '../api/remote-rig.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

interface Workstation extends Site {
  readonly rig: RemoteRig
  readonly fingerprint: string
}

/** Its state directory is never made: no server and no tables are here. */
async function openWorkstation(t: ExecutionContext): Promise<Workstation> {
  const rig = await openRemoteRig(t)
  const site = newSite(t)
  await rig.chtab('node=n1', 'nodelist.groups=rackA,all')
  await rig.chtab('node=n2', 'nodelist.groups=rackB,all')
  await rig.chtab('priority=4', 'policy.name=bob', 'policy.commands=rmdef', 'policy.rule=deny')
  await rig.chtab('priority=5', 'policy.name=bob', 'policy.noderange=rackA', 'policy.rule=allow')
  writeFileSync(join(site.directory, 'token'), rig.newToken())
  writeFileSync(join(site.directory, 'ca.pem'), rig.ca)
  const places = { ...site.places, config: join(site.directory, 'config') }
  return { ...site, places, rig, fingerprint: rig.credentials.fingerprint }
}

function whoamiLine({ rig }: Workstation): string {
  const record = rig.tokens.list()[0]
  const until = new Date(record?.expiresMs ?? 0)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${until.getFullYear()}-${two(until.getMonth() + 1)}-${two(until.getDate())}`
  const time = `${two(until.getHours())}:${two(until.getMinutes())}`
  return `bob on ${hostname()}: administrator (token ${record?.id}, until ${day} ${time})`
}

test('log in, look, change, be denied, log out', async (t) => {
  const here = await openWorkstation(t)
  const { server } = here.rig
  await transcript(
    t,
    here,
    `
$ login ${server} --token @/token --fingerprint ${here.fingerprint}
Logged in to ${server} as ${whoamiLine(here)}
$ whoami
${whoamiLine(here)}
$ lsdef n1
Object name: n1
    groups=rackA,all
$ chdef n1 mgt=ipmi
1 object definitions have been created or modified.
$ lsdef n1 -i groups,mgt
Object name: n1
    groups=rackA,all
    mgt=ipmi
$ chdef n2 mgt=ipmi
! Error: Permission denied for request
!        Ask the administrator of the server for a row of the table policy that allows it. [LB_DENIED]
[1]
$ rmdef n1
! Error: Permission denied for request
!        Ask the administrator of the server for a row of the table policy that allows it. [LB_DENIED]
[1]
$ logout
Logged out of ${server}
$ logout ${server}
! Error: you are not logged in to ${server}
!        Log in with \`liteboot login <server>\`. [LB_LOGIN]
[1]
`,
  )
  t.is((await here.rig.client.call('objects.show', { names: 'n1' })).exitStatus, 0)
  t.deepEqual(here.rig.tokens.list(), [], 'the server forgets the token as well')
})

test('what a login leaves is for its owner only, and refused when others may read it', async (t) => {
  const here = await openWorkstation(t)
  const login = [
    'login',
    here.rig.server,
    '--token',
    join(here.directory, 'token'),
    '--ca',
    join(here.directory, 'ca.pem'),
  ]
  t.is((await runCommand(here, login)).status, 0)
  const file = join(here.places.config, 'credentials.json')
  t.is(statSync(file).mode & 0o777, 0o600)
  t.is(statSync(here.places.config).mode & 0o777, 0o700)
  chmodSync(file, 0o640)
  await transcript(
    t,
    { ...here, directory: here.directory },
    `
$ lsdef n1
! Error: @/config/credentials.json can be read by others
!        Run chmod 600 @/config/credentials.json, or log in anew. [LB_FILE]
[1]
`,
  )
})

test('a server that is not known is not told anything until its fingerprint is accepted', async (t) => {
  const here = await openWorkstation(t)
  const { server } = here.rig
  await transcript(
    t,
    here,
    `
$ login ${server} --token @/token
! Error: ${server} is not known yet; its fingerprint is ${here.fingerprint}; nothing was sent
!        Compare it with \`liteboot token fingerprint\` on the server, then log in with --fingerprint ${here.fingerprint} [LB_CERTIFICATE]
[1]
$ login ${server} --token @/token --fingerprint SHA256:00
! Error: ${server} has the fingerprint ${here.fingerprint}, not the one that was given
!        Somebody may be between you and the server. Compare with \`liteboot token fingerprint\` on the server. [LB_CERTIFICATE]
[1]
`,
  )
  t.false(existsSync(here.places.config))
})

test('a known server that shows another authority is refused', async (t) => {
  const here = await openWorkstation(t)
  const login = ['login', here.rig.server, '--token', join(here.directory, 'token'), '--fingerprint', here.fingerprint]
  t.is((await runCommand(here, login)).status, 0)
  const other = await openRemoteRig(t)
  const file = join(here.places.config, 'credentials.json')
  const saved = JSON.parse(readFileSync(file, 'utf8')) as { logins: { ca: string }[] }
  for (const one of saved.logins) one.ca = other.ca
  writeFileSync(file, JSON.stringify(saved), { mode: 0o600 })
  const { status, stderr } = await runCommand(here, ['lsdef', 'n1'])
  t.is(status, 1)
  t.regex(stderr, /^Error: the certificate of localhost:\d+ is not trusted: .*\n.*\[LB_CERTIFICATE\]\n$/)
})

test('with a password from standard input', async (t) => {
  const here = await openWorkstation(t)
  const { server } = here.rig
  await here.rig.chtab('key=xcat,username=bob', 'passwd.password=sesame')
  await transcript(
    t,
    here,
    `
$ login ${server} --user bob --ca @/ca.pem < wrong
! Error: wrong user or password
!        Passwords are rows of the table passwd with key=xcat. [LB_LOGIN]
[1]
$ login ${server} --ca @/ca.pem < right
! Error: what was given is no token: with a password, name the user with --user
! Usage: liteboot login [options] <server>
!        \`liteboot login --help\` explains the options
[1]
`,
    { wrong: 'open\n', right: 'sesame\n' },
  )
  const login = ['login', server, '--user', 'bob', '--ca', join(here.directory, 'ca.pem'), '--role', 'viewer']
  const { stdout, status } = await runCommand(here, login, 'sesame\n')
  t.regex(stdout, /^Logged in to localhost:\d+ as bob on .*: viewer \(token [0-9a-f]{12}, until .*\)\n$/)
  t.is(status, 0)
  t.is((await runCommand(here, ['lsdef', 'n1'])).status, 0)
  t.regex((await runCommand(here, ['chdef', 'n1', 'mgt=ipmi'])).stderr, /Permission denied/)
})

test('tokens as commands, on the server itself', async (t) => {
  const site = newSite(t)
  const created = await runCommand(site, ['token', 'create', 'amy', '--role', 'viewer', '--expires', '30d'])
  t.regex(created.stdout, /^lb_[0-9a-f]{12}_[\w-]{43}\n$/)
  t.regex(created.stderr, /^Warning: no row of the table policy names amy/)
  const id = created.stdout.slice(3, 15)
  const listed = await runCommand(site, ['token', 'list'])
  t.regex(listed.stdout, new RegExp(`^id +user +role +until +description\n${id}  amy   viewer  \\d{4}-`))
  await transcript(
    t,
    site,
    `
$ token revoke ${id} --dry-run
token ${id} of amy would be revoked.
$ token revoke ${id}
token ${id} of amy is revoked.
$ token revoke ${id}
! Error: there is no token ${id}
!        List the tokens with \`liteboot token list\`. [LB_BAD_INPUT]
[1]
$ token list
id  user  role  until  description
$ token create amy --role king
! Error: there is no role "king": viewer, operator, administrator
! Usage: liteboot token create <user> [options]
!        liteboot token list
!        liteboot token revoke <id>
!        liteboot token fingerprint
!        \`liteboot token --help\` explains the options
[1]
$ whoami
root on ${hostname()}: administrator (on the server itself)
`,
  )
})

test('a server that does not answer: what was tried, and what to look at', async (t) => {
  const here = await openWorkstation(t)
  const { server } = here.rig
  t.is(
    (
      await runCommand(here, [
        'login',
        server,
        '--token',
        join(here.directory, 'token'),
        '--ca',
        join(here.directory, 'ca.pem'),
      ])
    ).status,
    0,
  )
  await here.rig.remote.close()
  await transcript(
    t,
    here,
    `
$ lsdef n1
! Error: Unable to open socket connection to the liteboot server on ${server}: Connection refused
!        Check that \`liteboot serve\` runs there, that its API is on, and that no firewall is between. [LB_REMOTE]
[1]
`,
  )
})

test('a server that the environment names, with and without a login', async (t) => {
  const here = await openWorkstation(t)
  const places = { ...here.places, server: 'elsewhere' }
  await transcript(
    t,
    { ...here, places },
    `
$ lsdef
! Error: you are not logged in to elsewhere:3001
!        Log in with \`liteboot login elsewhere:3001\`. [LB_LOGIN]
[1]
$ login 'no server'
! Error: "no server" is no server: write host or host:port
! Usage: liteboot login [options] <server>
!        \`liteboot login --help\` explains the options
[1]
`,
  )
  t.is(
    (
      await runCommand(here, [
        'login',
        here.rig.server,
        '--token',
        join(here.directory, 'token'),
        '--ca',
        join(here.directory, 'ca.pem'),
      ])
    ).status,
    0,
  )
  t.is((await runCommand({ ...here, places: { ...here.places, server: here.rig.server } }, ['lsdef', 'n1'])).status, 0)
})

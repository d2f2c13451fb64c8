/** What every command has in common: help, version, JSON, unknown words. */
import test from 'ava'
import { COMMANDS } from '../../src/cli/commands.ts'
import { typedName } from '../../src/cli/shell/short-names.ts'
import { nearestName } from '../../src/tables/nearest-name.ts'
import { newSite, runCommand, transcript } from './transcript.ts'

test('every command explains itself and tells its version', async (t) => {
  const site = newSite(t)
  for (const name of Object.keys(COMMANDS)) {
    const help = await runCommand(site, [name, '--help'])
    t.is(help.status, 0, name)
    t.regex(help.stdout, new RegExp(`^Usage: ${typedName(name)} .*--json`, 's'), name)
    const version = await runCommand(site, [name, '-v'])
    t.is(version.status, 0, name)
    t.regex(version.stdout, name.endsWith('def') ? new RegExp(`^${name} - Version \\d`) : /^\d+\.\d+\.\d+\n$/, name)
  }
})

test('nothing given: the help, with the status scripts know', async (t) => {
  const site = newSite(t)
  const expected = { mkdef: 0, chdef: 0, rmdef: 0, liteimg: 0, lslite: 0, litefile: 0, litetree: 0, ilitefile: 0 }
  for (const [name, status] of Object.entries({ ...expected, chtab: 1, tabrestore: 2, plan: 1, timeline: 1 })) {
    const ran = await runCommand(site, [name])
    t.is(ran.status, status, name)
    t.regex(ran.stdout, new RegExp(`^Usage: ${typedName(name)} `), name)
    t.is(ran.stderr, '', name)
  }
})

test('words that are no command', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ liteboot lsdf
! Error: there is no command 'lsdf'
!        Did you mean 'lsdef'?
!        \`liteboot help\` lists the commands
[1]
$ liteboot constructor
! Error: there is no command 'constructor'
!        \`liteboot help\` lists the commands
[1]
$ liteboot --version
liteboot 0.1.0
$ liteboot lsdef
Could not find any object definitions to display.
$ liteboot litefile a b
! Error: too many arguments. Expected 1 argument but got 2: a, b.
! Usage: litefile [options] <noderange>
!        \`litefile --help\` explains the options
[1]
`,
  )
  const help = await runCommand(newSite(t), ['liteboot'])
  for (const name of [...Object.keys(COMMANDS), 'serve', 'vm']) t.regex(help.stdout, new RegExp(`^  ${name} `, 'm'))
})

test('near names only', (t) => {
  t.is(nearestName('tabdmp', ['tabdump', 'tabrestore']), 'tabdump')
  t.is(nearestName('x', ['tabdump']), undefined)
  t.is(nearestName('', ['ab']), undefined)
})

test('--json: the value of every command that prints something, and nothing else on standard output', async (t) => {
  const site = newSite(t)
  const json = async (...words: string[]) => {
    const ran = await runCommand(site, [...words, '--json'])
    return { ...ran, value: JSON.parse(ran.stdout) }
  }
  t.like((await json('mkdef', 'n1,n2', 'groups=lite,all')).value, { changes: 2, snapshot: null })
  await json('mkdef', '-t', 'osimage', '-o', 'lite', 'provmethod=statelite', 'profile=p', 'rootimgdir=/i')
  await json('chdef', '-t', 'network', '-o', 'net', 'net=10.4.0.0', 'mask=255.255.0.0')
  await json('chdef', '-t', 'site', 'master=10.4.0.1')
  await json('chdef', 'n1', 'provmethod=lite', 'ip=10.4.0.11', 'mac=0a:00:00:00:00:01', 'usercomment="quoted"')
  await json('chtab', 'image=ALL,file=/etc/motd', 'litefile.options=rw')
  t.deepEqual((await json('lsdef', 'n1', '-i', 'os,usercomment')).value, [
    { type: 'node', name: 'n1', attributes: { os: null, usercomment: '"quoted"' } },
  ])
  t.like((await json('lsdef', '-t', 'osimage', 'lite')).value[0], { type: 'osimage', name: 'lite' })
  t.deepEqual((await json('lsdef', '-t', 'osimage', 'lite')).value[0].attributes.provmethod, 'statelite')
  t.deepEqual((await json('tabdump', 'litefile')).value, [
    { image: 'ALL', file: '/etc/motd', options: 'rw', comments: null, disable: null },
  ])
  t.true((await json('tabdump')).value.includes('litefile'))
  t.like((await json('litefile', 'n1')).value[0], { node: 'n1', image: 'lite' })
  t.like((await json('litetree', 'n1')).value[0], { node: 'n1', trees: [] })
  t.like((await json('lslite', '-i', 'lite')).value[0], { path: '/etc/motd', option: 'tmpfs' })
  t.like((await json('ilitefile', 'lite')).value[0], { path: '/etc/motd' })
  t.like((await json('plan', 'n1')).value.plan, { image: { name: 'lite' } })
  t.deepEqual((await json('timeline', 'n1')).value, [])
  t.true(Array.isArray((await json('exports')).value))
  const failed = await json('tabdump', 'nosuch')
  t.is(failed.status, 1)
  t.like(failed.value.error, { code: 'LB_NO_TABLE', message: 'No such table: nosuch' })
  t.regex(failed.stderr, /^Error: No such table: nosuch\n/)
})

test('leases are known to the server only', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ leases
! Error: leases are kept by the running server, and none runs
!        Check that \`liteboot serve\` runs and that you may open its socket. [LB_SOCKET]
[1]
$ timeline n1
Nothing was seen of n1 yet.
$ exports
$ plan n1
! Error: Invalid nodes and/or groups in noderange: n1
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
`,
  )
})

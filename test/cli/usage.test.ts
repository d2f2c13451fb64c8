/** What every command has in common: help, version, JSON, unknown words. */
import test from 'ava'
import { COMMANDS } from '../../src/cli/commands.ts'
import { defineCommand } from '../../src/cli/shell/define.ts'
import { typedName } from '../../src/cli/shell/short-names.ts'
import { expectedArgument } from '../../src/cli/shell/value-kinds.ts'
import { nearestName } from '../../src/tables/nearest-name.ts'
import { cpuMs } from '../cpu-clock.ts'
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
$ liteboot ilitefile a b
! Error: too many arguments. Expected 1 argument but got 2: a, b.
! Usage: ilitefile [options] <image>
!        \`ilitefile --help\` explains the options
[1]
`,
  )
  const help = await runCommand(newSite(t), ['liteboot'])
  for (const name of [...Object.keys(COMMANDS), 'serve', 'vm']) t.regex(help.stdout, new RegExp(`^  ${name} `, 'm'))
})

test('near names only', (t) => {
  t.is(nearestName('tabdmp', ['tabdump', 'tabrestore']), 'tabdump')
  t.is(nearestName('ldsef', ['mkdef', 'lsdef']), 'lsdef')
  t.is(nearestName('NETBOOT', ['netboot']), 'netboot')
  t.is(nearestName('x', ['tabdump', 'y']), undefined)
  t.is(nearestName('', ['ab']), undefined)
  t.is(nearestName('ab'.repeat(40), ['ab'.repeat(40)]), undefined)
})

test('numbers: another number is another node, not a slip', (t) => {
  t.is(nearestName('cn7', ['cn06', 'cn07', 'cn08']), 'cn07')
  t.is(nearestName('cn0007', ['cn07']), 'cn07')
  t.is(nearestName('cn8', ['cn06', 'cn07']), undefined)
  t.is(nearestName('r1x2', ['r1y2', 'r1x3']), 'r1y2')
})

test('the nearest of many nodes is found in time for a prompt', (t) => {
  const names = Array.from({ length: 100_000 }, (_, at) => `node${at.toString(36)}x${at}`)
  const before = cpuMs()
  t.is(nearestName('nxxxe2xpx6xxx2x', names), undefined)
  const elapsedMs = cpuMs() - before
  // Half a second is many times what it takes; all pairs of letters would take several.
  t.true(elapsedMs < 500, `${elapsedMs} ms`)
})

test('what was probably meant: object types, objects, attributes, tables, columns, nodes, images, options', async (t) => {
  const site = newSite(t)
  for (const words of [
    ['mkdef', 'cn01,cn02', 'groups=compute,all'],
    ['mkdef', '-t', 'osimage', '-o', 'el9-lite', 'provmethod=statelite', 'profile=p', 'rootimgdir=/i'],
  ])
    t.is((await runCommand(site, words)).status, 0)
  await transcript(
    t,
    site,
    `
$ lsdef -t osimge
! Error:
! Type 'osimge' is not a valid xCAT object type.
!        Did you mean 'osimage'?
[1]
$ lsdef cn1
No object definitions have been found
! Error: Could not find an object named 'cn1' of type 'node'.
!        Did you mean 'cn01'?
[1]
$ lsdef -s cn01,cn1
cn01  (node)
! Error: Could not find an object named 'cn1' of type 'node'.
!        Did you mean 'cn01'?
[1]
$ lsdef -t osimage el9-lit
No object definitions have been found
! Error: Could not find an object named 'el9-lit' of type 'osimage'.
!        Did you mean 'el9-lite'?
[1]
$ lsdef cn01 -i netbot
Object name: cn01
! Error: 'netbot' is not a valid attribute name for an object type of 'node'.
!        Did you mean 'netboot'?
[1]
$ chdef cn01 netbot=xnba
No object definitions have been created or modified.
! Error: 'netbot' is not a valid attribute name for an object type of 'node'.
!        Did you mean 'netboot'?
! Error: Skipping to the next attribute.
[1]
$ rmdef -t group compte
No objects have been removed from the xCAT database.
! Error: Could not find an object named 'compte' of type 'group'.
!        Did you mean 'compute'?
[1]
$ tabdump litefil
! Error: No such table: litefil
!        Did you mean 'litefile'? List the tables with \`tabdump\`. [LB_NO_TABLE]
[1]
$ tabdump -w fil==x litefile
! Error: No column "fil" in table "litefile"
!        Did you mean 'file'? Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ chtab node=cn01 nodhm.mgt=ipmi
! Error: Table nodhm does not exist.
!        Did you mean 'nodehm'? List the tables with \`tabdump\`. [LB_NO_TABLE]
[1]
$ chtab node=cn01 nodehm.mtg=ipmi
! Error: nodehm.mtg not a valid table.column description
!        Did you mean 'mgt'? Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ litefile compue
! Error: Invalid nodes and/or groups in noderange: compue
!        Did you mean 'compute'? List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
$ litefile nodehm.mtg==ipmi
! Error: noderange nodehm.mtg==ipmi: nodehm.mtg not a valid table.column description; did you mean nodehm.mgt?
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ lslite -i el9-lte
! Error: The osimage named 'el9-lte' is not defined.
!        Did you mean 'el9-lite'? List the images with \`lsdef -t osimage\`. [LB_NO_IMAGE]
[1]
$ lslite --imge x
! Error: unknown option '--imge'
!        Did you mean '--image'?
! Usage: lslite [options] [noderange]
!        \`lslite --help\` explains the options
[1]
`,
  )
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

function parseJson(text: string): { readonly error?: { readonly code: unknown } } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What stands for an argument in the test below, by what it is. */
const SAMPLES: Readonly<Record<string, string>> = {
  nodes: 'n1',
  'nodes-or-images': 'n1',
  objects: 'n1',
  images: 'lite',
  tables: 'site',
  columns: 'site.value',
  'node-columns': 'groups',
  'row-words': 'key=master',
  attributes: 'groups',
  directories: '@/new directory',
  files: '@/nosuch',
}

/** Open an editor; ask for a password and write into the home directory. */
const TALKS: readonly string[] = ['tabedit', 'login', 'logout']

test('--json: every command that changes no tables prints one value, whether it likes its arguments or not', async (t) => {
  const site = newSite(t)
  for (const words of [
    ['mkdef', 'n1', 'groups=all', 'provmethod=lite', 'mac=0a:00:00:00:00:01', 'ip=10.4.0.11'],
    ['mkdef', '-t', 'osimage', '-o', 'lite', 'provmethod=statelite', 'profile=p', 'rootimgdir=/i'],
    ['chdef', '-t', 'site', 'master=10.4.0.1'],
  ])
    t.is((await runCommand(site, words)).status, 0)
  let asked = 0
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load()
    if (command.changes || TALKS.includes(name)) continue
    const program = defineCommand(command, () => {})
    const words = program.registeredArguments.map((argument) => {
      const expected = expectedArgument(command, argument)
      const sample = typeof expected === 'string' ? SAMPLES[expected] : expected[0]
      return sample?.replace('@', site.directory) ?? 'nosuch'
    })
    for (const given of [words, ['nosuch', 'no-such'], ['--no-such-option']]) {
      if (name === 'install-links' && given !== words) continue
      const { stdout, stderr, status } = await runCommand(site, [name, ...given, '--json'])
      const typed = `${name} ${given.join(' ')}: ${stderr}`
      const value = parseJson(stdout)
      t.not(value, undefined, `${typed}${stdout}`)
      if (status !== 0 && value?.error) t.regex(String(value.error.code), /^LB_/, typed)
      if (given[0] === '--no-such-option') t.like(value, { error: { code: 'LB_USAGE' } }, typed)
    }
    asked++
  }
  t.true(asked > 15, `${asked}`)
})

test('--json: errors of commands that do not exist, and of faulty input, are values', async (t) => {
  const site = newSite(t)
  const json = async (...words: string[]) => JSON.parse((await runCommand(site, [...words, '--json'])).stdout)
  t.deepEqual(await json('liteboot', 'lsdf'), {
    error: { code: 'LB_USAGE', message: "there is no command 'lsdf'", advice: '`liteboot help` lists the commands' },
  })
  t.like((await json('tabrestore', '/nosuch/site.csv')).error, {
    code: 'LB_BAD_INPUT',
    message: 'Unable to open /nosuch/site.csv for reading.',
  })
  t.like((await json('lsdef', 'n9')).error, { message: "Could not find an object named 'n9' of type 'node'." })
  t.regex((await json('mkdef', 'n9', 'groups=all', 'bogus=1')).error.message, /^'bogus' is not a valid attribute name/)
  t.deepEqual(await json('lsdef', '-w', 'mgt==ipmi'), [])
  t.like((await json('litefile')).error, { code: 'LB_USAGE', message: "missing required argument 'noderange'" })
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
no server is running here: no node can boot, and those with an NFS root wait: systemctl start liteboot
$ exports
$ plan n1
! Error: Invalid nodes and/or groups in noderange: n1
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
`,
  )
})

/** litefile suggest and presets as typed: nothing runs; the lists are what nodes would have sent. */
import test, { type ExecutionContext } from 'ava'
import { openLearnedLists } from '../../src/api/methods/statelite/learned-lists.ts'
import { PRESETS } from '../../src/statelite/presets.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

async function stage(t: ExecutionContext, ...more: string[]): Promise<Site> {
  const site = newSite(t)
  for (const words of [
    'mkdef -t osimage -o lite provmethod=statelite profile=compute osvers=debian12 osarch=x86_64 groups=blue rootimgdir=/nowhere/lite',
    'mkdef -t osimage -o other provmethod=statelite profile=other osvers=debian12 osarch=x86_64 groups=blue rootimgdir=/nowhere/other',
    'mkdef cn[1-3] groups=compute,all ip=|10.9.0.($1)|',
    'chdef cn[1-3] provmethod=lite',
    'chtab image=ALL,file=/var/log/ litefile.options=tmpfs',
    ...more,
  ]) {
    const { status, stderr } = await runCommand(site, words.split(' '))
    t.is(status, 0, `${words}: ${stderr}`)
  }
  return site
}

async function learn(site: Site, node: string, paths: readonly string[], image = 'lite'): Promise<void> {
  await openLearnedLists(site.places.learned).keep(node, {
    bootId: `boot-of-${node}`,
    uptimeSeconds: 90,
    image,
    receivedMs: 0,
    more: [],
    paths: paths.map((path) => ({
      kind: path.endsWith('/') ? 'd' : 'f',
      origin: 'new',
      sizeBytes: 1,
      mtime: 1,
      path,
    })),
  })
}

const STATEMNT = 'chtab node=compute statelite.statemnt=10.9.0.254:/state'

test('suggest: rows with their reasons, added in one edit; then nothing is missing', async (t) => {
  const site = await stage(t, STATEMNT)
  await learn(site, 'cn1', [
    '/var/log/syslog',
    '/root/.bash_history',
    '/etc/adjtime',
    '/usr/bin/tool',
    '/srv/db/a',
    '/srv/db/b',
  ])
  await learn(site, 'cn2', ['/root/.ssh/', '/root/.ssh/known_hosts'])
  const rows = `lite: 8 paths written by 2 nodes, 1 covered by rows already
  image  file          options     nodes  paths  why
  lite   /etc/adjtime  tmpfs       1/2    1      hwclock(8) notes the drift of the hardware clock
  lite   /root/        persistent  2/2    3      root's home: history, keys, known hosts
  lite   /srv/db/      persistent  1/2    2      data of an application
  no rows for:
    /usr/bin/tool: software was installed or changed: do that in the image`
  await transcript(
    t,
    site,
    `
$ litefile suggest cn1-cn3
${rows}
! cn3: Error: it has told of nothing written: nodeset cn3 learn, boot it, and ask again when it is up
[1]
$ litefile suggest cn1,cn2 --add
${rows}
3 rows added to litefile; now: liteimg lite
$ suggest cn1,cn2
lite: 8 paths written by 2 nodes, 7 covered by rows already
  no row is missing
  no rows for:
    /usr/bin/tool: software was installed or changed: do that in the image
$ litefile cn1
cn1: tmpfs         /etc/adjtime
cn1: persistent    /root/
cn1: persistent    /srv/db/
cn1: tmpfs         /var/log/
`,
  )
})

test('suggest: every path with -V, rows for a group, a dry run that changes nothing', async (t) => {
  const site = await stage(t)
  await learn(site, 'cn1', ['/srv/db/a', '/srv/db/b', '/srv/db/c', '/srv/db/d'])
  const added = await runCommand(site, ['suggest', 'cn1', '--add', '--image', 'blue', '--dry-run'])
  t.is(added.status, 0, added.stderr)
  t.regex(added.stdout, /^ {2}litefile image=blue,file=\/srv\/db\/: new \(options=tmpfs\)$/m)
  await transcript(
    t,
    site,
    `
$ suggest cn1 --image blue -V
lite: 4 paths written by 1 node, 0 covered by rows already
  image  file      options  nodes  paths  why
  blue   /srv/db/  tmpfs    1/1    4      data of an application (persistent once the nodes have a statelite row)
        /srv/db/a
        /srv/db/b
        /srv/db/c
        /srv/db/d
$ suggest cn1 --image white
! Error: rows with image=white are not for lite: use lite, blue or ALL
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
`,
  )
})

test('suggest: a row for a group that would be wrong for another of its images is left out; so is a disabled one', async (t) => {
  const site = await stage(
    t,
    'chtab image=other,file=/srv/db/keys/ litefile.options=link',
    'chtab image=blue,file=/data/ litefile.options=tmpfs litefile.disable=yes',
  )
  await learn(site, 'cn1', ['/srv/db/a', '/data/x'])
  const { stdout, status } = await runCommand(site, ['suggest', 'cn1', '--image', 'blue', '--add'])
  t.is(status, 0)
  t.regex(stdout, /\/data\/x: no row \/data\/: litefile row image=blue,file=\/data\/ is there and disabled/)
  t.regex(
    stdout,
    /\/srv\/db\/a: no row \/srv\/db\/: litefile row image=other,file=\/srv\/db\/keys\/: link cannot be below/,
  )
  t.notRegex(stdout, /added/)
})

test('suggest --json: everything as data', async (t) => {
  const site = await stage(t)
  await learn(site, 'cn1', ['/etc/adjtime'])
  const { stdout } = await runCommand(site, ['suggest', 'cn1', '--json'])
  t.deepEqual(JSON.parse(stdout), {
    images: [
      {
        image: 'lite',
        nodes: ['cn1'],
        written: 1,
        covered: 0,
        suggestions: [
          {
            image: 'lite',
            file: '/etc/adjtime',
            options: 'tmpfs',
            reason: 'hwclock(8) notes the drift of the hardware clock',
            nodes: ['cn1'],
            paths: 1,
            examples: ['/etc/adjtime'],
          },
        ],
        left: [],
      },
    ],
  })
})

test('presets are listed, fitted to the table, and added; every one of them is without fault', async (t) => {
  for (const { name, rows } of PRESETS) {
    const site = await stage(t, STATEMNT)
    const shown = await runCommand(site, ['litefile', 'presets', name])
    t.is(shown.status, 0, shown.stderr)
    for (const { file, reason } of rows) t.true(shown.stdout.includes(file) && shown.stdout.includes(reason), file)
    const added = await runCommand(site, ['litefile', 'suggest', '--preset', name, '--image', 'lite', '--add'])
    t.is(added.status, 0, added.stderr)
    const covered = rows.some(({ file }) => file === '/var/log/') ? 1 : 0
    t.regex(added.stdout, new RegExp(`^${rows.length - covered} rows added to litefile; now: liteimg lite$`, 'm'))
    const again = await runCommand(site, ['suggest', '--preset', name, '--image', 'lite', '--add'])
    t.regex(again.stdout, /no row is missing/)
    const checked = await runCommand(site, ['litefile', 'cn1'])
    t.is(checked.stderr, '', name)
    for (const { file, option } of rows)
      t.true(checked.stdout.includes(`cn1: ${option.padEnd(13)} ${file}\n`), `${name} ${file}`)
  }
})

test('presets: persistent rows are tmpfs for nodes without a place to persist', async (t) => {
  const site = await stage(t)
  t.is((await runCommand(site, ['suggest', '--preset', 'debian', 'cn1', '--add'])).status, 0)
  const { stdout } = await runCommand(site, ['litefile', 'cn1'])
  t.regex(stdout, /cn1: tmpfs {9}\/root\//)
  t.notRegex(stdout, /persistent/)
})

test('suggest: what is asked for wrongly', async (t) => {
  await transcript(
    t,
    await stage(t),
    `
$ litefile suggest --preset redhat
! Error: there is no preset redhat: rh, sles, debian, postscripts
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ litefile cn1 --add
! Error: --add is an option of litefile suggest
! Usage: litefile [options] <noderange> [learned-noderange]
!        \`litefile --help\` explains the options
[1]
$ suggest --add
! Error: suggest needs a noderange, or --preset and a name
! Usage: liteboot suggest [options] [noderange]
!        \`liteboot suggest --help\` explains the options
[1]
`,
  )
})

/** From written paths to rows: a table of cases, and what holds for every list. */
import test from 'ava'
import fc from 'fast-check'
import type { LitefileRow } from '../../src/cluster/model.ts'
import { selectEntries } from '../../src/statelite/entries.ts'
import type { LearnedBoot, LearnedKind, LearnedOrigin, LearnedPath } from '../../src/statelite/learn.ts'
import { checkLitefile } from '../../src/statelite/matrix.ts'
import { ENTRY_OPTIONS } from '../../src/statelite/options.ts'
import { type SuggestionRequest, suggestRows } from '../../src/statelite/suggest.ts'
import { isCovered } from '../../src/statelite/suggest-fit.ts'
import { cpuMs } from '../cpu-clock.ts'
import { imageSpec, litefileRows } from './snapshot.ts'

const IMAGE = imageSpec({ name: 'lite', groups: ['blue'] })

/** `f new /etc/x`, with every directory above it as the node lists it. */
function boot(lines: readonly string[], more: LearnedBoot['more'] = []): LearnedBoot {
  const paths = lines.map((line): LearnedPath => {
    const [kind = '', origin = '', ...rest] = line.split(' ')
    return { kind: kind as LearnedKind, origin: origin as LearnedOrigin, sizeBytes: 1, mtime: 1, path: rest.join(' ') }
  })
  return { bootId: 'b', uptimeSeconds: 1, image: 'lite', paths, more }
}

type Rows = readonly (readonly [string, string, string])[]

function suggest(lines: readonly string[], rows: Rows = [], over: Partial<SuggestionRequest> = {}) {
  const lists = [{ node: 'cn1', boots: [boot(lines)] }]
  return suggestRows({ lists, image: IMAGE, rows: litefileRows(rows), imageCell: 'lite', canPersist: true, ...over })
}

const short = (found: ReturnType<typeof suggestRows>) =>
  found.suggestions.map(({ row }) => `${row.options} ${row.file}`)

const CASES: readonly {
  title: string
  written: readonly string[]
  rows?: Rows
  canPersist?: boolean
  gives: readonly string[]
  leaves?: readonly string[]
}[] = [
  {
    title: 'places that are known become one row, however much was written there',
    written: [
      ...['d old /var/', 'd old /var/log/', 'f new /var/log/messages', 'd new /var/log/journal/'],
      ...['f new /var/log/journal/x', 'f new /var/cache/man/index', 'f old /var/lib/systemd/random-seed'],
      ...['f new /etc/ssh/ssh_host_rsa_key', 'f old /etc/adjtime', 'f new /root/.bash_history'],
    ],
    gives: [
      ...['tmpfs /etc/adjtime', 'persistent /etc/ssh/', 'persistent /root/', 'tmpfs /var/cache/'],
      ...['persistent /var/lib/systemd/', 'tmpfs /var/log/'],
    ],
  },
  {
    title: 'state of a service: its own directory below /var/lib, never /var/lib itself',
    written: ['d new /var/lib/munge/', 'f new /var/lib/munge/seed', 'f new /var/lib/loose', 'd old /var/lib/'],
    gives: ['persistent /var/lib/loose', 'persistent /var/lib/munge/'],
  },
  {
    title: 'a file that is changed in place is a row of its own; a new one asks for its directory',
    written: ['f old /etc/app/app.conf', 'f new /etc/other/run.conf', 'f new /etc/plain.conf'],
    gives: ['tmpfs /etc/app/app.conf', 'tmpfs /etc/other/', 'tmpfs /etc/plain.conf'],
  },
  {
    title: 'several files of one directory are one row, at the nearest directory above all of them',
    written: ['f old /etc/app/a/x', 'f old /etc/app/b/y', 'f old /etc/solo/deep/x', 'f old /etc/solo/deep/y'],
    gives: ['tmpfs /etc/app/', 'tmpfs /etc/solo/deep/'],
  },
  {
    title: 'an application below /opt is not swallowed whole',
    written: ['f new /opt/app/var/db', 'f new /opt/app/log/x/1', 'f new /opt/app/log/y/1', 'd old /opt/app/'],
    gives: ['persistent /opt/app/log/', 'persistent /opt/app/var/'],
  },
  {
    title: 'what was removed, or removed and made again, asks for the directory above',
    written: ['w old /srv/app/state/lock', 'd replaced /srv/app/cache/x/', 'w old /etc/nologin'],
    gives: ['persistent /srv/app/'],
    leaves: ['removed from /etc/: remove it from the image'],
  },
  {
    title: 'a directory in which something came and went is a row, unless it belongs to many',
    written: ['d old /var/lib/app/', 'd old /etc/'],
    gives: ['persistent /var/lib/app/'],
    leaves: ['something was made in it and removed again, or its mode was changed'],
  },
  {
    title: 'software, accounts and noise give no rows',
    written: [
      ...['f new /usr/bin/tool', 'f old /etc/passwd', 'f new /etc/.pwd.lock', 'f new /etc/.updated', 'f old /etc/mtab'],
      ...[
        'f new /opt/app/lib/__pycache__/x.pyc',
        'l new /etc/systemd/system/x.service',
        'l new /etc/alias',
        's new /etc/sock',
      ],
    ],
    gives: [],
    leaves: [
      'software was installed or changed: do that in the image',
      'accounts are files that are replaced as a whole: create them in the image, or take them from a directory',
      'systemd-update-done(8) does nothing on a read-only root',
      'liteimg makes it a link to /proc/self/mounts',
      'byte code that Python keeps if it can',
      'services are enabled in the image: systemctl --root',
      'a symbolic link in /etc/ cannot be a row: make it in the image',
      'a socket, pipe or device in /etc/ cannot be a row: put it into /run',
    ],
  },
  {
    title: 'without a persistent directory everything is tmpfs',
    written: ['f new /root/x', 'f new /var/lib/app/x'],
    canPersist: false,
    gives: ['tmpfs /root/', 'tmpfs /var/lib/app/'],
  },
  {
    title: 'rows that cover a path are enough; rows that forbid it are respected',
    written: ['f new /var/log/x', 'f new /etc/app/x', 'f new /data/x', 'f old /etc/motd'],
    rows: [
      ['ALL', '/var/', 'tmpfs'],
      ['blue', '/etc/app/', 'link'],
      ['other', '/data/', 'tmpfs'],
      ['ALL', '/etc/motd', 'ro'],
    ],
    gives: ['persistent /data/'],
    leaves: ['read-only on purpose (litefile row image=ALL,file=/etc/motd)'],
  },
  {
    title: 'a row above rows of the table takes an option that suits them, or is split',
    written: ['f new /srv/app/x', 'f new /srv/two/x', 'f old /srv/two/y', 'd new /srv/two/sub/'],
    rows: [
      ['lite', '/srv/app/etc/', 'tmpfs'],
      ['lite', '/srv/two/con', 'con'],
      ['lite', '/srv/two/link', 'link'],
    ],
    gives: ['tmpfs /srv/app/', 'persistent /srv/two/sub/', 'persistent /srv/two/x', 'persistent /srv/two/y'],
  },
  {
    title: 'a name with a blank, or a colon, is covered by the directory above it',
    written: ['f old /srv/app/two words', 'f new /data/a:b/c'],
    gives: ['persistent /data/', 'persistent /srv/app/'],
  },
]

for (const { title, written, rows = [], canPersist = true, gives, leaves = [] } of CASES) {
  test(title, (t) => {
    const found = suggest(written, rows, { canPersist })
    t.deepEqual(short(found), gives)
    t.deepEqual(found.left.map(({ reason }) => reason).sort(), [...leaves].sort())
    for (const { reason } of found.suggestions) t.true(reason.length > 5)
  })
}

test('nodes are merged and counted; what a node did not list one by one counts', (t) => {
  const lists = [
    { node: 'cn2', boots: [boot(['f new /var/log/a'])] },
    { node: 'cn1', boots: [boot(['f new /var/log/a', 'f new /var/log/b'], [{ directory: '/var/log/', count: 40 }])] },
    { node: 'cn3', boots: [boot(['f new /srv/x/y'])] },
  ]
  t.like(suggest([], [], { lists }), {
    suggestions: [
      { row: { file: '/srv/x/' }, nodes: ['cn3'], paths: 1 },
      { row: { image: 'lite', file: '/var/log/' }, nodes: ['cn1', 'cn2'], paths: 42 },
    ],
    written: 43,
    covered: 0,
  })
})

const part = fc.constantFrom('etc', 'var', 'lib', 'log', 'opt', 'srv', 'app', 'a', 'b', 'root', 'tmp', 'usr', 'x y')
const anyPath = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
const anyLine = fc
  .tuple(
    fc.constantFrom<LearnedKind>('f', 'f', 'f', 'd', 'd', 'l', 's', 'w'),
    fc.constantFrom<LearnedOrigin>('new', 'old', 'replaced'),
    anyPath,
  )
  .map(([kind, origin, path]) => `${kind} ${origin} ${path}${kind === 'd' ? '/' : ''}`)
const anyRow = fc.tuple(
  fc.constantFrom('lite', 'blue', 'ALL'),
  fc.tuple(anyPath, fc.boolean()).map(([path, isDirectory]) => (isDirectory ? `${path}/` : path).replaceAll(' ', '')),
  fc.constantFrom(...ENTRY_OPTIONS),
)

function faultsOf(rows: readonly LitefileRow[]): string[] {
  return checkLitefile(rows, [IMAGE])
    .filter(({ severity }) => severity === 'error')
    .map(({ where, message }) => `${where}: ${message}`)
}

test('rows are without fault, cover what they name, and once added nothing is suggested any more (property)', (t) => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 25 }),
      fc.array(anyRow, { maxLength: 6 }),
      fc.boolean(),
      fc.constantFrom('lite', 'blue', 'ALL'),
      (lines, someRows, canPersist, imageCell) => {
        let before: readonly LitefileRow[] = []
        for (const row of litefileRows(someRows)) if (faultsOf([...before, row]).length === 0) before = [...before, row]
        const asked = { rows: before, canPersist, imageCell, examples: 1000 }
        const found = suggest(lines, [], asked)
        const after = [...before, ...found.suggestions.map(({ row }) => row)]
        t.deepEqual(faultsOf(after), [])
        if (!canPersist) t.false(found.suggestions.some(({ row }) => row.options.includes('persistent')))
        for (const { row, examples } of found.suggestions)
          for (const path of examples) t.true(row.file.endsWith('/') ? path.startsWith(row.file) : path === row.file)
        const left = new Set(found.left.flatMap(({ examples }) => examples))
        const { entries } = selectEntries(IMAGE, after)
        const byPath = new Map(entries.map((entry) => [entry.path.replace(/\/$/, ''), entry]))
        for (const { kind, path } of boot(lines).paths)
          if (kind !== 'd')
            t.true(isCovered(path, byPath) || left.has(path), JSON.stringify({ path, lines, before, found }))
        const again = suggest(lines, [], { ...asked, rows: after })
        t.deepEqual(short(again), [])
      },
    ),
    { numRuns: 1500 },
  )
})

test('the same lists in another order give the same rows (property)', (t) => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 20 }), (lines) => {
      const rows = (text: readonly string[]) => short(suggest(text))
      t.deepEqual(rows(lines.toReversed()), rows(lines))
    }),
    { numRuns: 200 },
  )
})

test('20,000 paths take no time to speak of', (t) => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `f new /srv/app${at % 50}/d${at % 700}/f${at}`)
  const start = cpuMs()
  t.is(suggest(lines).suggestions.length, 50)
  t.true(cpuMs() - start < 3000)
})

/** Who may import whom (docs/design.md): rooms keep to the arrows of the design. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test from 'ava'

const SRC = join(import.meta.dirname, '..', 'src')

/** Room → rooms it may import. Every room may import itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  tables: [],
  store: ['tables'],
  cluster: ['tables', 'store'],
  statelite: ['cluster', 'tables'],
  boot: ['cluster', 'statelite', 'tables'],
  timeline: [],
  discovery: ['tables'],
  tar: [],
  dhcp: ['cluster', 'boot', 'statelite', 'timeline'],
  tftp: ['timeline'],
  http: ['timeline'],
  nfs: ['cluster', 'statelite', 'timeline'],
  // Of the tables' room, only what names of distributions and architectures mean.
  image: ['statelite', 'tar', 'tables/os-names.ts'],
  api: ['tables', 'store', 'cluster', 'statelite', 'boot', 'image', 'timeline', 'nfs', 'discovery'],
  // Of the tables' room, only what compares words.
  cli: ['api', 'tar', 'tables/nearest-name.ts'],
  server: [
    'tables',
    'store',
    'cluster',
    'statelite',
    'boot',
    'dhcp',
    'tftp',
    'http',
    'nfs',
    'timeline',
    'image',
    'discovery',
    'api',
  ],
}

/** Files with a narrower rule than their room. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'dhcp/packet.ts': [],
  'tftp/packet.ts': [],
  'nfs/xdr.ts': [],
}

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '')
  return specifiers.map((specifier) => relative(SRC, join(dirname(file), specifier)))
}

const files = sources(SRC)
  .map((file) => ({ name: relative(SRC, file), imports: importsOf(file) }))
  .filter(({ name }) => name.includes('/'))

test('every room keeps to the arrows of the design', (t) => {
  t.true(files.length > 20)
  const wrong: string[] = []
  for (const { name, imports } of files) {
    const room = name.split('/')[0] ?? ''
    const allowed = ARROWS[room]
    if (!allowed) {
      wrong.push(`${name}: the room ${room} is not in the design`)
      continue
    }
    for (const target of imports) {
      const targetRoom = target.startsWith('..') ? target : (target.split('/')[0] ?? '')
      if (targetRoom !== room && !allowed.includes(targetRoom) && !allowed.includes(target))
        wrong.push(`${name} imports ${target}`)
    }
  }
  t.deepEqual(wrong, [])
})

test('commands reach the server only through the API client', (t) => {
  const allowed = ['api/client.ts', 'api/errors.ts', 'api/protocol.ts', 'tables/nearest-name.ts']
  const wrong = files
    .filter(({ name }) => name.startsWith('cli/'))
    .flatMap(({ name, imports }) =>
      imports
        .filter((target) => !target.startsWith('cli/') && !target.startsWith('tar/') && !allowed.includes(target))
        .map((target) => `${name} imports ${target}`),
    )
  t.deepEqual(wrong, [])
})

test('packet rooms import nothing of ours', (t) => {
  for (const [file, allowed] of Object.entries(FILES)) {
    const found = files.find(({ name }) => name === file)
    t.truthy(found, file)
    t.deepEqual(found?.imports.filter((target) => !allowed.includes(target.split('/')[0] ?? '')) ?? [], [], file)
  }
})

test('only the server and main may end the process', (t) => {
  const enders = sources(SRC)
    .filter((file) => /process\.exit\(/.test(readFileSync(file, 'utf8')))
    .map((file) => relative(SRC, file))
  t.deepEqual(
    enders.filter((name) => !name.startsWith('server/')),
    [],
  )
})

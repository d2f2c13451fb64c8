/** What is kept as it is, and works another way here, or not yet. */
import { compileCell } from '../cells.ts'
import { groupMembers, isNode } from '../groups.ts'
import { compilePerlRegex } from '../perl-regexp.ts'
import { createResolver } from '../resolve.ts'
import { cell, isEnabled, splitList } from '../row.ts'
import type { ImportedTables } from './imported-tables.ts'

export function noteDifferences(tables: ImportedTables): void {
  noteSite(tables)
  noteServiceNodes(tables)
  notePolicy(tables)
  notePersistent(tables)
  notePatterns(tables)
  noteTakenOver(tables)
}

const SITE_KEYS: Readonly<Record<string, string>> = {
  xcatdport: 'the API for other machines listens there; nodes ask over HTTP (httpport)',
  xcatiport: 'nodes report over HTTP (httpport); nothing listens on this port',
  dhcpinterfaces: 'not read: name the interfaces with `liteboot serve --interface`',
  dhcpsetup: 'not read: DHCP answers from the tables, there is nothing to set up',
  dhcpbackend: 'not read: DHCP is part of liteboot',
  sharedtftp: 'not read: there are no service nodes yet',
  sharedinstall: 'not read: there are no service nodes yet',
  precreatemypostscripts: 'not read: nothing is written ahead for a node',
  useflowcontrol: 'not read: the server paces nodes by itself',
}

function noteSite(tables: ImportedTables): void {
  for (const row of tables.enabled('site')) {
    const why = SITE_KEYS[cell(row.current, 'key')]
    if (why !== undefined && cell(row.current, 'value') !== '')
      tables.note('site', row.key, `value ${cell(row.current, 'value')}`, why)
  }
}

const SENT_TO = ['xcatmaster', 'tftpserver', 'nfsserver'] as const

function noteServiceNodes(tables: ImportedTables): void {
  const serving = new Set(tables.enabled('noderes').flatMap(({ current }) => splitList(cell(current, 'servicenode'))))
  for (const row of tables.enabled('noderes')) {
    const names = cell(row.current, 'servicenode')
    const why = 'not used yet: the server that has the tables answers these nodes'
    if (names !== '') tables.note('noderes', row.key, `servicenode ${names}`, why)
    for (const column of SENT_TO) {
      const server = cell(row.current, column)
      if (!serving.has(server)) continue
      const advice = 'a service node: these nodes are still sent there; clear it if that machine is to serve no more'
      tables.note('noderes', row.key, `${column} ${server}`, advice)
    }
  }
  for (const row of tables.enabled('servicenode'))
    tables.note('servicenode', row.key, 'kept', 'not used yet: nothing is set up on service nodes')
}

function notePolicy(tables: ImportedTables): void {
  for (const row of tables.enabled('policy')) {
    const time = cell(row.current, 'time')
    const parameters = cell(row.current, 'parameters')
    const compiled = parameters === '' ? undefined : compilePerlRegex(parameters)
    if (time !== '') tables.note('policy', row.key, `time ${time}`, 'it counts here; xCAT never looked at it')
    if (compiled && 'fault' in compiled) tables.note('policy', row.key, `parameters ${parameters}`, compiled.fault)
    if (/trusted/i.test(cell(row.current, 'rule')))
      tables.note('policy', row.key, 'rule trusted', 'the same as allow: nobody speaks for another user here')
  }
}

function notePersistent(tables: ImportedTables): void {
  for (const row of tables.enabled('statelite')) {
    const statemnt = cell(row.current, 'statemnt').replace(/\/+$/, '')
    if (/\$(node|\{node\})$/.test(statemnt))
      tables.note(
        'statelite',
        row.key,
        `statemnt ${statemnt}`,
        'the node name is added once more, as under xCAT: …/<node>/<node>',
      )
  }
}

/** Expressions that are sound but have no value for some node: xCAT gave an empty text and said nothing. */
function notePatterns(tables: ImportedTables): void {
  const resolver = createResolver(tables)
  for (const table of tables.tables) {
    for (const row of tables.enabled(table)) {
      if (!row.schema.nodeTable) break
      for (const { name } of row.schema.columns) {
        const text = cell(row.current, name)
        if (name === 'node' || (text[0] !== '|' && text[0] !== '/')) continue
        const compiled = compileCell(text)
        if (compiled.form === 'plain') continue
        const owner = cell(row.current, 'node')
        const nodes = isNode(tables, owner) ? [owner] : (groupMembers(tables, resolver, owner) ?? [])
        const faulty = nodes.filter((node) => compiled.evaluate(node).fault !== undefined)
        const [first] = faulty
        if (first === undefined) continue
        const what = `${name} ${text} has no value for ${first}${faulty.length > 1 ? ` and ${faulty.length - 1} more` : ''}`
        tables.note(table, row.key, what, compiled.evaluate(first).fault ?? '')
      }
    }
  }
}

/** A node whose own value is not kept has its groups' value from now on, which may be worse than none. */
function noteTakenOver(tables: ImportedTables): void {
  const resolver = createResolver(tables)
  for (const table of tables.tables) {
    for (const { schema, original, current, fate } of tables.rows(table)) {
      if (!schema.nodeTable || !original || fate === 'kept' || fate === 'translated') continue
      const node = cell(original, 'node')
      if (!isNode(tables, node)) continue
      for (const { name } of schema.columns) {
        const before = cell(original, name)
        if (name === 'node' || before === '' || (current && isEnabled(current) && cell(current, name) !== '')) continue
        const { value, origins } = resolver.explain(node, table, name)
        const [origin] = origins
        if (value !== undefined && origin?.from === 'group')
          tables.note(
            table,
            `node=${node}`,
            `${name} is "${value}" now`,
            `from group ${origin.key}, in place of the value that was not kept`,
          )
      }
    }
  }
}

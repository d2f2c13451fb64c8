/** The whole way from a dump to the tables as they will be. */
import type { Finding } from '../findings.ts'
import type { Row, TablesView } from '../row.ts'
import { setAsideShadowedRows, translateImageGroups } from './image-rows.ts'
import { ImportedTables, type ImportMode } from './imported-tables.ts'
import { isEntryOptionWord } from './litefile-words.ts'
import { noteDifferences } from './notes.ts'
import { translateProvmethods } from './provmethods.ts'
import type { Dump } from './read-dump.ts'
import { type Check, settleFindings } from './settle-findings.ts'
import {
  translateControlCharacters,
  translateDisable,
  translateImages,
  translateLitefile,
  translateLitetree,
  translateNetboot,
  translatePolicy,
  translateSerial,
} from './translate-rows.ts'
import { xcatLitefile } from './xcat-rules.ts'

/**
 * @param base the tables as they are
 * @param before what the check says of them
 * @param check everything an edit is checked against
 */
export function importSite(
  dump: Dump,
  base: TablesView,
  mode: ImportMode,
  before: readonly Finding[],
  check: Check,
): ImportedTables {
  const tables = new ImportedTables(dump, base, mode)
  translateDisable(tables)
  translateControlCharacters(tables)
  translateImages(tables)
  translateNetboot(tables)
  translateSerial(tables)
  translatePolicy(tables)
  translateLitefile(tables)
  translateLitetree(tables)
  translateImageGroups(tables)
  setAsideShadowedRows(tables)
  translateProvmethods(tables)
  settleFindings(tables, before, check)
  noteDifferences(tables)
  return tables
}

/** What xCAT answered for each statelite image: image → file → options. For comparing with what is answered now. */
export function xcatAnswers(dump: Dump): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const rowsOf = (name: string): readonly Row[] => dump.tables.find(({ schema }) => schema.name === name)?.rows ?? []
  const litefile = rowsOf('litefile')
  return new Map(
    rowsOf('osimage')
      .filter((row) => (row.provmethod ?? '') === 'statelite')
      .map((row) => {
        const name = row.imagename ?? ''
        const answer = xcatLitefile(litefile, { name, groups: row.groups ?? '' })
        // The node was told, and left the path alone.
        return [name, new Map([...answer].filter(([, options]) => isEntryOptionWord(options)))]
      }),
  )
}

/** Cells that liteboot spells or reads another way, row by row. */

import { cellForm } from '../cells.ts'
import { cell, isDisableWord, isEnabled } from '../row.ts'
import { CONTROL } from '../values.ts'
import type { ImportedRow, ImportedTables } from './imported-tables.ts'
import { isEntryOptionWord } from './litefile-words.ts'
import { isXcatEnabled } from './xcat-rules.ts'

/** First of all: after this, `disable` has only words that mean the same to both. */
export function translateDisable(tables: ImportedTables): void {
  forEachRow(tables, (row, current) => {
    if (isXcatEnabled(current)) return
    const word = cell(current, 'disable')
    if (isDisableWord(word) && !isEnabled(current)) return
    tables.translate(row, { disable: '1' }, `disable "${word}" → 1`, 'xCAT took every word but 0 and no for yes')
  })
}

/** Line breaks and the like: only comments may have them. */
export function translateControlCharacters(tables: ImportedTables): void {
  forEachRow(tables, (row, current) => {
    for (const { name } of row.schema.columns) {
      const value = cell(current, name)
      const isComment = name === 'comments'
      if (!CONTROL.test(isComment ? value.replace(/[\n\t]/g, '') : value)) continue
      if (row.schema.key.includes(name)) {
        tables.drop(row, `its key has a line break or another control character`)
        return
      }
      const mended = isComment
        ? value.replace(/\r\n?/g, '\n').replace(CONTROL_BUT_BREAKS, ' ')
        : value.replace(CONTROLS, ' ').trim()
      tables.translate(row, { [name]: mended }, `control characters of ${name} → blanks`, 'a cell is one line')
    }
  })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: replacing control characters is the purpose
const CONTROLS = /[\u0000-\u001f\u007f]+/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: replacing control characters is the purpose
const CONTROL_BUT_BREAKS = /[\u0000-\u0008\u000b-\u001f\u007f]+/g

function forEachRow(
  tables: ImportedTables,
  visit: (row: ImportedRow, current: NonNullable<ImportedRow['current']>) => void,
): void {
  for (const table of tables.tables) for (const row of tables.rows(table)) if (row.current) visit(row, row.current)
}

export function translateNetboot(tables: ImportedTables): void {
  for (const row of tables.rows('noderes')) {
    const netboot = row.current ? cell(row.current, 'netboot') : ''
    if (netboot === 'xnba') tables.translate(row, { netboot: 'ipxe' }, 'netboot xnba → ipxe', 'xNBA is an old iPXE')
    else if (netboot === 'yaboot')
      tables.note(
        'noderes',
        row.key,
        'netboot yaboot',
        'there is no yaboot here: GRUB answers such nodes; set netboot=grub2',
      )
  }
}

/** `115200n8r` is a speed, what every console does anyway (n8), and flow control (r). */
export function translateSerial(tables: ImportedTables): void {
  for (const row of tables.rows('nodehm')) {
    const speed = row.current ? cell(row.current, 'serialspeed') : ''
    const [, digits, flow] = /^(\d+)n8(r?)$/.exec(speed) ?? []
    if (digits !== undefined) {
      const values = flow === 'r' ? { serialspeed: digits, serialflow: 'hard' } : { serialspeed: digits }
      const what = `serialspeed ${speed} → ${Object.values(values).join(', serialflow ')}`
      tables.translate(row, values, what, 'n8 is understood; r is hardware flow control')
    } else if (speed !== '' && !/^\d+$/.test(speed) && cellForm(speed) === 'plain') {
      tables.loseCell(row, 'serialspeed', 'not a number')
      tables.loseCell(row, 'serialport', 'a port without a speed would stop the boot: set both again')
    }
  }
}

export function translateImages(tables: ImportedTables): void {
  for (const row of tables.rows('osimage')) {
    const rootfstype = row.current ? cell(row.current, 'rootfstype') : ''
    if (rootfstype === '' || rootfstype === 'nfs' || rootfstype === 'ramdisk') continue
    const why = 'xCAT took every word but ramdisk for nfs'
    tables.translate(row, { rootfstype: 'nfs' }, `rootfstype "${rootfstype}" → nfs`, why)
  }
}

export function translateLitefile(tables: ImportedTables): void {
  const hasPartitionFile = tables.enabled('linuximage').some(({ current }) => cell(current, 'partitionfile') !== '')
  const byFile = Map.groupBy(tables.enabled('litefile'), ({ current }) => cell(current, 'file').replace(/\/$/, ''))
  for (const rows of byFile.values())
    for (const row of rows) translateEntry(tables, row, rows.length > 1, hasPartitionFile)
}

function translateEntry(tables: ImportedTables, row: ImportedRow, hasOthers: boolean, hasPartitionFile: boolean): void {
  const { current } = row
  const options = current ? cell(current, 'options') : ''
  if (!current || cell(current, 'image') === '')
    tables.setAside(row, 'xCAT never found rows without an image; image=ALL is what makes them count')
  else if (options === '') {
    const why = 'without options xCAT made a symbolic link; liteboot mounts (tmpfs)'
    tables.translate(row, { options: 'link' }, 'options "" → link', why)
  } else if (options === 'localdisk') {
    if (hasPartitionFile)
      tables.note(
        'litefile',
        row.key,
        'localdisk',
        'every image of this row needs linuximage.partitionfile, or its nodes stop',
      )
    // Under xCAT such a path stayed as it is in the image; here it would stop every boot.
    else
      tables.disable(
        row,
        'localdisk, but no image has a partition file to keep it by: set linuximage.partitionfile first',
      )
  } else if (!isEntryOptionWord(options)) {
    const why = `xCAT's nodes ignored the option "${options}"`
    if (hasOthers) tables.disable(row, `${why}; another row for this path may count in its place now`)
    else tables.setAside(row, why)
  }
}

export function translateLitetree(tables: ImportedTables): void {
  for (const row of tables.enabled('litetree')) {
    const directory = cell(row.current, 'directory')
    const mntopts = cell(row.current, 'mntopts')
    if (!directory.includes(':') && !directory.startsWith('$'))
      tables.setAside(row, 'xCAT listed directories without a server, but no node ever looked there')
    else if (mntopts !== '')
      tables.note('litetree', row.key, `mntopts ${mntopts}`, 'nodes honour them now; under xCAT they were never used')
    if (cell(row.current, 'image') === '')
      tables.note(
        'litetree',
        row.key,
        'image is blank',
        'it counts for every image, as under xCAT, unless it had been emptied there with chtab',
      )
  }
}

/** A rule that is left out may be the one that forbids. xCAT sorts by number, and takes words for 0. */
export function translatePolicy(tables: ImportedTables): void {
  const taken = new Set(tables.read('policy').map((row) => cell(row, 'priority')))
  for (const row of tables.rows('policy')) {
    const priority = row.current ? cell(row.current, 'priority') : ''
    if (!row.current || /^\d+(\.\d+)?$/.test(priority)) continue
    const number = Math.max(0, Number.parseFloat(priority) || 0)
    const free = freePriority(number, taken)
    taken.add(free)
    tables.translate(row, { priority: free }, `priority "${priority}" → ${free}`, 'xCAT sorted it there')
  }
}

/** As near behind the number as nothing else stands. */
function freePriority(number: number, taken: ReadonlySet<string>): string {
  for (let digits = 0; ; digits++) {
    const text = digits === 0 ? String(number) : (number + 10 ** -(digits + 2)).toFixed(digits + 2)
    if (!taken.has(text) && /^\d+(\.\d+)?$/.test(text)) return text
  }
}

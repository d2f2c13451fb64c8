import test from 'ava'
import fc from 'fast-check'
import { makeRow } from '../../src/store/draft.ts'
import { parseCsv, renderCsv } from '../../src/tables/csv.ts'
import { columnNames, TABLES, type TableSchema } from '../../src/tables/schema.ts'

const litefile = TABLES.get('litefile') as TableSchema
const HEADER = '#image,file,options,comments,disable'

test('tabdump: quotes doubled, unset values as nothing', (t) => {
  const rows = [
    { image: 'ALL', file: '/etc/ntp.conf', options: 'link,persistent' },
    { image: 'ALL', file: '/root/.ssh/', options: 'tmpfs', comments: 'say "hi", ok' },
    { image: 'ALL', file: '/etc/fstab', disable: '1' },
  ].map((values) => makeRow(litefile, values))
  t.is(
    renderCsv(litefile, rows),
    [
      HEADER,
      '"ALL","/etc/ntp.conf","link,persistent",,',
      '"ALL","/root/.ssh/","tmpfs","say ""hi"", ok",',
      '"ALL","/etc/fstab",,,"1"',
      '',
    ].join('\n'),
  )
  t.is(renderCsv(litefile, []), `${HEADER}\n`)
})

test('tabrestore: columns in any order, quoted header, line breaks, short lines, blanks at the end, no quotes', (t) => {
  const parsed = parseCsv(litefile, '#"options",file , image\n"a\nb","/x","I"  \n\n  \nrw,/y\n')
  t.false('fault' in parsed)
  t.deepEqual('rows' in parsed && parsed.rows, [
    { image: 'I', file: '/x', options: 'a\nb', comments: null, disable: null },
    { image: '', file: '/y', options: 'rw', comments: null, disable: null },
  ])
})

const FAULTS: readonly (readonly [text: string, fault: string, exitStatus: number])[] = [
  ['image,file\n', 'Data missing header line starting with #', 1],
  ['', 'Data missing header line starting with #', 1],
  [
    '#image,b\n',
    "The header line indicates that column 'b' should exist, which is not defined in the schema for 'litefile'",
    1,
  ],
  ['#image,file\n"a","b","c"\n', 'Too many fields on line 0: "a","b","c" | "c"', 4],
  ['#image,file\n"a",b"c\n', 'CSV missing opening " for record with " characters on line 0, character 4: "a",b"c', 4],
  ['#image,file\n"a","b"c\n', 'CSV unescaped " in record on line 0, character 4: "a","b"c', 4],
  ['#image,file\n"a","b"\n\n"c","d\n', 'CSV unmatched " in record on line 2, character 4: "c","d', 4],
]
for (const [text, fault, exitStatus] of FAULTS) {
  test(`tabrestore: ${JSON.stringify(text)}: ${fault}`, (t) =>
    t.deepEqual(parseCsv(litefile, text), { fault, exitStatus }))
}

const table = fc.constantFrom(...TABLES.values())
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', ' ', 'a"b', ' x ', '\n\n', '#', 'NULL', '\ufeff', '\u2028', '\0'),
)
const rowsOf = (schema: TableSchema) =>
  fc.array(fc.record(Object.fromEntries(columnNames(schema).map((name) => [name, fc.option(text)]))), { maxLength: 6 })

test('parse(render(rows)) = rows, for every table', (t) => {
  const anything = table.chain((schema) => fc.tuple(fc.constant(schema), rowsOf(schema)))
  fc.assert(
    fc.property(anything, ([schema, values]) => {
      const rows = values.map((row) => makeRow({ ...schema, required: [] }, row))
      const parsed = parseCsv(schema, renderCsv(schema, rows))
      t.deepEqual('rows' in parsed ? parsed.rows : parsed, rows)
    }),
  )
})

test('any text is parsed or refused, never thrown at', (t) => {
  fc.assert(
    fc.property(fc.array(text), (pieces) => {
      const parsed = parseCsv(litefile, `#image,file\n${pieces.join('')}`)
      t.true('rows' in parsed || parsed.exitStatus === 4)
    }),
  )
})

test('BOM, CRLF line ends, blank lines and short lines do not matter; a line is named as it stands', (t) => {
  const parsed = parseCsv(litefile, '\ufeff#image,file,options\r\n"ALL","/a"\r\n\r\nI,/b,"rw",x\r\n')
  t.deepEqual('fault' in parsed && parsed.fault, 'Too many fields on line 2: I,/b,"rw",x | x')
  const fine = parseCsv(litefile, '\ufeff#image,file,options\r\n"ALL","/a"\r\n\r\nI,/b,"r\nw"\r\nJ,/c')
  t.true('rows' in fine)
  if ('rows' in fine) {
    t.deepEqual(
      fine.rows.map(({ image, file, options }) => [image, file, options]),
      [
        ['ALL', '/a', null],
        ['I', '/b', 'r\nw'],
        ['J', '/c', null],
      ],
    )
    t.deepEqual(fine.places, ['line 0: "ALL","/a"', 'line 2: I,/b,"r\nw"', 'line 4: J,/c'])
  }
})

/** Renders docs/reference/tables.md from the schema: `node src/tables/render-docs.ts > docs/reference/tables.md`. */
import { pathToFileURL } from 'node:url'
import { SCHEMAS, type TableSchema } from './schema.ts'

export function renderTablesPage(): string {
  const intro = [
    '# Tables',
    '',
    'Made from the schema by `node src/tables/render-docs.ts`; do not edit.',
    '',
    'Every value is text; an empty value and an unset one are the same. **Bold** columns are the primary key, columns marked',
    '`*` must not be empty. A *node table* is keyed by a node name or a group name: a node has the value of its own row, else',
    'of the first of its groups (nodelist.groups, in order) that has one, each column for itself; its cells may be',
    '[value patterns](patterns.md).',
    '',
  ]
  return [...intro, ...SCHEMAS.flatMap(renderTable)].join('\n')
}

function renderTable(table: TableSchema): string[] {
  const rows = table.columns.map(({ name, description }) => {
    const shown = table.key.includes(name) ? `**${name}**` : name
    const required = table.required.includes(name) ? ' `*`' : ''
    return `| ${shown}${required} | ${description.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`
  })
  const kind = table.nodeTable ? ' *Node table.*' : ''
  return [`## ${table.name}`, '', `${table.description}${kind}`, '', '| Column | Meaning |', '|---|---|', ...rows, '']
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(renderTablesPage())

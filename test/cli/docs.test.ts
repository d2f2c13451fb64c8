import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { renderCommandsPage } from '../../src/cli/render-docs.ts'

test('the reference of the commands is up to date', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/commands.md'), 'utf8')
  t.is(page, await renderCommandsPage(), 'run: node src/cli/render-docs.ts > docs/reference/commands.md')
})

import { commandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'
import { COMMANDS } from '../commands.ts'
import { renderCommandPage, renderMainPage } from './man-page.ts'
import { writeOwnFiles } from './own-files.ts'
import { pageName } from './short-names.ts'

export const man: CliCommand = {
  name: 'man',
  summary: 'Write the man pages: one of liteboot, and one of each command.',
  details: [
    'Pages of commands without a short name are called `liteboot-<command>`. Files of the same names that are not ours are left alone.',
  ],
  examples: [
    { says: 'For everybody on this machine', run: 'liteboot man /usr/local/share/man/man1' },
    { says: 'To read one without installing it', run: 'liteboot man pages && man ./pages/lsdef.1' },
  ],
  define(program, run) {
    program.argument('<directory>', 'made when it is not there').action((directory: string) =>
      run(async () => {
        const { written, errors } = writeOwnFiles(directory, await renderManPages())
        return commandResult([`${written.length} man pages written to ${directory}`], { directory, written }, errors)
      }),
    )
  },
}

/** File name → page. */
export async function renderManPages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map([['liteboot.1', renderMainPage()]])
  for (const [name, entry] of Object.entries(COMMANDS))
    pages.set(`${pageName(name)}.1`, renderCommandPage(await entry.load(), entry.summary))
  return pages
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Argument } from 'commander'
import { commandResult } from '../../api/protocol.ts'
import type { CliCommand } from '../command.ts'
import { MARK, PROGRAM, programNames } from './program.ts'

export type Shell = 'bash' | 'zsh'

export const completion: CliCommand = {
  name: 'completion',
  summary: 'Print the script with which a shell completes commands, options, nodes, groups, images and attributes.',
  details: ['`liteboot install-links --completion` puts it where shells look for it.'],
  examples: [
    { says: 'For this bash (or in ~/.bashrc)', run: 'source <(liteboot completion bash)' },
    { says: 'For this zsh (or in ~/.zshrc, behind compinit)', run: 'source <(liteboot completion zsh)' },
  ],
  define(program, run) {
    program.addArgument(new Argument('<shell>', 'bash or zsh').choices(['bash', 'zsh'])).action((shell: Shell) =>
      run(async () => {
        const script = renderCompletion(shell)
        return commandResult(script.trimEnd().split('\n'), script)
      }),
    )
  },
}

export function renderCompletion(shell: Shell): string {
  const template = readFileSync(join(import.meta.dirname, `completion.${shell}`), 'utf8')
  const quoted = `'${PROGRAM.replaceAll("'", `'\\''`)}'`
  return template
    .replaceAll('@NAMES@', programNames().join(' '))
    .replaceAll('@PROGRAM@', () => quoted)
    .replaceAll('@MARK@', `${MARK}: \`liteboot completion ${shell}\`.`)
}

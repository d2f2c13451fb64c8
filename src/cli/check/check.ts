import { InvalidArgumentError } from 'commander'
import type { CliCommand } from '../command.ts'

const SEVERITIES = ['info', 'warning', 'error'] as const
type Severity = (typeof SEVERITIES)[number]

interface Options {
  severity?: Severity
  strict?: boolean
  quiet?: boolean
}

function severity(text: string): Severity {
  const found = SEVERITIES.find((word) => word === text)
  if (found === undefined) throw new InvalidArgumentError(`It is one of: ${SEVERITIES.join(', ')}.`)
  return found
}

export const check: CliCommand = {
  name: 'check',
  summary: 'Find what would make a boot fail: tables, plans, images, kernels, initrds, exports, loaders, space.',
  details: [
    'Without arguments everything is checked. With node ranges or image names: these nodes, the images they run, and the rows that are about them.',
    'One line for each finding: severity, where, what is wrong, and in parentheses what to do. The same finding about many nodes is said once.',
    'The word `dhcp` asks on the network whether other DHCP servers answer; nothing else does. It takes some seconds, and the server must run.',
    'Ends with status 0 when there is no error; with --strict, when there is no warning either.',
  ],
  examples: [
    { says: 'Everything:', run: 'liteboot check' },
    { says: 'Before a rack is switched on:', run: 'liteboot check rack7 --severity warning' },
    { says: 'Does another DHCP server answer?', run: 'liteboot check dhcp' },
    { says: 'In a script:', run: 'liteboot check -q cn[01-40] && rpower cn[01-40] on' },
  ],
  define(program, run) {
    program
      .argument('[noderange|image|dhcp...]', 'what to check; nothing: everything')
      .option('--severity <severity>', 'show only this and worse: info, warning or error', severity)
      .option('--strict', 'warnings count as errors in the exit status')
      .option('-q, --quiet', 'print nothing: the exit status tells')
      .action((targets: string[], options: Options) => {
        run(async ({ api, onProgress, json }) => {
          const { severity, strict, quiet } = options
          const result = await api.call('check.run', { targets, severity, strict }, onProgress)
          return quiet && !json ? { ...result, output: [] } : result
        })
      })
  },
}

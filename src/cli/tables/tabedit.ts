import { OperatorError } from '../../api/errors.ts'
import { type CommandResult, commandResult } from '../../api/protocol.ts'
import type { CliCall, CliCommand } from '../command.ts'
import { chooseEditor, openEditFile, runEditor } from '../shell/edit-file.ts'

export const tabedit: CliCommand = {
  name: 'tabedit',
  summary: 'Edit a table as CSV in an editor.',
  details: [
    'The text is checked as a whole, as tabrestore does, before anything is stored. When something is wrong, the editor comes back with the text as you left it.',
    'When somebody else has changed the table meanwhile, nothing is stored. Whatever could not be stored is kept, and its path is printed.',
  ],
  examples: [
    { says: 'With the usual editor', run: 'tabedit litefile' },
    { says: 'With another one', run: "TABEDITOR='emacs -nw' tabedit litefile" },
    { says: 'See what the edit would change', run: 'tabedit --dry-run litefile' },
  ],
  environment: {
    TABEDITOR: 'The editor, with arguments if need be.',
    EDITOR: 'The editor when TABEDITOR is not set; else vi.',
  },
  nothingGiven: 1,
  define(program, run) {
    program
      .argument('<table>')
      .option('--dry-run', 'check the text and say what would change, and change nothing')
      .action((table: string) => run((call) => editTable(table, call)))
  },
}

/** What mending the text can mend. */
const OF_THE_TEXT: ReadonlySet<string> = new Set(['LB_BAD_INPUT', 'LB_BAD_EDIT'])

const ASK_AGAIN = 'Above errors occured, hit enter to edit, or ctrl-c to abort\n'

/** Rows of these are what happened. */
const LOGS: ReadonlySet<string> = new Set(['auditlog', 'eventlog'])

async function editTable(table: string, { api, dryRun, dialogue, json }: CliCall): Promise<CommandResult> {
  if (LOGS.has(table)) {
    const advice = `Print it with \`tabdump ${table}\`, shorten it with \`tabprune ${table}\`.`
    throw new OperatorError('LB_BAD_INPUT', `tabedit does not edit ${table}: it is a log`, advice)
  }
  const editor = chooseEditor(process.env)
  // Without this, vi would wait for ever for keys that nobody can press.
  if (editor === undefined && !dialogue.isPossible)
    throw new OperatorError('LB_USAGE', 'tabedit needs a terminal, or an EDITOR that works without one')
  const before = `${(await api.call('tables.dump', { table })).output.join('\n')}\n`
  // Somebody thinks now; the server may be another one afterwards.
  await api.close()
  const { hash } = await import('node:crypto')
  const dumped = hash('sha256', before)
  const file = openEditFile(`${table}.csv`, before)
  const kept = `Your text is kept in ${file.path}`
  for (;;) {
    const failure = await runEditor(editor ?? 'vi', file.path)
    const csv = file.read()
    if (csv === before) {
      file.remove()
      if (failure !== undefined) throw new OperatorError('LB_FILE', failure, 'Name another one with EDITOR.')
      return commandResult(['No file modifications detected, not restoring.'], { changes: 0 })
    }
    if (failure !== undefined) throw new OperatorError('LB_FILE', failure, `${kept}; nothing was changed.`)
    const outcome = await attempt(() => {
      if (csv === undefined) throw new OperatorError('LB_BAD_INPUT', 'the text is not UTF-8')
      return api.call('tables.restore', { table, csv, dumped, ...(dryRun ? { dryRun } : {}) })
    })
    if (outcome instanceof OperatorError) {
      const again = OF_THE_TEXT.has(outcome.code) && dialogue.isPossible && !json
      if (again) dialogue.say(`Error: ${outcome.message}\n`)
      if (again && (await dialogue.enter(ASK_AGAIN))) continue
      if (again) return commandResult([], null, [`${kept}; nothing was changed.`], 1)
      throw new OperatorError(outcome.code, outcome.message, `${kept}. ${outcome.advice}`)
    }
    if (!dryRun) {
      file.remove()
      return outcome
    }
    return { ...outcome, errors: [...outcome.errors, kept] }
  }
}

/** What tabrestore answers to a faulty text is an error here, too. */
async function attempt(restore: () => Promise<CommandResult>): Promise<CommandResult | OperatorError> {
  try {
    const result = await restore()
    if (result.exitStatus === 0) return result
    return new OperatorError('LB_BAD_INPUT', result.errors.join('\n').replace(/^Error: /, ''))
  } catch (error) {
    if (error instanceof OperatorError) return error
    throw error
  }
}

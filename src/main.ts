/** The one executable: `liteboot <command>`, also started under a command's own name (`lsdef`, `chdef`, …). */
process.env.UV_THREADPOOL_SIZE ??= '8'

const args = process.argv.slice(2)
const calledAs = process.env.LITEBOOT_CALLED_AS ?? 'liteboot'
const [program, programArgs] = await chooseProgram()
if (program === 'serve') {
  const { runServer } = await import('./server/main.ts')
  await runServer(programArgs)
} else if (program === 'vm') {
  const { runVm } = await import('../vm-harness/main.ts')
  process.exitCode = await runVm(programArgs)
} else {
  // `liteboot timeline cn01 | head`: whoever stops reading has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const { runCli } = await import('./cli/run.ts')
  process.exitCode = await runCli(calledAs, args, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    errIsTerminal: process.stderr.isTTY === true,
    input: async () => (await import('node:stream/consumers')).text(process.stdin),
    dialogue: {
      // Asking for process.stdin opens it, which costs time.
      isPossible: (await import('node:tty')).isatty(0),
      say: (text) => process.stderr.write(text),
      enter: async (question) => (await import('./cli/shell/enter.ts')).waitForEnter(question),
    },
  })
}

/** `serve` and `vm` are words like others when a command has been called by its own name: `lsdef serve`. */
async function chooseProgram(): Promise<[name: string | undefined, args: string[]]> {
  const [first, second] = args
  const isHelp = first === 'help' && args.length === 2
  const name = isHelp ? second : first
  if (name !== 'serve' && name !== 'vm') return [undefined, []]
  const { COMMANDS } = await import('./cli/commands.ts')
  return Object.hasOwn(COMMANDS, calledAs) ? [undefined, []] : [name, isHelp ? ['--help'] : args.slice(1)]
}

/** The one executable: `liteboot <command>`, also started under a command's own name (`lsdef`, `chdef`, …). */
process.env.UV_THREADPOOL_SIZE ??= '8'

const args = process.argv.slice(2)
if (args[0] === 'serve') {
  const { runServer } = await import('./server/main.ts')
  await runServer(args.slice(1))
} else if (args[0] === 'vm') {
  const { runVm } = await import('../vm-harness/main.ts')
  process.exitCode = await runVm(args.slice(1))
} else {
  // `liteboot timeline cn01 | head`: whoever stops reading has seen enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const { runCli } = await import('./cli/run.ts')
  process.exitCode = await runCli(process.env.LITEBOOT_CALLED_AS ?? 'liteboot', args, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    errIsTerminal: process.stderr.isTTY === true,
    input: async () => (await import('node:stream/consumers')).text(process.stdin),
  })
}

import type { CliCommand } from './command.ts'

export const liteimg: CliCommand = {
  name: 'liteimg',
  summary: "Prepare an image's root tree for the statelite tables as they are now, and its kernel and initrd.",
  define(program, run) {
    program
      .argument('<image>')
      .option('-n, --dry-run', 'say what would be done and change nothing')
      .option('-V, --verbose', 'print every step')
      .action((image: string, options: { dryRun?: boolean; verbose?: boolean }) => {
        run((api, onProgress) =>
          api.call(
            'image.liteimg',
            { image, dryRun: options.dryRun === true, verbose: options.verbose === true },
            onProgress,
          ),
        )
      })
  },
}

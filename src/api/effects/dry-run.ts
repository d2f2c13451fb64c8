/** The answer of a changing command that was only asked: what it would have done, in place of what it says it did. */
import type { MethodContext } from '../methods/context.ts'
import type { CommandResult, OnProgress } from '../protocol.ts'
import { compileEffects, type Effects } from './effects.ts'
import { renderEffects } from './render.ts'

/** A method that made no edit of tables says itself what it would do: its answer is left alone. */
export async function withEffects(
  context: MethodContext,
  result: CommandResult,
  onProgress: OnProgress,
): Promise<CommandResult> {
  const { foreseen = [] } = context
  if (foreseen.length === 0) return result
  const { snapshot, answers } = await context.compiled()
  const all: Effects[] = []
  for (const edit of foreseen) all.push(await compileEffects(edit, answers, snapshot, onProgress))
  const effects: Effects = { rows: all.flatMap(({ rows }) => rows), nodes: all.flatMap(({ nodes }) => nodes) }
  const said =
    result.output.length === 0 ? [] : ['The command itself would say:', ...result.output.map((line) => `  ${line}`)]
  return {
    ...result,
    output: ['Dry run: nothing was changed.', ...renderEffects(effects), ...said],
    data: { dryRun: true, ...effects, result: result.data },
  }
}

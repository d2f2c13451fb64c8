/** Writes the boot files of nodes into a directory, for sites that keep another TFTP or HTTP server for them. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { exportNames } from '../../../boot/export-names.ts'
import { nodeBootFile } from '../../../boot/node-boot-file.ts'
import type { ClusterNode, Image } from '../../../cluster/model.ts'
import { type ImageFileKind, openImageFiles } from '../../../image/image-files.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult } from '../../protocol.ts'
import type { Compiled, MethodContext } from '../context.ts'
import { type ExportedFiles, openProgramExport } from './export-programs.ts'
import { placeCopy, readIfThere, replaceFile } from './file-write.ts'

interface Exported extends ExportedFiles {
  readonly node: string
}

/** A node whose tables give no boot keeps the files it had: half a state is worse than the old one. */
export async function exportBootFiles(
  context: MethodContext,
  names: readonly string[],
  directory: string,
): Promise<CommandResult> {
  const compiled = await context.compiled()
  const findFile = openImageFiles().find
  const programs = openProgramExport(directory, compiled.snapshot, context.dryRun)
  const images = new Map<string, Image>()
  const errors: string[] = []
  const exported: Exported[] = []
  for (const [index, name] of names.entries()) {
    if (index % 200 === 199) await new Promise((resolve) => setImmediate(resolve))
    const node = compiled.snapshot.node(name)
    if (!node) continue
    const result = exportNode(node, compiled, findFile, directory, context.dryRun)
    if ('reasons' in result) {
      errors.push(...result.reasons.map((reason) => `${name}: Error: ${reason}`))
      continue
    }
    await programs.add(node, result.exported).catch((error: unknown) => Promise.reject(fileError(directory, error)))
    exported.push(result.exported)
    if (result.image) images.set(result.image.name, result.image)
  }
  const common = onDisk(directory, () => programs.finish())
  const placed = [...images.values()].flatMap((image) => placeImage(image, findFile, directory, context.dryRun))
  const output = [
    ...exported.flatMap(renderNode),
    ...common.output,
    ...placed,
    summary(exported, directory, context.dryRun),
  ]
  return commandResult(
    output,
    { directory, nodes: exported, images: [...images.keys()] },
    [...errors, ...common.errors],
    errors.length > 0 ? 1 : 0,
  )
}

type FindFile = ReturnType<typeof openImageFiles>['find']

function exportNode(
  node: ClusterNode,
  { snapshot, answers }: Compiled,
  findFile: FindFile,
  directory: string,
  dryRun: boolean,
): { readonly exported: Exported; readonly image: Image | undefined } | { readonly reasons: readonly string[] } {
  const files = exportNames(node).map(({ kind, path }) => ({
    path,
    file: nodeBootFile(kind, node, snapshot, answers, findFile),
  }))
  const refused = files.flatMap(({ file }) => (file.kind === 'refused' ? file.reasons : []))
  if (refused.length > 0) return { reasons: [...new Set(refused)] }
  const exported: Exported = { node: node.name, written: [], unchanged: [], removed: [] }
  let image: Image | undefined
  for (const { path, file } of files) {
    const place = join(directory, path)
    const old = onDisk(place, () => readIfThere(place))
    if (file.kind !== 'text') {
      if (old === undefined) continue
      if (!dryRun) onDisk(place, () => rmSync(place))
      exported.removed.push(path)
      continue
    }
    image = file.image ?? image
    const isSame = old === file.text
    if (!isSame && !dryRun) onDisk(place, () => replaceFile(place, file.text, false))
    exported[isSame ? 'unchanged' : 'written'].push(path)
  }
  return { exported, image }
}

/** The names have the digest in them: a file that is there is the right one, and nodes may be reading older ones. */
function placeImage(image: Image, findFile: FindFile, directory: string, dryRun: boolean): string[] {
  return (['kernel', 'kernel.gz', 'initrd'] as const satisfies ImageFileKind[]).flatMap((kind) => {
    const file = findFile(image, kind)
    if ('fault' in file) return []
    const place = join(directory, file.urlPath)
    const name = file.urlPath.slice(1)
    if (existsSync(place)) return [`${image.name}: ${name} is there`]
    if (!dryRun) onDisk(place, () => placeCopy(file.path, place))
    return [`${image.name}: ${dryRun ? 'would copy' : 'copied'} ${name}`]
  })
}

function renderNode({ node, written, removed }: Exported): string[] {
  return [
    ...(written.length > 0 ? [`${node}: wrote ${written.join(' ')}`] : []),
    ...(removed.length > 0 ? [`${node}: removed ${removed.join(' ')}`] : []),
  ]
}

function summary(exported: readonly Exported[], directory: string, dryRun: boolean): string {
  const count = (what: 'written' | 'unchanged' | 'removed') =>
    exported.reduce((sum, { [what]: list }) => sum + list.length, 0)
  const [written, removed] = dryRun ? ['to be written', 'to be removed'] : ['written', 'removed']
  return `${directory}: nodes: ${exported.length}; files: ${count('written')} ${written}, ${count('unchanged')} unchanged, ${count('removed')} ${removed}`
}

/** @throws OperatorError LB_FILE */
function onDisk<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw fileError(path, error)
  }
}

function fileError(path: string, error: unknown): OperatorError {
  return new OperatorError('LB_FILE', `${path}: ${error instanceof Error ? error.message : String(error)}`)
}

/** initrd ls and show: what is in the initrd that an image's nodes are given, or in any file of that form. */
import { isUtf8 } from 'node:buffer'
import { stat } from 'node:fs/promises'
import type { Snapshot } from '../../../cluster/model.ts'
import { imageFilePath } from '../../../image/image-files.ts'
import { moduleName } from '../../../image/initrd/module-index.ts'
import { readInitrd, renderInitrdListing } from '../../../image/initrd/read.ts'
import { commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'
import { imageNamed } from '../per-node.ts'
import { inImage } from './image-errors.ts'

const FIRMWARE = 'lib/firmware/'

export const listInitrd: Method<'image.initrdList'> = async (context, { target }) => {
  const path = pathOf((await context.compiled()).snapshot, target)
  const entries = await inImage(() => readInitrd(path))
  const names = entries.map(({ name }) => name)
  const modules = names.filter((name) => name.endsWith('.ko')).map(moduleName)
  const version = /^lib\/modules\/([^/]+)\//.exec(names.find((name) => name.startsWith('lib/modules/')) ?? '')?.[1]
  const files = new Set(entries.filter(({ kind }) => kind !== 'dir').map(({ name }) => name))
  const firmware = names.filter((name) => name.startsWith(FIRMWARE) && files.has(name))
  const { size } = await stat(path)
  const unpacked = entries.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
  const mebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`
  return commandResult(
    [
      ...renderInitrdListing(entries),
      `${path}: ${mebibytes(size)}, ${mebibytes(unpacked)} unpacked, kernel ${version ?? '(no modules)'}`,
      `${modules.length} modules, ${firmware.length} firmware files`,
    ],
    {
      path,
      sizeBytes: size,
      unpackedBytes: unpacked,
      kernelVersion: version ?? null,
      modules,
      firmware: firmware.map((name) => name.slice(FIRMWARE.length)),
      entries: entries.map(({ name, kind, mode, data }) => ({ name, kind, mode, sizeBytes: data?.length ?? 0 })),
    },
  )
}

export const showInitrdFile: Method<'image.initrdShow'> = async (context, { target, path: asked }) => {
  const path = pathOf((await context.compiled()).snapshot, target)
  const entries = await inImage(() => readInitrd(path))
  const name = asked.replace(/^(\.?\/)+/, '')
  const entry = entries.find((candidate) => candidate.name === name)
  if (entry === undefined) {
    const names = entries.map((candidate) => candidate.name)
    throw unknownName('LB_BAD_INPUT', `${path} has no ${asked}`, name, names)
  }
  const data = entry.data ?? Buffer.alloc(0)
  if (entry.kind === 'dir') {
    const below = entries.filter((candidate) => candidate.name.startsWith(`${name}/`))
    return commandResult(renderInitrdListing(below), { name, kind: entry.kind, entries: below.map((one) => one.name) })
  }
  if (!isUtf8(data) || data.includes(0))
    return commandResult([`${name}: binary, ${data.length} bytes`], {
      name,
      kind: entry.kind,
      base64: data.toString('base64'),
    })
  const text = data.toString()
  return commandResult(text.replace(/\n$/, '').split('\n'), { name, kind: entry.kind, text })
}

/** A path is a file; anything else an image. */
function pathOf(snapshot: Snapshot, target: string): string {
  if (target.startsWith('/')) return target
  return imageFilePath(imageNamed(snapshot, target, `Cannot find image '${target}' from the osimage table.`), 'initrd')
}

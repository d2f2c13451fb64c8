/** image copy: an image under another name, with a tree of its own. */
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isImageFile } from '../../../image/generations/adopt.ts'
import { runProgram } from '../../../image/generations/disk.ts'
import { openGenerations } from '../../../image/generations/generations.ts'
import type { ImagePlace } from '../../../image/generations/layout.ts'
import { preparedFacts } from '../../../image/generations/prepared.ts'
import { copyTree } from '../../../image/generations/share.ts'
import type { Transaction } from '../../../store/store.ts'
import { cell, enabledRows } from '../../../tables/row.ts'
import { OBJECT_NAME } from '../../../tables/values.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'
import { imageNamed } from '../per-node.ts'
import { placeOfImage } from './export.ts'
import { inCalledImage } from './image-errors.ts'
import { freePriority, imageColumns } from './image-files.ts'

export const copyImage: Method<'image.copy'> = async (context, { from, to, generation }, onProgress) => {
  const { snapshot } = await context.compiled()
  const image = imageNamed(snapshot, from, `Cannot find image '${from}' from the osimage table.`)
  if (!OBJECT_NAME.test(to)) throw new OperatorError('LB_BAD_INPUT', `'${to}' is no name for an image`)
  if (context.store.read('osimage').some((row) => cell(row, 'imagename') === to))
    throw new OperatorError('LB_BAD_INPUT', `there is an image ${to} already.`)
  const place = placeOfImage(image, generation)
  const dest = join(dirname(image.rootimgdir), to)
  for (const { name, rootimgdir } of snapshot.images.values())
    if (`${rootimgdir}/`.startsWith(`${dest}/`) || `${dest}/`.startsWith(`${rootimgdir}/`))
      throw new OperatorError('LB_BAD_INPUT', `${dest} is in use by the image ${name} (${rootimgdir}).`)
  const generations = openGenerations(dest)
  const there = existsSync(dest) ? readdirSync(dest).filter((name) => !name.endsWith('-lock')) : []
  if (there.length > 0 && !generations.list().every(({ by }) => by === 'copy'))
    throw new OperatorError('LB_FILE', `${dest} is not empty: move away what is there`)
  const write = (transaction: Transaction) => writeRows(transaction, image.name, to, dest)
  const foreseen = await edit({ ...context, dryRun: true }, write)
  const { litefile, litetree } = foreseen.result
  const label = place.number === undefined ? from : `${from}@${place.number}`
  const said = `${label} to ${to} (${dest}): ${litefile} litefile rows, ${litetree} litetree rows`
  const data = { from: label, image: to, rootimgdir: dest, litefile, litetree }
  if (context.dryRun) return commandResult([`Would copy ${said}.`], data, foreseen.warnings)
  onProgress(`Copying ${place.rootimg} ...`)
  const sharing = await inCalledImage(context, () => copyTo(dest, place, `copied from ${label}`))
  const { snapshot: live } = await edit(context, write)
  return commandResult(
    [`Copied ${said}${sharing === undefined ? '' : `, ${sharing}`}.`],
    { ...data, sharing: sharing ?? null, snapshot: live },
    foreseen.warnings,
  )
}

/** Clones where the file system has them, else a full copy: an edit of one image in its place must never reach the other. */
async function copyTo(dest: string, place: ImagePlace, reason: string): Promise<string | undefined> {
  await mkdir(dest, { recursive: true, mode: 0o755 })
  const draft = await openGenerations(dest).begin({ from: 'empty', by: 'copy', reason })
  try {
    for (const name of (await readdir(place.directory)).filter(isImageFile)) {
      if (name === 'rootimg' || name === 'build.log') continue
      await runProgram(
        ['cp', '-aL', '--reflink=auto', '-T', '--', join(place.directory, name), join(draft.directory, name)],
        draft.lockFd,
      )
    }
    const hasTree = existsSync(join(place.rootimg, '.'))
    const sharing = hasTree ? await copyTree(place.rootimg, draft.rootimg, 'any', draft.lockFd) : undefined
    await draft.commit({ promote: true, facts: hasTree ? await preparedFacts(draft.rootimg) : {} })
    return sharing
  } catch (error) {
    await draft.abort()
    throw error
  }
}

/** Rows for its groups and for ALL speak for the copy as well: it is in the same groups. */
function writeRows(
  transaction: Transaction,
  from: string,
  to: string,
  dest: string,
): { litefile: number; litetree: number } {
  transaction.insertRow('osimage', { ...imageColumns(transaction, 'osimage', from), imagename: to })
  transaction.setRows(
    'linuximage',
    { imagename: to },
    { ...imageColumns(transaction, 'linuximage', from), rootimgdir: dest },
  )
  const own = (table: string) => enabledRows(transaction, table).filter((row) => cell(row, 'image') === from)
  const litefile = own('litefile')
  for (const row of litefile)
    transaction.insertRow('litefile', { image: to, file: cell(row, 'file'), options: cell(row, 'options') })
  const taken = new Set(transaction.read('litetree').map((row) => Number(cell(row, 'priority'))))
  const litetree = own('litetree')
  for (const row of litetree) {
    const priority = freePriority(taken, Number(cell(row, 'priority')))
    taken.add(priority)
    transaction.insertRow('litetree', {
      priority: String(priority),
      image: to,
      directory: cell(row, 'directory'),
      mntopts: cell(row, 'mntopts'),
    })
  }
  return { litefile: litefile.length, litetree: litetree.length }
}

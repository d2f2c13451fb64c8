/** image ls, promote, rollback and gc: the tables' side of generations. */
import { join } from 'node:path'
import type { Image, Snapshot } from '../../../cluster/model.ts'
import { decideGarbage } from '../../../image/generations/garbage.ts'
import { type Generation, type Generations, openGenerations } from '../../../image/generations/generations.ts'
import { measureGenerations } from '../../../image/generations/sizes.ts'
import { packRecordName } from '../../../image/pack/find.ts'
import { memoryBytes, readPackRecord } from '../../../image/pack/record.ts'
import { checkedEntriesOf } from '../../../statelite/compile.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { imageNamed } from '../per-node.ts'
import { inImage } from './image-errors.ts'
import { renderGenerations } from './render-generations.ts'
import { usersByGeneration } from './users.ts'

const KEPT_BY_DEFAULT = 3

export const listGenerations: Method<'image.list'> = async (context, { image: name }) => {
  const { snapshot } = await context.compiled()
  const images = name === undefined ? [...snapshot.images.values()] : [named(snapshot, name)]
  const listed = []
  for (const image of images) {
    const generations = openGenerations(image.rootimgdir).list()
    const users = usersByGeneration(context, snapshot, image.rootimgdir)
    // Reading every inode of every image takes too long to be done unasked.
    const sizes = name === undefined ? [] : await measureGenerations(generations.map(({ directory }) => directory))
    for (const [index, generation] of generations.entries()) {
      const { number, madeAt, by, reason, isCurrent, facts, directory, rootimg } = generation
      const nodes = users.get(number) ?? []
      const packed = image.rootfstype === 'ramdisk' ? readPackRecord(join(directory, packRecordName(image))) : undefined
      listed.push({
        image: image.name,
        generation: number,
        current: isCurrent,
        madeAt,
        by,
        reason,
        revision: facts.revision ?? null,
        kernel: facts.kernelVersion ?? null,
        rootimg,
        size: sizes[index] ?? null,
        memory: packed === undefined ? null : memoryBytes(packed),
        nodes: nodes.map(({ node, connected }) => ({ node, connected, stale: !isCurrent })),
      })
    }
  }
  const without = images.length === 1 && listed.length === 0
  const note = `${name}: has no generations yet: ${images[0]?.rootimgdir} is taken over as the first when liteimg makes the second`
  return commandResult(without ? [note] : renderGenerations(listed), listed)
}

function named(snapshot: Snapshot, name: string): Image {
  return imageNamed(snapshot, name, `Cannot find image '${name}' from the osimage table.`)
}

export const promoteGeneration: Method<'image.promote'> = async (context, { image: name, generation: number }) => {
  const { image, generations, snapshot } = await open(context, name)
  return await inImage(async () => {
    const before = generations.current()?.number
    const wanted = generations.list().find((generation) => generation.number === number)
    if (wanted === undefined) throw noGeneration(name, number, generations)
    if (!context.dryRun) await generations.promote(number)
    return switched(context, image, snapshot, before, wanted)
  })
}

export const rollbackGeneration: Method<'image.rollback'> = async (context, { image: name }) => {
  const { image, generations, snapshot } = await open(context, name)
  return await inImage(async () => {
    if (context.dryRun) {
      const target = generations.previous()
      const to = generations.list().find((generation) => generation.number === target)
      if (to === undefined) throw new OperatorError('LB_BAD_INPUT', `${name}: no other generation was current before`)
      return switched(context, image, snapshot, generations.current()?.number, to)
    }
    const { from, to } = await generations.rollback()
    return switched(context, image, snapshot, from, to)
  })
}

function switched(
  context: MethodContext,
  image: Image,
  snapshot: Snapshot,
  before: number | undefined,
  { number, facts }: Generation,
) {
  const { name, rootimgdir } = image
  const data = { image: name, generation: number, before: before ?? null }
  if (before === number) return commandResult([`${name}: generation ${number} is current already`], data)
  const others = [...usersByGeneration(context, snapshot, rootimgdir)].flatMap(([generation, users]) =>
    generation === number ? [] : users.filter(({ connected }) => connected),
  )
  const stale = others.length === 0 ? '' : `; ${others.length} nodes run another one until they boot`
  const verb = context.dryRun ? 'would become current' : 'is current'
  const wanted = checkedEntriesOf(image, snapshot.litefile).revision
  const warnings =
    facts.revision === undefined
      ? [`Warning: generation ${number} was not prepared by liteimg: nodes refuse it. Run liteimg ${name}`]
      : facts.revision === wanted
        ? []
        : [
            `Warning: generation ${number} was prepared for other litefile rows than there are now: it is booted as it was`,
          ]
  return commandResult([`${name}: generation ${number} ${verb}, it was ${before ?? 'none'}${stale}`], data, warnings)
}

function noGeneration(name: string, number: number, generations: Generations): OperatorError {
  const have = generations.list().map((generation) => generation.number)
  const message = `${name} has no generation ${number}: ${have.length === 0 ? 'it has none' : `it has ${have.join(' ')}`}`
  return new OperatorError('LB_BAD_INPUT', message, `liteboot image ls ${name}`)
}

export const collectGenerations: Method<'image.gc'> = async (context, { image: name, keep = KEPT_BY_DEFAULT }) => {
  const { image, generations, snapshot } = await open(context, name)
  return await inImage(async () => {
    const choices = decideGarbage({
      numbers: generations.list().map(({ number }) => number),
      current: generations.current()?.number,
      keep,
      users: usersByGeneration(context, snapshot, image.rootimgdir),
    })
    const removed = choices.filter(({ keptBecause }) => keptBecause === undefined).map(({ number }) => number)
    if (!context.dryRun && removed.length > 0) await generations.remove(removed)
    const gone = context.dryRun ? 'would be removed' : 'removed'
    const lines = choices.map(
      ({ number, keptBecause }) =>
        `${name}: generation ${number} ${keptBecause === undefined ? gone : `stays: ${keptBecause}`}`,
    )
    return commandResult(lines, { image: name, removed, kept: choices.filter(({ keptBecause }) => keptBecause) })
  })
}

async function open(context: MethodContext, name: string) {
  const { snapshot } = await context.compiled()
  const image = named(snapshot, name)
  return { image, snapshot, generations: openGenerations(image.rootimgdir) }
}

/** litefile suggest: rows for what nodes in learning mode have written, or of a preset; shown, or added in one edit. */
import { compileLitefile } from '../../../cluster/images.ts'
import type { ClusterNode, Image, ImageName, LitefileRow, Snapshot } from '../../../cluster/model.ts'
import { litefileRowName, rowStrength } from '../../../statelite/entries.ts'
import { renderFinding } from '../../../statelite/finding.ts'
import { checkLitefile } from '../../../statelite/matrix.ts'
import { fitPreset } from '../../../statelite/presets.ts'
import { type LeftOut, type Suggestion, suggestRows } from '../../../statelite/suggest.ts'
import { cell } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import type { MethodParams } from '../../params.ts'
import { commandResult } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown } from '../per-node.ts'
import { type KeptBoot, openLearnedLists } from './learned-lists.ts'
import { presetNamed } from './presets.ts'
import { renderSuggested } from './suggest-text.ts'

/** Of one image, or of a preset. */
export interface Suggested {
  /** An image, or what the rows' image column says. */
  readonly subject: string
  readonly nodes: readonly string[]
  readonly written: number
  readonly covered: number
  readonly suggestions: readonly Suggestion[]
  readonly left: readonly LeftOut[]
}

interface Found {
  readonly subjects: readonly Suggested[]
  readonly errors: readonly string[]
  /** For liteimg. */
  readonly images: readonly string[]
}

type Params = MethodParams['suggest.show']

export const suggestShow: Method<'suggest.show'> = async (context, params) => {
  const { subjects, errors } = await workOut(context, params)
  return commandResult(
    renderSuggested(subjects, params.verbose === true),
    { images: subjects.map(describe) },
    errors,
    status(errors),
  )
}

export const suggestAdd: Method<'suggest.add'> = async (context, params) => {
  const { subjects, errors, images } = await workOut(context, params)
  const rows = subjects.flatMap(({ suggestions }) => suggestions.map(({ row }) => row))
  const output = renderSuggested(subjects, params.verbose === true)
  const data = { images: subjects.map(describe) }
  if (rows.length === 0) return commandResult(output, { ...data, changes: 0 }, errors, status(errors))
  const { changes, snapshot, warnings } = await edit(context, (transaction) => {
    for (const { image, file, options } of rows) transaction.insertRow('litefile', { image, file, options })
  })
  const next = images.map((image) => `liteimg ${image}`).join('; ')
  output.push(
    `${rows.length} ${rows.length === 1 ? 'row' : 'rows'} added to litefile${next === '' ? '' : `; now: ${next}`}`,
  )
  return commandResult(output, { ...data, changes, snapshot }, [...errors, ...warnings], status(errors))
}

function status(errors: readonly string[]): number {
  return errors.some((line) => line.includes(': Error: ')) ? 1 : 0
}

function describe({ subject, suggestions, ...rest }: Suggested): object {
  return { image: subject, ...rest, suggestions: suggestions.map(({ row, ...facts }) => ({ ...row, ...facts })) }
}

async function workOut(context: MethodContext, params: Params): Promise<Found> {
  const { snapshot } = await context.compiled()
  const rows = compileLitefile(context.store)
  const found =
    params.preset === undefined
      ? await ofLearned(context, params, snapshot, rows)
      : ofPreset(context, params, snapshot, rows)
  return keepGood(found, context, snapshot, rows)
}

async function ofLearned(
  context: MethodContext,
  { noderange, image: imageCell, verbose }: Params,
  snapshot: Snapshot,
  rows: readonly LitefileRow[],
): Promise<Found> {
  if (noderange === undefined) throw new OperatorError('LB_USAGE', 'suggest needs a noderange, or --preset and a name')
  const lists = openLearnedLists(context.learnedDirectory)
  const byImage = new Map<string, { node: string; boots: readonly KeptBoot[] }[]>()
  const errors: string[] = []
  for (const node of expandKnown(context.store, noderange)) {
    const boots = await lists.read(node)
    const image = boots.at(-1)?.image
    if (image === undefined) {
      errors.push(
        `${node}: Error: it has told of nothing written: nodeset ${node} learn, boot it, and ask again when it is up`,
      )
      continue
    }
    const known = byImage.get(image)
    if (known) known.push({ node, boots })
    else byImage.set(image, [{ node, boots }])
  }
  const subjects: Suggested[] = []
  let table = rows
  for (const [name, learned] of byImage) {
    const image = snapshot.images.get(name as ImageName)
    if (image === undefined) {
      errors.push(
        ...learned.map(({ node }) => `${node}: Error: it learned image ${name}, which is not defined any more`),
      )
      continue
    }
    const nodes = learned.map(({ node }) => node)
    const made = suggestRows({
      lists: learned,
      image,
      rows: table,
      imageCell: cellFor(imageCell, image),
      canPersist: canPersist(nodes.map((node) => snapshot.node(node))),
      ...(verbose ? { examples: Number.POSITIVE_INFINITY } : {}),
    })
    table = [...table, ...made.suggestions.map(({ row }) => row)]
    subjects.push({ subject: name, nodes, ...made })
  }
  return { subjects, errors, images: subjects.map(({ subject }) => subject) }
}

/** @throws OperatorError when such rows would not be for that image */
function cellFor(wanted: string | undefined, image: Image): string {
  if (wanted === undefined) return image.name
  if (wanted.trim() !== '' && rowStrength(wanted, image) !== undefined) return wanted.trim()
  const groups = image.groups.length === 0 ? '' : `, ${image.groups.join(', ')}`
  throw new OperatorError(
    'LB_BAD_INPUT',
    `rows with image=${wanted} are not for ${image.name}: use ${image.name}${groups} or ALL`,
  )
}

function canPersist(nodes: readonly (ClusterNode | undefined)[]): boolean {
  return nodes.length > 0 && nodes.every((node) => (node?.attribute('statelite', 'statemnt')?.trim() ?? '') !== '')
}

/** Of every image that the rows are for; the rows that suit the first of them are tried on the others. */
function ofPreset(
  context: MethodContext,
  { preset: name = '', noderange, image: wanted }: Params,
  snapshot: Snapshot,
  rows: readonly LitefileRow[],
): Found {
  const preset = presetNamed(name)
  const named = noderange === undefined ? undefined : expandKnown(context.store, noderange)
  const ofNodes = new Set(named?.map((node) => snapshot.node(node)?.imageName))
  if (wanted === undefined && ofNodes.size > 1)
    throw new OperatorError(
      'LB_BAD_INPUT',
      'these nodes have different images',
      'Say with --image for which image, group or ALL the rows are.',
    )
  const imageCell = wanted?.trim() || [...ofNodes][0] || 'ALL'
  const images = [...snapshot.images.values()].filter((image) => rowStrength(imageCell, image) !== undefined)
  if (imageCell !== 'ALL' && images.length === 0)
    throw new OperatorError('LB_NO_IMAGE', `no image and no image group is called ${imageCell}`)
  const imageNames = new Set(images.map((image) => image.name))
  const nodes = (named ?? snapshot.nodeNames).filter((node) =>
    imageNames.has(snapshot.node(node)?.imageName ?? ('' as ImageName)),
  )
  const image = images[0] ?? { name: '(any image)' as ImageName, groups: [] }
  const persists = canPersist(nodes.map((node) => snapshot.node(node)))
  const { suggestions, left, covered } = fitPreset({ preset, image, rows, imageCell, canPersist: persists })
  const empty = { nodes: [], paths: 0, examples: [] }
  const subject: Suggested = {
    subject: imageCell,
    nodes: [],
    written: preset.rows.length,
    covered,
    suggestions: suggestions.map((each) => ({ ...each, ...empty })),
    left: left.map(({ file, reason }) => ({ reason, nodes: [], paths: 1, examples: [file] })),
  }
  return { subjects: [subject], errors: [], images: imageCell === 'ALL' ? [] : [...imageNames] }
}

/** Rows for a group or ALL are also other images' rows, and a disabled row keeps its place in the table. */
function keepGood(found: Found, context: MethodContext, snapshot: Snapshot, rows: readonly LitefileRow[]): Found {
  const images = [...snapshot.images.values()]
  const faultsOf = (all: readonly LitefileRow[]) =>
    checkLitefile(all, images)
      .filter(({ severity }) => severity === 'error')
      .map(renderFinding)
  const known = new Set(faultsOf(rows))
  const taken = new Set(context.store.read('litefile').map((row) => `${cell(row, 'image')}\n${cell(row, 'file')}`))
  let table = rows
  const subjects = found.subjects.map((subject) => {
    const left = [...subject.left]
    const suggestions = subject.suggestions.filter(({ row, ...facts }) => {
      const fault = taken.has(`${row.image}\n${row.file}`)
        ? `${litefileRowName(row)} is there and disabled`
        : faultsOf([...table, row]).find((each) => !known.has(each))
      if (fault === undefined) table = [...table, row]
      else left.push({ ...facts, reason: `no row ${row.file}: ${fault}` })
      return fault === undefined
    })
    return { ...subject, suggestions, left }
  })
  return { ...found, subjects }
}

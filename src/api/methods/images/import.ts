/** imgimport: an image with its definition out of a bundle. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type OpenedBundle, openBundle } from '../../../image/bundle/open.ts'
import { placeFile } from '../../../image/bundle/place.ts'
import { unpackImage } from '../../../image/bundle/unpack-image.ts'
import { removeWhole } from '../../../image/generations/disk.ts'
import { openGenerations } from '../../../image/generations/generations.ts'
import { openImageLock } from '../../../image/liteimg/lock.ts'
import type { Transaction } from '../../../store/store.ts'
import { cell, enabledRows, type Row, splitList } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { type CommandResult, commandResult, type OnProgress } from '../../protocol.ts'
import type { Method, MethodContext } from '../context.ts'
import { edit } from '../edit.ts'
import { expandKnown } from '../per-node.ts'
import { addLitefileRows, addLitetreeRows, readLitefileCsv, readTableCsv } from './carried-rows.ts'
import { inCalledImage, inImageFiles } from './image-errors.ts'
import { type ImportPlan, planImport } from './import-plan.ts'

interface ImportParams {
  readonly bundle: string
  readonly nodes?: string | undefined
  readonly profile?: string | undefined
  readonly name?: string | undefined
  readonly statelite?: boolean | undefined
}

/** Below installdir: the bundle's files while they are looked at. Files of a killed import go with the next. */
const WORK = '.liteboot-import'

export const importImage: Method<'image.import'> = async (context, params, onProgress) => {
  const { snapshot } = await context.compiled()
  const { installdir } = snapshot.site
  if (!existsSync(installdir)) throw new OperatorError('LB_FILE', `site.installdir ${installdir} is not there`)
  const lock = await inImageFiles(() => openImageLock(join(installdir, 'imgimport')))
  const work = join(installdir, WORK)
  try {
    await removeWhole(work, lock.fd)
    mkdirSync(work, { mode: 0o700 })
    onProgress(`Reading ${params.bundle} ...`)
    const bundle = await inCalledImage(context, () => openBundle(params.bundle, join(work, 'bundle')))
    return await inCalledImage(context, () =>
      importOpened(context, params, bundle, { installdir, lockFd: lock.fd }, onProgress),
    )
  } finally {
    await removeWhole(work, lock.fd)
    await lock.release()
  }
}

interface Carried {
  readonly litefile: readonly Row[]
  readonly litetree: readonly Row[]
  readonly statelite: readonly Row[]
}

async function importOpened(
  context: MethodContext,
  params: ImportParams,
  bundle: OpenedBundle,
  { installdir, lockFd }: { readonly installdir: string; readonly lockFd: number },
  onProgress: OnProgress,
): Promise<CommandResult> {
  const plan = await planImport(bundle, { profile: params.profile, name: params.name, installdir })
  await refuseTaken(context, plan)
  if (bundle.manifest.needsMedia) refuseWithoutMedia(plan, installdir)
  const carried = await readCarried(bundle)
  const nodes = params.nodes === undefined ? [] : expandKnown(context.store, params.nodes)
  const write = (transaction: Transaction) => writeRows(transaction, plan, carried, { bundle, nodes, params })
  // The tables' checks first: hours of unpacking are not to end in a row that is refused.
  const foreseen = await edit({ ...context, dryRun: true }, write)
  const kept = carried.statelite.length > 0 && params.statelite !== true
  const notes = [
    ...plan.notes,
    ...(kept
      ? [`the bundle has ${carried.statelite.length} statelite rows of its site, which were not taken (--statelite)`]
      : []),
  ]
  const warnings = [...foreseen.warnings, ...notes.map((note) => `Warning: ${note}`)]
  const data = {
    image: plan.name,
    rootimgdir: plan.rootimgdir,
    files: plan.files.map(({ to }) => to),
    rows: foreseen.result,
  }
  const lines = (will: boolean) => [
    ...plan.files.map(({ to }) => `${will ? 'Would write' : 'Wrote'} ${to}`),
    `${will ? 'Would import' : 'Imported'} ${plan.name} into ${plan.rootimgdir}: ${foreseen.result.litefile} litefile rows, ${foreseen.result.litetree} litetree rows.`,
  ]
  if (context.dryRun) return commandResult(lines(true), data, warnings)
  const generation = await unpackImage(bundle, plan.rootimgdir, `imported from ${basename(params.bundle)}`, onProgress)
  for (const { from, to } of plan.files) await placeFile(from, to, lockFd)
  const { snapshot } = await edit(context, write)
  const prepare =
    generation.facts.revision === undefined ? [`Prepare it before nodes boot it: liteimg ${plan.name}`] : []
  return commandResult([...lines(false), ...prepare], { ...data, generation: generation.number, snapshot }, warnings)
}

/** A directory may hold what an import that was killed before its rows were written has made. */
async function refuseTaken(context: MethodContext, { name, rootimgdir }: ImportPlan): Promise<void> {
  const { snapshot } = await context.compiled()
  const rename = 'Nothing was changed. Import it under another name with --name.'
  if (context.store.read('osimage').some((row) => cell(row, 'imagename') === name))
    throw new OperatorError('LB_BAD_INPUT', `there is an image ${name} already.`, rename)
  for (const image of snapshot.images.values()) {
    const [a, b] = [`${image.rootimgdir}/`, `${rootimgdir}/`]
    if (a.startsWith(b) || b.startsWith(a))
      throw new OperatorError(
        'LB_BAD_INPUT',
        `${rootimgdir} is in use by the image ${image.name} (${image.rootimgdir}).`,
        rename,
      )
  }
  const there = existsSync(rootimgdir) ? readdirSync(rootimgdir).filter((entry) => !entry.endsWith('-lock')) : []
  const generations = openGenerations(rootimgdir).list()
  const isLeftOver = there.includes('generations') && generations.every(({ by }) => by === 'import')
  if (there.length > 0 && !isLeftOver)
    throw new OperatorError('LB_FILE', `${rootimgdir} is not empty.`, `${rename} Or move away what is there.`)
}

function refuseWithoutMedia(plan: ImportPlan, installdir: string): void {
  const media = join(installdir, plan.osimage.osvers ?? '', plan.osimage.osarch ?? '')
  if (!existsSync(media))
    throw new OperatorError('LB_FILE', `the image needs the installation media in ${media}`, 'Run copycds first.')
}

async function readCarried({ members, directory }: OpenedBundle): Promise<Carried> {
  const text = async (name: string) =>
    members.includes(name) ? await readFile(join(directory, name), 'utf8') : undefined
  const [litefile, litetree, statelite] = [
    await text('litefile.csv'),
    await text('litetree.csv'),
    await text('statelite.csv'),
  ]
  return {
    litefile: litefile === undefined ? [] : readLitefileCsv(litefile),
    litetree: litetree === undefined ? [] : readTableCsv('litetree', litetree),
    statelite: statelite === undefined ? [] : readTableCsv('statelite', statelite),
  }
}

interface Writing {
  readonly bundle: OpenedBundle
  readonly nodes: readonly string[]
  readonly params: ImportParams
}

/** All rows of the image in one transaction. */
function writeRows(transaction: Transaction, plan: ImportPlan, carried: Carried, { bundle, nodes, params }: Writing) {
  const { name } = plan
  transaction.insertRow('osimage', { ...plan.osimage, imagename: name })
  transaction.setRows('linuximage', { imagename: name }, plan.linuximage)
  const target = { name, groups: plan.osimage.groups ?? '' }
  const litefile = addLitefileRows(transaction, target, carried.litefile)
  const litetree = addLitetreeRows(transaction, target, carried.litetree)
  let statelite = 0
  const present = new Set(transaction.read('statelite').map((row) => cell(row, 'node')))
  for (const row of params.statelite === true ? carried.statelite : []) {
    if (present.has(cell(row, 'node'))) continue
    transaction.insertRow('statelite', row)
    statelite++
  }
  const { postscripts, postbootscripts } = bundle.manifest
  for (const node of nodes)
    for (const [column, value] of Object.entries({ postscripts, postbootscripts }))
      if (value !== undefined)
        transaction.setRows('postscripts', { node }, { [column]: withoutDefaults(transaction, column, value) })
  return { litefile, litetree, statelite, nodes: nodes.length }
}

function withoutDefaults(transaction: Transaction, column: string, value: string): string {
  const row = enabledRows(transaction, 'postscripts').find((candidate) => cell(candidate, 'node') === 'xcatdefaults')
  const defaults = new Set(splitList(row ? cell(row, column) : ''))
  return splitList(value)
    .filter((script) => !defaults.has(script))
    .join(',')
}

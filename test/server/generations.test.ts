/** A boot is of one piece: kernel, initrd, command line, plan and root of one generation. */
import test from 'ava'
import { openNodeAnswers } from '../../src/boot/node-answers.ts'
import { type FindImageFile, nodeBootFile } from '../../src/boot/node-boot-file.ts'
import type { ClusterNode } from '../../src/cluster/model.ts'
import { type BootQuestion, planForBoot } from '../../src/server/plan-for-boot.ts'
import { chosenEntries, type PlanGeneration, parseRoot } from '../../src/statelite/generations.ts'
import { entriesRevision } from '../../src/statelite/revision.ts'
import { buildSnapshot, exampleImage, exampleNode } from '../statelite/snapshot.ts'

const MOTD = { option: 'tmpfs', path: '/etc/motd', parent: undefined } as const
const TABLES = entriesRevision([MOTD])
const OLD = [{ option: 'link', path: '/etc/issue', parent: undefined }] as const

/** Generations of the example image; each with its kernel's digest and what it was prepared for. */
function site(generations: Record<number, { kernel?: string; revision?: string }>, current: number | undefined) {
  const state = { current, generations }
  const generationOf = (rootimgdir: string, number = state.current): PlanGeneration | undefined => {
    const found = number === undefined ? undefined : state.generations[number]
    if (found === undefined || number === undefined) return undefined
    const later = Object.entries(state.generations).filter(([other]) => Number(other) > number)
    return {
      number,
      rootimg: `${rootimgdir}/generations/${number}/rootimg`,
      revision: found.revision ?? TABLES,
      entries: found.revision === undefined ? [MOTD] : OLD,
      later: new Set(later.map(([, { revision }]) => revision ?? TABLES)),
    }
  }
  const answers = openNodeAnswers({ addresses: ['10.20.0.2'], httpPort: undefined, nfs: undefined, generationOf })
  const findFile: FindImageFile = (image, kind, number) => {
    const found = number === undefined ? undefined : state.generations[number]
    return found === undefined
      ? { fault: 'gone' }
      : { urlPath: `/image/${image.name}/${found.kernel ?? `of-${number}`}/${kind}` }
  }
  const snapshot = buildSnapshot({
    nodes: [exampleNode],
    images: [exampleImage, { ...exampleImage, name: 'other' }],
    litefile: [['ALL', '/etc/motd', 'tmpfs']],
  })
  const node = snapshot.node('cn07') as ClusterNode
  const ask = (boot: string | undefined, isRetry = false): string => {
    const question: BootQuestion = { boot, isRetry }
    const found = planForBoot(node, snapshot, answers, findFile, question)
    if ('goneFor' in found) return found.goneFor
    const { plan } = found.compiled
    if (plan === undefined) return JSON.stringify(found.compiled)
    const root = parseRoot('directory' in plan.root ? plan.root.directory : '')
    return `root ${root?.number ?? 'flat'}, ${plan.entries.map(({ path }) => path).join()}, ${plan.image.revision === TABLES ? 'tables' : plan.image.revision}, ${found.boot}`
  }
  const bootFile = () => {
    const file = nodeBootFile('ipxe', node, snapshot, answers, findFile)
    return file.kind === 'text' ? file.text : JSON.stringify(file)
  }
  return { state, ask, bootFile }
}

test('the boot file names the generation wherever it names anything', (t) => {
  const { state, bootFile } = site({ 1: {}, 2: {} }, 2)
  const text = bootFile()
  t.regex(text, /kernel http:\S+\/of-2\/kernel /)
  t.regex(text, /\/of-2\/initrd /)
  t.regex(text, /root=nfs:10\.20\.0\.2:\S+\/generations\/2\/rootimg:ro /)
  t.regex(text, /liteboot\.plan=http:\/\/10\.20\.0\.2\/node\/v1\/cn07\/plan\?boot=hpc9-lite@2 /)
  state.current = 1
  t.regex(bootFile(), /of-1\/kernel .*generations\/1\/rootimg.*boot=hpc9-lite@1 /, 'a promote is live at once')
  state.current = undefined
  state.generations = {}
  t.notRegex(bootFile(), /generations|boot=/)
})

test('the plan is of the generation whose kernel asks, whatever was promoted meanwhile', (t) => {
  const { state, ask } = site({ 1: {}, 2: {}, 3: {} }, 2)
  t.is(ask('hpc9-lite@2'), 'root 2, /etc/motd, tables, hpc9-lite@2')
  state.current = 3
  t.is(ask('hpc9-lite@2'), 'root 2, /etc/motd, tables, hpc9-lite@2')
  t.is(ask(undefined), 'root 3, /etc/motd, tables, hpc9-lite@3', 'a kernel that does not say')
  t.is(ask('nonsense'), 'root 3, /etc/motd, tables, hpc9-lite@3')
})

test('a boot that could not go on takes what is current, if it has the same kernel; else the node boots again', (t) => {
  const { state, ask } = site({ 1: { kernel: 'k' }, 2: { kernel: 'k' }, 3: {} }, 2)
  t.is(ask('hpc9-lite@1', true), 'root 2, /etc/motd, tables, hpc9-lite@2')
  state.current = 3
  const gone = (number: number) =>
    `this boot began with generation ${number} of hpc9-lite, which is at generation 3 now, with another kernel`
  t.is(ask('hpc9-lite@1', true), gone(1))
  t.is(ask('hpc9-lite@1'), 'root 1, /etc/motd, tables, hpc9-lite@1')
  delete state.generations[1]
  t.is(ask('hpc9-lite@1'), gone(1), 'removed')
  t.is(ask('other@3'), 'this boot began with image other, cn07 is for hpc9-lite now')
})

test('a generation that was chosen is booted as it was prepared; where liteimg was forgotten the tables count', (t) => {
  const { state, ask } = site({ 1: { revision: 'old' }, 2: {}, 3: { revision: 'newer' } }, 2)
  t.is(ask(undefined), 'root 2, /etc/motd, tables, hpc9-lite@2')
  state.current = 1
  t.is(ask(undefined), 'root 1, /etc/issue, old, hpc9-lite@1', 'rolled back')
  delete state.generations[2]
  state.current = 3
  t.is(ask(undefined), 'root 3, /etc/motd, tables, hpc9-lite@3', 'an older one that would fit is not what was meant')
  state.current = 1
  t.is(ask(undefined), 'root 1, /etc/motd, tables, hpc9-lite@1', 'the node will say: run liteimg')
  t.is(chosenEntries(TABLES, undefined), undefined)
})

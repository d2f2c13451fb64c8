/**
 * Prescripts: the site's own programs, run on the server before and after nodeset. Cells name files of one directory;
 * nothing of a cell ever reaches a shell.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterNode } from '../../../cluster/model.ts'
import { cell, indexRows, type TablesView } from '../../../tables/row.ts'
import { DEPLOYMENT_LIMITS } from './limits.ts'
import { type Ran, runProgram } from './run-program.ts'

export interface PrescriptRequest {
  readonly when: 'begin' | 'end'
  /** `osimage`, `boot`, … */
  readonly action: string
  readonly nodes: readonly ClusterNode[]
  /** Of the image the node is set to: a second word an entry may begin with. */
  readonly provmethodOf: (node: ClusterNode) => string | undefined
  readonly view: TablesView
  readonly directory: string
  readonly host: string
  readonly verbose: boolean
  readonly dryRun: boolean
  readonly timeoutMs?: number
}

export interface PrescriptRun {
  readonly output: readonly string[]
  readonly errors: readonly string[]
  /** A script ended with more than 1, was killed, or could not be started: nothing after it was run. */
  readonly aborted: boolean
  /** Something was run, and may have changed whatever it likes. */
  readonly ran: boolean
}

/** `[action:]s1,s2[|action:s3]` → the scripts whose action is one of `words`, or that name none, in order. */
export function scriptsFor(text: string, words: readonly (string | undefined)[]): string[] {
  return text.split('|').flatMap((part) => {
    const colon = part.indexOf(':')
    const action = colon === -1 ? undefined : part.slice(0, colon).trim()
    if (action !== undefined && !words.includes(action)) return []
    return part
      .slice(colon + 1)
      .split(',')
      .map((script) => script.trim().replace(/\s+/g, ' '))
      .filter((script) => script !== '')
  })
}

export async function runPrescripts(request: PrescriptRequest): Promise<PrescriptRun> {
  const output: string[] = []
  const errors: string[] = []
  let aborted = false
  let ran = false
  for (const [scripts, nodes] of groupByScripts(request)) {
    for (const script of JSON.parse(scripts) as string[]) {
      if (request.dryRun) {
        output.push(`${request.host}: would run ${script} for nodes ${nodes.join(',')}`)
        continue
      }
      if (request.verbose) output.push(`${request.host}: Running ${script} for nodes ${nodes.join(',')}.`)
      ran = true
      for (const { status, fault, output: printed } of await runScript(script, nodes, request)) {
        const said = printed.trimEnd()
        if (status === 0) output.push(...(said === '' ? [] : [`${request.host}: ${script}: ${said}`]))
        else errors.push(`Error: ${request.host}: ${script}: ${fault}. Error message=${said}`)
        aborted ||= status > 1
      }
      if (aborted) return { output, errors, aborted, ran }
    }
  }
  return { output, errors, aborted, ran }
}

/** Scripts run once for all nodes that have the same list. The row `xcatdefaults` holds for every node and comes first. */
function groupByScripts({ when, action, nodes, provmethodOf, view }: PrescriptRequest): Map<string, string[]> {
  const defaults = indexRows(view.read('prescripts'), 'node').get('xcatdefaults')?.[0]
  const groups = new Map<string, string[]>()
  for (const node of nodes) {
    const words = [action, provmethodOf(node)]
    const cells = [defaults ? cell(defaults, when) : '', node.attribute('prescripts', when) ?? '']
    const scripts = cells.flatMap((text) => scriptsFor(text, words))
    if (scripts.length === 0) continue
    const key = JSON.stringify(scripts)
    const same = groups.get(key)
    if (same) same.push(node.name)
    else groups.set(key, [node.name])
  }
  return groups
}

type ScriptRan = Ran & { readonly fault: string }

async function runScript(script: string, nodes: readonly string[], request: PrescriptRequest): Promise<ScriptRan[]> {
  const [name = '', ...args] = script.split(' ')
  const found = findScript(request.directory, name)
  if ('fault' in found) return [{ status: 127, output: '', fault: found.fault }]
  const batches = found.instances === undefined ? batchesOf(nodes) : nodes.map((node) => [node])
  const results: ScriptRan[] = []
  let next = 0
  const worker = async () => {
    while (next < batches.length) {
      const batch = batches[next++] ?? []
      const env = { ...process.env, NODES: batch.join(','), ACTION: request.action }
      const ran = await runProgram(found.path, args, {
        env,
        timeoutMs: request.timeoutMs ?? DEPLOYMENT_LIMITS.prescriptMs,
        outputBytes: DEPLOYMENT_LIMITS.prescriptOutputBytes,
      })
      results.push({ ...ran, fault: ran.fault ?? `return code=${ran.status}` })
    }
  }
  await Promise.all(Array.from({ length: Math.min(found.instances ?? 1, batches.length) }, worker))
  return results
}

interface Script {
  readonly path: string
  /** Run once per node, so many at a time; undefined: once for all nodes. */
  readonly instances: number | undefined
}

function findScript(directory: string, name: string): Script | { readonly fault: string } {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return { fault: `not the name of a file in ${directory}` }
  const path = join(directory, name)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile()) return { fault: `there is no file ${path}` }
  if ((stat.mode & 0o111) === 0) return { fault: `${path} is not executable` }
  if ((stat.mode & 0o002) !== 0) return { fault: `${path} may be written by everybody, and is not run as root` }
  const text = readFileSync(path, 'latin1')
  const instances = Number(/#xCAT setting:\s*MAX_INSTANCE=(\d+)/.exec(text)?.[1] ?? Number.NaN)
  return { path, instances: instances > 0 ? Math.min(instances, DEPLOYMENT_LIMITS.probes) : undefined }
}

/** NODES has to fit into one variable. */
function batchesOf(nodes: readonly string[]): string[][] {
  const batches: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const node of nodes) {
    bytes += node.length + 1
    if (bytes > DEPLOYMENT_LIMITS.nodesVariableBytes) {
      batches.push([])
      bytes = node.length + 1
    }
    batches.at(-1)?.push(node)
  }
  return batches
}

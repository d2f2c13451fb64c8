/** The plan as bytes for the node (docs/reference/plan.md), and back. */

import { readLocalDisk, renderLocalDisk } from './local-disk-text.ts'
import { type EntryOption, isEntryOption } from './options.ts'
import { isPackedFormat, type PackedFormat } from './packed-root.ts'
import type { Plan } from './plan.ts'
import { bracketed } from './servers.ts'

const VERSION = '1'

/** One item a line, fields separated by one TAB, `-` for an empty field, the count of lines in the last one. */
export function renderPlan(plan: Plan): string {
  const lines = [
    ['liteboot-plan', VERSION, plan.node],
    ['server', plan.server.address, String(plan.server.httpPort)],
    ['report', plan.report],
    ['image', plan.image.name, plan.image.revision],
    renderRoot(plan.root),
    ['statelite', plan.stateliteMode],
    ...(plan.learn === undefined ? [] : [['learn', plan.learn.url, plan.learn.size]]),
    ...(plan.persistent === undefined
      ? []
      : [['persistent', bracketed(plan.persistent.server), plan.persistent.directory, plan.persistent.options]]),
    ...renderLocalDisk(plan.localDisk),
    ...plan.trees.map((tree) => [
      'tree',
      String(tree.priority),
      tree.server === undefined ? undefined : bracketed(tree.server),
      tree.directory,
      tree.options,
      tree.required ? 'required' : 'optional',
    ]),
    ...plan.entries.map((entry) => ['entry', entry.option, entry.path, entry.parent]),
    ['hostname', plan.hostname.name, plan.hostname.domain],
    ['machine-id', plan.machineId],
    [
      'interface',
      plan.interface.mac,
      `${plan.interface.address}/${plan.interface.prefixLength}`,
      plan.interface.gateway,
      plan.interface.mtu === undefined ? undefined : String(plan.interface.mtu),
    ],
    ...plan.nameservers.map((address) => ['nameserver', address]),
  ]
  const texts = lines.map((fields) => fields.map(renderField).join('\t'))
  return `${[...texts, `end\t${texts.length}`].join('\n')}\n`
}

function renderRoot(root: Plan['root']): string[] {
  return root.type === 'ramdisk'
    ? ['root', root.type, root.format, root.url, String(root.sizeBytes), root.sha256, String(root.unpackedBytes)]
    : ['root', root.type, bracketed(root.server), root.directory, root.options]
}

// Compiling refuses such values with a message; here it is the last line of defence for the node's parser.
function renderField(field: string | undefined): string {
  if (field === undefined || field === '') return '-'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f-\u009f]/.test(field))
    throw new Error(`a plan field has white space: ${JSON.stringify(field)}`)
  return field
}

/** Strict reader, for tests and tools: what a node must accept and nothing else. */
export function parsePlan(text: string): { readonly plan: Plan } | { readonly fault: string } {
  const lines = text.split('\n')
  if (lines.pop() !== '') return { fault: 'the last line has no newline' }
  const rows = lines.map((line) => line.split('\t'))
  const last = rows.pop()
  if (last?.[0] !== 'end' || last[1] !== String(rows.length)) return { fault: 'no end line with the right count' }
  const reader = new PlanReader(rows)
  const plan = reader.plan()
  return reader.fault === undefined ? { plan } : { fault: reader.fault }
}

/** Takes lines in the order of the page; remembers the first fault and goes on with empty values. */
class PlanReader {
  fault: string | undefined
  readonly #rows: readonly string[][]
  #at = 0

  constructor(rows: readonly string[][]) {
    this.#rows = rows
  }

  plan(): Plan {
    const [version, node] = this.#one('liteboot-plan', 2)
    if (version !== VERSION) this.#fail(`plan version ${version}`)
    const [address, httpPort] = this.#one('server', 2)
    const [report] = this.#one('report', 1)
    const [image, revision] = this.#one('image', 2)
    const root = this.#rows[this.#at]?.[1] === 'ramdisk' ? this.#ramdiskRoot() : this.#nfsRoot()
    const [mode] = this.#one('statelite', 1)
    const learn = this.#all('learn', 2)
    if (learn.length > 1) this.#fail('two learn lines')
    const persistent = this.#all('persistent', 3)
    if (persistent.length > 1) this.#fail('two persistent lines')
    const localDisk = readLocalDisk({
      all: (keyword, fields) => this.#all(keyword, fields),
      fail: (fault) => this.#fail(fault),
    })
    const trees = this.#all('tree', 5)
    const entries = this.#all('entry', 3)
    const [name, domain] = this.#one('hostname', 2)
    const [machineId] = this.#one('machine-id', 1)
    const [mac, cidr, gateway, mtu] = this.#one('interface', 4)
    const nameservers = this.#all('nameserver', 1)
    if (this.#at !== this.#rows.length) this.#fail(`line ${this.#at + 1} does not belong here`)
    const [ip, prefix] = field(cidr).split('/')
    return {
      node: field(node),
      server: { address: field(address), httpPort: this.#number(httpPort) },
      report: optional(report),
      image: { name: field(image), revision: field(revision) },
      root,
      stateliteMode: field(mode),
      learn: learn.map(([url, size]) => ({ url: field(url), size: field(size) })).at(0),
      persistent: persistent
        .map(([server, directory, options]) => ({
          server: unbracketed(field(server)),
          directory: field(directory),
          options: field(options),
        }))
        .at(0),
      localDisk,
      trees: trees.map(([priority, server, directory, options, required]) => ({
        priority: this.#number(priority),
        server: optional(server) === undefined ? undefined : unbracketed(field(server)),
        directory: field(directory),
        options: optional(options) ?? '',
        required: this.#choice(required, 'required', 'optional'),
      })),
      entries: entries.map(([option, path, parent]) => ({
        option: this.#option(option),
        path: field(path),
        parent: optional(parent),
      })),
      hostname: { name: field(name), domain: optional(domain) },
      machineId: field(machineId),
      interface: {
        mac: field(mac),
        address: field(ip),
        prefixLength: this.#number(prefix),
        gateway: optional(gateway),
        mtu: optional(mtu) === undefined ? undefined : this.#number(mtu),
      },
      nameservers: nameservers.map(([server]) => field(server)),
    }
  }

  #nfsRoot(): Plan['root'] {
    const [type, server, directory, options] = this.#one('root', 4)
    if (type !== 'nfs') this.#fail(`root type ${type}`)
    return { type: 'nfs', server: unbracketed(field(server)), directory: field(directory), options: field(options) }
  }

  #ramdiskRoot(): Plan['root'] {
    const [, format, url, size, sha256, unpacked] = this.#one('root', 6)
    if (!isPackedFormat(field(format))) this.#fail(`packed as ${format}`)
    if (!/^[0-9a-f]{64}$/.test(field(sha256))) this.#fail(`bad digest ${sha256}`)
    return {
      type: 'ramdisk',
      format: isPackedFormat(field(format)) ? (format as PackedFormat) : 'cpio.gz',
      url: field(url),
      sizeBytes: this.#number(size),
      sha256: field(sha256),
      unpackedBytes: this.#number(unpacked),
    }
  }

  #fail(fault: string): void {
    this.fault ??= fault
  }

  #one(keyword: string, fields: number): string[] {
    const row = this.#next(keyword, fields)
    if (row === undefined) this.#fail(`line ${this.#at + 1} is not ${keyword}`)
    return row ?? []
  }

  #all(keyword: string, fields: number): string[][] {
    const found: string[][] = []
    for (let row = this.#next(keyword, fields); row !== undefined; row = this.#next(keyword, fields)) found.push(row)
    return found
  }

  #next(keyword: string, fields: number): string[] | undefined {
    const row = this.#rows[this.#at]
    if (row?.[0] !== keyword) return undefined
    this.#at += 1
    if (row.length !== fields + 1 || row.includes('')) this.#fail(`line ${this.#at} has the wrong fields`)
    return row.slice(1)
  }

  #number(text: string | undefined): number {
    const value = Number(text)
    if (text === undefined || text === '' || !Number.isFinite(value)) this.#fail(`${text} is not a number`)
    return value
  }

  #choice(text: string | undefined, yes: string, no: string): boolean {
    if (text !== yes && text !== no) this.#fail(`${text} is neither ${yes} nor ${no}`)
    return text === yes
  }

  #option(text: string | undefined): EntryOption {
    if (text !== undefined && isEntryOption(text)) return text
    this.#fail(`unknown option ${text}`)
    return 'tmpfs'
  }
}

function field(text: string | undefined): string {
  return text ?? ''
}

function optional(text: string | undefined): string | undefined {
  return text === '-' ? undefined : text
}

function unbracketed(server: string): string {
  return server.startsWith('[') && server.endsWith(']') ? server.slice(1, -1) : server
}

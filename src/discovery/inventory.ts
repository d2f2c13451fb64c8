/**
 * The discovery room: what unknown machines say of themselves, and how it becomes a row of discoverydata. Pure: it must
 * not know sockets, leases or where rows are kept. What comes in here was sent by anybody.
 *
 * This file: the report of the initrd (`liteboot-inventory`, one item a line, fields separated by TAB) → typed values.
 */
import { limits } from './limits.ts'
import { type LldpNeighbour, parseLldp } from './lldp.ts'

export interface InventoryPort {
  readonly name: string
  readonly mac: string
  readonly link: 'up' | 'down'
  readonly driver: string
  /** PCI address, or whatever the bus calls it. */
  readonly place: string
}

export interface InventoryDisk {
  readonly name: string
  readonly bytes: number
  readonly model: string
  readonly serial: string
}

export interface Inventory {
  readonly arch: string
  /** '' where the firmware has none that could be its own. The same for every text. */
  readonly uuid: string
  readonly serial: string
  readonly vendor: string
  readonly model: string
  readonly cpus: number
  readonly cpuType: string
  readonly memoryMiB: number
  /** Name of the port that the machine booted from. */
  readonly boot: string
  readonly ports: readonly InventoryPort[]
  readonly disks: readonly InventoryDisk[]
  readonly neighbours: ReadonlyMap<string, LldpNeighbour>
}

type Fault = { readonly fault: string }

const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,14}$/
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}((:[0-9a-f]{2}){14})?$/
const WHOLE = /^\d{1,15}$/
/** What makers leave in a field that they did not fill. */
const EMPTY =
  /^(|-|0+|none|empty|n\/a|unknown|default string|not (specified|applicable|available|settable|present)|to be filled by o\.?e\.?m\.?|undefined|invalid|na|(system|chassis|base ?board) (serial( number)?|product name|manufacturer|uuid)|o\.?e\.?m\.?|0?123456789[0-9]*|x{4,}|f{4,}|[-.*]+)$/i
/** The same on thousands of boards, or obviously nobody's. */
const NO_UUID =
  /^(?:([0-9a-f])\1{7}-(?:\1{4}-){3}\1{12}|(03000200-0400-0500|00020003-0004-0005)-0006-000700080009|(fe){4}-(fefe-){3}(fe){6}|12345678-1234-.*)$/

export function parseInventory(body: Buffer): Inventory | Fault {
  const lines = body.toString('utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  if (lines[0] !== 'liteboot-inventory\t1') return { fault: 'does not begin with liteboot-inventory 1' }
  const last = lines.pop()
  if (last !== `end\t${lines.length}`) return { fault: 'the end line is missing or does not count the lines' }
  const words = new Map<string, string>()
  const ports: InventoryPort[] = []
  const disks: InventoryDisk[] = []
  const neighbours = new Map<string, LldpNeighbour>()
  for (const [at, line] of lines.entries()) {
    const [key = '', ...fields] = line.split('\t')
    const bad = (what: string): Fault => ({ fault: `line ${at + 1}: ${what}` })
    if (key === 'port') {
      const port = parsePort(fields)
      if (!port) return bad('not a port')
      if (ports.length >= limits.ports) return bad(`more than ${limits.ports} ports`)
      if (ports.some(({ name, mac }) => name === port.name || mac === port.mac)) return bad(`a second ${port.name}`)
      ports.push(port)
    } else if (key === 'disk') {
      const disk = parseDisk(fields)
      if (!disk) return bad('not a disk')
      if (disks.length >= limits.disks) return bad(`more than ${limits.disks} disks`)
      disks.push(disk)
    } else if (key === 'lldp') {
      const [name = '', hex = ''] = fields
      if (neighbours.size >= limits.frames) return bad(`more than ${limits.frames} frames`)
      if (!ports.some((port) => port.name === name) || !/^([0-9a-f]{2}){1,1536}$/.test(hex)) return bad('not a frame')
      const neighbour = parseLldp(Buffer.from(hex, 'hex'))
      // What a switch sends is not the machine's fault.
      if (!('fault' in neighbour)) neighbours.set(name, cleaned(neighbour))
    } else if (fields.length === 1) {
      words.set(key, clean(fields[0] ?? ''))
    }
  }
  const number = (key: string) => (WHOLE.test(words.get(key) ?? '') ? Number(words.get(key)) : 0)
  const arch = words.get('arch') ?? ''
  if (!/^[a-z0-9_]{1,20}$/.test(arch)) return { fault: 'arch: missing or not a plain word' }
  const boot = words.get('boot') ?? ''
  if (!ports.some(({ name }) => name === boot)) return { fault: 'boot: not one of the ports' }
  return {
    arch,
    uuid: uuidOf(words.get('uuid') ?? ''),
    serial: filled(words.get('serial')),
    vendor: filled(words.get('vendor')),
    model: filled(words.get('model')),
    cpus: number('cpus'),
    cpuType: filled(words.get('cputype')),
    memoryMiB: number('memory'),
    boot,
    ports,
    disks,
    neighbours,
  }
}

function parsePort([name = '', mac = '', link = '', driver = '', place = '']: readonly string[]):
  | InventoryPort
  | undefined {
  if (!INTERFACE.test(name) || !MAC.test(mac) || (link !== 'up' && link !== 'down')) return undefined
  return { name, mac, link, driver: filled(clean(driver)), place: filled(clean(place)) }
}

function parseDisk([name = '', bytes = '', model = '', serial = '']: readonly string[]): InventoryDisk | undefined {
  if (!/^[A-Za-z0-9!._-]{1,32}$/.test(name) || !WHOLE.test(bytes)) return undefined
  return { name, bytes: Number(bytes), model: filled(clean(model)), serial: filled(clean(serial)) }
}

function uuidOf(word: string): string {
  const uuid = word.toLowerCase()
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) && !NO_UUID.test(uuid) ? uuid : ''
}

function filled(word: string | undefined): string {
  return word === undefined || EMPTY.test(word) ? '' : word
}

/** No control characters, one line, short: it is shown on terminals. Commas and bars separate the lists of the table. */
function clean(word: string): string {
  return (
    word
      .replace(/[\p{C}\ufffd]/gu, ' ')
      .trim()
      .slice(0, limits.fieldCharacters)
      // Half of a character is none, and would be stored as something else.
      .replace(/[\ud800-\udbff]$/, '')
  )
}

function cleaned(neighbour: LldpNeighbour): LldpNeighbour {
  const { switchName, port, portDescription, description, address } = neighbour
  return {
    switchName: clean(switchName),
    port: clean(port),
    portDescription: clean(portDescription),
    description: clean(description),
    address,
  }
}

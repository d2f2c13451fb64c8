/** Definitions to start from: `lsdef --template` shows them, `mkdef --template` makes objects of them. */
import { OBJECT_TYPES, type ObjectType } from './object-types.ts'
import { type ObjectsContext, objectExists, readObject } from './objects.ts'
import { cell, indexRows } from './row.ts'

const MANDATORY = 'MANDATORY:'
const OPTIONAL = 'OPTIONAL:'

const NODE = {
  groups: 'all',
  ip: `${MANDATORY}address of the node`,
  mac: `${MANDATORY}hardware address of the port the node boots from`,
  installnic: 'mac',
  provmethod: `${OPTIONAL}osimage that the node runs`,
  serialport: '0',
  serialspeed: '115200',
}
const BMC = {
  bmc: `${MANDATORY}address or name of the service processor`,
  bmcusername: `${OPTIONAL}account on the service processor`,
  bmcpassword: `${OPTIONAL}password of that account`,
}
const GUEST = {
  vmhost: `${MANDATORY}hypervisor`,
  vmcpus: '2',
  vmmemory: '4096',
  vmnics: 'br0',
  vmnicnicmodel: 'virtio',
  vmstorage: `${OPTIONAL}disks of the machine`,
}
const IMAGE = {
  imagetype: 'linux',
  osname: 'Linux',
  profile: 'compute',
  osvers: `${MANDATORY}distribution and version, for example rhels9.2`,
  rootimgdir: `${OPTIONAL}directory of the image`,
  pkglist: `${OPTIONAL}files that list its packages`,
}

type Values = Readonly<Record<string, string>>

const TEMPLATES: Readonly<Record<string, Readonly<Record<string, Values>>>> = {
  node: {
    'ppc64le-openbmc-template': {
      ...NODE,
      ...BMC,
      arch: 'ppc64le',
      mgt: 'openbmc',
      cons: 'openbmc',
      netboot: 'petitboot',
    },
    'ppc64le-template': { ...NODE, ...BMC, arch: 'ppc64le', mgt: 'ipmi', cons: 'ipmi', netboot: 'petitboot' },
    'ppc64lekvmguest-template': { ...NODE, ...GUEST, arch: 'ppc64le', mgt: 'kvm', netboot: 'grub2' },
    'x86_64-template': { ...NODE, ...BMC, arch: 'x86_64', mgt: 'ipmi', cons: 'ipmi', netboot: 'xnba' },
    'x86_64kvmguest-template': { ...NODE, ...GUEST, arch: 'x86_64', mgt: 'kvm', netboot: 'xnba' },
    'switch-template': {
      groups: 'switch,all',
      nodetype: 'switch',
      mgt: 'switch',
      ip: `${MANDATORY}address of the switch`,
      mac: `${OPTIONAL}hardware address of the switch`,
    },
  },
  osimage: {
    'ppc64le-statelite-template': { ...IMAGE, provmethod: 'statelite', osarch: 'ppc64le', rootfstype: 'nfs' },
    'x86_64-statelite-template': { ...IMAGE, provmethod: 'statelite', osarch: 'x86_64', rootfstype: 'nfs' },
  },
}

export function templateNames(type: string): string[] {
  return Object.keys(TEMPLATES[type] ?? {}).sort()
}

export function templateAttributes(type: string, name: string): ReadonlyMap<string, string> | undefined {
  const values = TEMPLATES[type]?.[name]
  return values && new Map(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What the server keeps about a node is not copied to another one. */
const OWN_STATE =
  /^(status|statustime|appstatus|appstatustime|updatestatus|updatestatustime|currstate|currchain|current_osimage)$/

export type FromTemplate = { readonly attributes: (readonly [string, string])[] } | { readonly fault: string }

/** An object of that name comes first, then a template. Attributes given take the place of those of the template. */
export function applyTemplate(
  context: ObjectsContext,
  typeName: string,
  template: string,
  given: readonly (readonly [string, string])[],
): FromTemplate {
  const type = OBJECT_TYPES.get(typeName)
  const found = type && (objectValues(context, type, template) ?? templateAttributes(typeName, template))
  if (!found) {
    const names = templateNames(typeName)
    const known = names.length === 0 ? '' : ` Templates: ${names.join(', ')}.`
    return { fault: `Could not find the template object named '${template}' of type '${typeName}'.${known}` }
  }
  const attributes = new Map([...found, ...given])
  for (const [name, value] of attributes) {
    if (value.startsWith(MANDATORY))
      return {
        fault: `The attribute '${name}' is required by template '${template}': ${value.slice(MANDATORY.length)}.`,
      }
    if (value.startsWith(OPTIONAL)) attributes.delete(name)
  }
  return { attributes: [...attributes] }
}

/** As written in the object's own rows: what it has from its groups, the new one will have, too. */
function objectValues(
  context: ObjectsContext,
  type: ObjectType,
  name: string,
): ReadonlyMap<string, string> | undefined {
  if (!objectExists(context, type, name)) return undefined
  const values = new Map<string, string>()
  for (const [attribute, { value, table, column }] of readObject(context, type, name) ?? []) {
    if (attribute === 'members' || OWN_STATE.test(attribute)) continue
    if (type.name !== 'node') values.set(attribute, value)
    else if (context.resolver.source(name, table, column) === name) {
      const [row] = indexRows(context.view.read(table), 'node').get(name) ?? []
      values.set(attribute, attribute.includes('.') || !row ? value : cell(row, column) || value)
    }
  }
  return values
}

/** Machines by what administrators call them: hardware address, UUID, serial number. */
import { type DiscoveredMachine, inOrder, machineOf } from '../../../discovery/machine.ts'
import { normalizeMac } from '../../../tables/addresses.ts'
import type { TablesView } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { unknownName } from '../../suggest.ts'

/** In the order in which they were first seen. */
export function allMachines(view: TablesView): DiscoveredMachine[] {
  return inOrder(view.read('discoverydata').map(machineOf))
}

/** Exactly one each. @throws OperatorError LB_BAD_INPUT */
export function machinesNamed(machines: readonly DiscoveredMachine[], names: readonly string[]): DiscoveredMachine[] {
  const named = names.map((name) => machineNamed(machines, name))
  return machines.filter((machine) => named.includes(machine))
}

export function machineNamed(machines: readonly DiscoveredMachine[], name: string): DiscoveredMachine {
  const mac = normalizeMac(name)
  const word = name.toLowerCase()
  const found = machines.filter(
    ({ uuid, serial, ports, bootMac }) =>
      uuid.toLowerCase() === word ||
      serial.toLowerCase() === word ||
      (mac !== undefined && (bootMac === mac || ports.some((port) => port.mac === mac))),
  )
  const [machine, ...others] = found
  if (machine && others.length === 0) return machine
  if (machine) {
    const macs = found.map(({ bootMac, uuid }) => bootMac || uuid).join(' ')
    throw new OperatorError('LB_BAD_INPUT', `'${name}' is ${found.length} machines: ${macs}`)
  }
  const known = machines.flatMap(({ uuid, serial, ports }) => [uuid, serial, ...ports.map((port) => port.mac)])
  const message = `no machine '${name}' was discovered`
  throw unknownName('LB_NO_MACHINE', message, mac ?? name, known.filter(Boolean))
}

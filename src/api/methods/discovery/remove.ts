/** discovered --remove: forgets machines. One that still waits reports again, and is listed as a new one. */
import { cell } from '../../../tables/row.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'
import { edit } from '../edit.ts'
import { allMachines, machinesNamed } from './find.ts'
import { METHOD_WORDS, methodOf } from './words.ts'

export const remove: Method<'discovery.remove'> = async (context, { machines: names = [], all, type }) => {
  if (names.length === 0 && !all && type === undefined)
    throw new OperatorError('LB_USAGE', 'Name the machines to forget, or --all for every one that waits.')
  if (type !== undefined && type !== 'all' && !Object.hasOwn(METHOD_WORDS, type))
    throw new OperatorError('LB_USAGE', `Invalid type '${type}': ${[...Object.keys(METHOD_WORDS), 'all'].join(', ')}`)
  const { result, snapshot, warnings } = await edit(context, (transaction) => {
    const machines = allMachines(transaction)
    const ofType = transaction
      .read('discoverydata')
      .filter((row) => type !== undefined && (type === 'all' || methodOf(row) === METHOD_WORDS[type]))
      .map((row) => cell(row, 'uuid'))
    const gone = [
      ...machinesNamed(machines, names),
      ...machines.filter(({ uuid, node }) => ofType.includes(uuid) || (all === true && node === undefined)),
    ]
    const uuids = [...new Set(gone.map(({ uuid }) => uuid))]
    for (const uuid of uuids) transaction.deleteRows('discoverydata', { uuid })
    return machines.filter(({ uuid }) => uuids.includes(uuid))
  })
  const lines = result.map(({ bootMac, uuid }) => `${bootMac || uuid}: forgotten`)
  return commandResult(lines, { removed: result.length, snapshot }, warnings)
}

/** What the room must be told besides the snapshot. Addresses are literals; nothing is looked up in DNS. */
import type { ClusterNode, Snapshot } from '../cluster/model.ts'
import { substituteVariables } from '../tables/variables.ts'
import type { PlanGeneration } from './generations.ts'
import type { PackedRoot } from './packed-root.ts'

/** Replaces `$node`, `$table.column`, `$site.key` and the `${…}` forms; the fault names what is missing. */
export type Substitute = (
  text: string,
  scope: {
    readonly node: string
    attribute(table: string, column: string): string | undefined
    site(key: string): string | undefined
  },
) => { readonly value: string } | { readonly fault: string }

export interface StateliteContext {
  /** Our address as this node reaches it. */
  readonly serverIp: string
  readonly httpPort: number
  /** All our addresses. Absent: `serverIp` is the only one. The tables may send a node to a `serverIp` that is not ours. */
  readonly ownAddresses?: readonly string[]
  /** Ports of our own NFS service: written into the mount options, so that the node needs no portmapper. */
  readonly nfs?: { readonly port: number; readonly mountPort: number }
  /** The generation to boot of the image in this directory; undefined: it has none, its tree is `<rootimgdir>/rootimg`. */
  generationOf?(rootimgdir: string): PlanGeneration | undefined
  /** The text of linuximage.partitionfile, or why it cannot be had. Left out: the server's files are not looked at. */
  partitionFile?(path: string): { readonly text: string } | { readonly fault: string }
  /** What liteimg packed of the image in this directory, of the generation to boot, or why there is nothing. */
  packedRoot?(rootimgdir: string): PackedRoot | { readonly fault: string }
  /** Names that are not in the tables (the server's own host name). Must answer from memory. */
  resolve?(name: string): string | undefined
  /** For tests; the default is the tables' own. */
  readonly substitute?: Substitute
}

export function substituteForNode(
  text: string,
  node: ClusterNode,
  snapshot: Snapshot,
  context: StateliteContext,
): { readonly value: string } | { readonly fault: string } {
  return (context.substitute ?? substituteVariables)(text, {
    node: node.name,
    attribute: (table, column) => node.attribute(table, column),
    site: (key) => snapshot.site.get(key),
  })
}

export function isOwnAddress(address: string, context: StateliteContext): boolean {
  return context.ownAddresses === undefined ? address === context.serverIp : context.ownAddresses.includes(address)
}

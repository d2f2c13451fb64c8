/**
 * What is known of firmware that does not do what its standards say, as data: who, what, what is changed for it, and where
 * that can be read. Pure. Quirks with a `match` change the DHCP answer of that firmware; the others are kept for everybody,
 * because it costs nothing and nobody can tell who needs it: they name the file that does so and the test that holds it.
 */
import type { Firmware, FirmwareKind } from './firmware.ts'
import { QUIRKS } from './quirk-list.ts'

/** Parts of a DHCP answer that are there for firmware of one kind only. */
export interface QuirkChange {
  /** Option 67 with a NUL behind it. */
  readonly terminateBootFile?: true
  /** Options 66 and 67 although not asked for. */
  readonly forceBootFile?: true
  /** Option 60 to be sent back. */
  readonly vendorClass?: 'HTTPClient'
  /** Option 175.176 = 1: iPXE is not to wait for ProxyDHCP offers. */
  readonly noProxyDhcp?: true
  /** Beside a site's own DHCP server, option 43: take the boot file of this offer, and discover nothing. */
  readonly proxyTakesOffer?: true
}

export interface Quirk {
  readonly id: string
  /** Who does it, in words. */
  readonly firmware: string
  readonly symptom: string
  /** What is done about it, in words. */
  readonly remedy: string
  /** Issues, manuals, source code; or a captured request among the golden packets. */
  readonly citations: readonly string[]
  readonly effect: QuirkEffect
}

export type QuirkEffect =
  | { readonly kind: 'answer'; readonly match: readonly FirmwareKind[]; readonly change: QuirkChange }
  | {
      readonly kind: 'always'
      /** The file that does it, below the root of the source. */
      readonly file: string
      /** Test file and title. */
      readonly test: readonly [string, string]
    }

/** The changes for one kind of firmware, together; the same object every time. */
export function quirkChangeOf(firmware: Firmware): QuirkChange {
  return CHANGES.get(firmware.kind) ?? NOTHING
}

const NOTHING: QuirkChange = Object.freeze({})
const CHANGES: ReadonlyMap<FirmwareKind, QuirkChange> = compileChanges()

function compileChanges(): Map<FirmwareKind, QuirkChange> {
  const changes = new Map<FirmwareKind, QuirkChange>()
  for (const { effect } of QUIRKS) {
    if (effect.kind !== 'answer') continue
    for (const kind of effect.match) changes.set(kind, { ...changes.get(kind), ...effect.change })
  }
  return changes
}

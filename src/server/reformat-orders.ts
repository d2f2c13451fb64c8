/** Orders to reformat a local disk (chain.currchain) hold once: they are taken back when the node says that it is done. */
import { REFORMAT_WORD } from '../statelite/local-disk.ts'
import type { Store } from '../store/store.ts'
import { cell } from '../tables/row.ts'
import type { BootEvent } from '../timeline/event.ts'

/** The order a report says is carried out; undefined: it is no such report. */
export function doneOrder(event: BootEvent): string | undefined {
  if (event.service !== 'initrd' || event.stage !== 'localdisk' || event.result !== 'ok') return undefined
  return /^reformatted ([0-9a-z]{6})$/m.exec(event.detail ?? '')?.[1]
}

/** Only that order: a newer one was given while the node was at the older. */
export function withoutOrder(currchain: string, order: string): string {
  return REFORMAT_WORD.exec(currchain)?.[1] === order
    ? currchain.replace(REFORMAT_WORD, '').replace(/^[\s,]+/, '')
    : currchain
}

export function takeBackOrder(store: Store, node: string, order: string): void {
  store.transact(
    (transaction) => {
      const row = transaction.read('chain').find((candidate) => cell(candidate, 'node') === node)
      const currchain = row ? cell(row, 'currchain') : ''
      const left = withoutOrder(currchain, order)
      if (left !== currchain) transaction.setRows('chain', { node }, { currchain: left })
    },
    { author: 'server', record: false },
  )
}

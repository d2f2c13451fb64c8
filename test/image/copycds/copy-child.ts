/** A copy in a process of its own, to be killed: `copy-child.ts MEDIUM DESTINATION`. */
import { copyMedium } from '../../../src/image/copycds/copy.ts'
import { openMedium } from '../../../src/image/copycds/source.ts'

const [, , path = '', destination = ''] = process.argv
const source = await openMedium(path)
await copyMedium({ source, medium: { family: 'rhel', slot: undefined }, destination, onProgress: () => {} })

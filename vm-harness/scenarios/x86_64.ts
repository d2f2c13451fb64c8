/**
 * x86_64: BIOS and UEFI, each way with an NFS root and a root in memory.
 *
 *   node vm-harness/scenarios/x86_64.ts [--keep] [--directory DIR] [--results FILE] [way …] [nfs|ramdisk]
 */
import { matrixOf } from '../matrix/matrix.ts'
import { rehearse } from '../rehearsal.ts'

await rehearse('x86_64', matrixOf('x86_64'))

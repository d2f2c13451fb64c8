/**
 * aarch64: UEFI by PXE and by HTTP, each way with an NFS root and a root in memory. The image is built on this machine.
 *
 *   node vm-harness/scenarios/aarch64.ts [--keep] [--directory DIR] [--results FILE] [way …] [nfs|ramdisk]
 */
import { matrixOf } from '../matrix/matrix.ts'
import { rehearse } from '../rehearsal.ts'

await rehearse('aarch64', matrixOf('aarch64'))

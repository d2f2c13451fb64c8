/**
 * ppc64le: Open Firmware and OPAL, each way with an NFS root and a root in memory. The image is built on this machine.
 *
 *   node vm-harness/scenarios/ppc64le.ts [--keep] [--directory DIR] [--results FILE] [way …] [nfs|ramdisk]
 */
import { matrixOf } from '../matrix/matrix.ts'
import { rehearse } from '../rehearsal.ts'

await rehearse('ppc64le', matrixOf('ppc64le'))

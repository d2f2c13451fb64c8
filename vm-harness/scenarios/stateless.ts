/**
 * A stateless image: the demonstration's tree packed by packimage, booted to its login prompt, with nothing of the
 * statelite tables although rows for every image are there.
 *
 *   node vm-harness/scenarios/stateless.ts [--keep] [--directory DIR]
 */
import type { Check } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeExlist, writeTree } from '../demo/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const MEMORY_MIB = 2048

const CHECKS: readonly Check[] = [
  { title: 'the root is in memory', script: 'stat -f -c %T /', expect: 'tmpfs' },
  { title: 'the root can be written', script: 'touch /usr/written && rm /usr/written && echo yes', expect: 'yes' },
  { title: 'the plan has no entries', script: 'grep -c ^entry /.statelite/plan', expect: '0' },
  { title: 'nothing is mounted over NFS', script: 'grep -c " nfs " /proc/mounts', expect: '0' },
]

async function stateless(rehearsal: Rehearsal): Promise<void> {
  const [node] = NODES
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install')
  rehearsal.say('a Debian 12 root file system from Debian packages')
  placeRoot(paths.image)
  const exlist = writeExlist(rehearsal.directory)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'provmethod=netboot', `exlist=${exlist}`)
  await rehearsal.open(`${SERVER}/16`)
  const said = await rehearsal.shown('packimage', '-c', 'gzip', IMAGE)
  rehearsal.judge('packimage says what it made', /rootimg\.cpio\.gz: .* generation 2/, said)
  await rehearsal.command('nodeset', node.name, `osimage=${IMAGE}`)
  const machine = await rehearsal.boot({ ...node, memoryMiB: MEMORY_MIB })
  await rehearsal.look(machine, CHECKS)
  await machine.close()
  rehearsal.judge(
    'the timeline has the root by HTTP, its stage, and the end',
    /http +get +\/image\/\S+\/rootimg .*[\s\S]*root \d[\s\S]*^booted/m,
    await rehearsal.timeline(node.name),
  )
}

await rehearse('stateless', stateless)

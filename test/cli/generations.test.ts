/** image ls, promote, rollback and gc as an administrator types them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { openGenerations } from '../../src/image/generations/generations.ts'
import { openMounted } from '../../src/nfs/mounted.ts'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

/** Image `lite` with generations 1 (adopted), 2 and 3 (current), made at known times; nodes n1 and n2. */
async function siteWithImage(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  const dest = join(site.directory, 'lite')
  const define = `mkdef -t osimage lite provmethod=statelite osvers=rhels9.2 osarch=x86_64 profile=compute rootimgdir=${dest}`
  t.is((await runCommand(site, define.split(' '))).status, 0)
  t.is((await runCommand(site, 'mkdef -t node n1,n2 groups=all'.split(' '))).status, 0)
  mkdirSync(join(dest, 'rootimg/etc'), { recursive: true })
  writeFileSync(join(dest, 'rootimg/etc/motd'), 'x'.repeat(100_000))
  let minute = 0
  const generations = openGenerations(dest, { now: () => new Date(2026, 10, 22, 20, ++minute).getTime() })
  for (const reason of ['liteimg: 3 entries new', 'edit: rpm -U tool.rpm']) {
    const by = reason.startsWith('edit') ? 'edit' : 'liteimg'
    const draft = await generations.begin({ from: 'current', by, reason, writer: 'replace' })
    await draft.commit({ promote: true })
  }
  return site
}

const WARNING = 'was not prepared by liteimg: nodes refuse it. Run liteimg lite'

test('listed, promoted, rolled back, removed', async (t) => {
  const site = await siteWithImage(t)
  await transcript(
    t,
    site,
    `
$ liteboot image ls
IMAGE  GENERATION   MADE              NODES  WHAT
lite   1            2026-11-22 20:01  -      adopted: the image as it was before it had generations
lite   2            2026-11-22 20:02  -      liteimg: 3 entries new
lite   3 (current)  2026-11-22 20:03  -      edit: rpm -U tool.rpm
$ liteboot image ls lite
IMAGE  GENERATION   MADE              SIZE     OWN      NODES  WHAT
lite   1            2026-11-22 20:01  104 KiB  4.0 KiB  -      adopted: the image as it was before it had generations
lite   2            2026-11-22 20:02  104 KiB  4.0 KiB  -      liteimg: 3 entries new
lite   3 (current)  2026-11-22 20:03  104 KiB  4.0 KiB  -      edit: rpm -U tool.rpm
$ liteboot image rollback lite --dry-run
lite: generation 2 would become current, it was 3
! Warning: generation 2 ${WARNING}
$ liteboot image rollback lite
lite: generation 2 is current, it was 3
! Warning: generation 2 ${WARNING}
$ liteboot image promote lite 2
lite: generation 2 is current already
$ liteboot image promote lite 7
! Error: lite has no generation 7: it has 1 2 3
!        liteboot image ls lite [LB_BAD_INPUT]
[1]
$ liteboot image gc lite --keep 1 --dry-run
lite: generation 1 would be removed
lite: generation 2 stays: current
lite: generation 3 stays: one of the newest 1
$ liteboot image gc lite --keep 1
lite: generation 1 removed
lite: generation 2 stays: current
lite: generation 3 stays: one of the newest 1
$ liteboot image rollback lite
! Error: @/lite: no other generation was current before 2: name one with image promote
!        Mend what is named and run the command again: it converges from any state. [LB_IMAGE]
[1]
`,
  )
})

test('what nodes booted last stays, also while no server runs', async (t) => {
  const site = await siteWithImage(t)
  const dest = join(site.directory, 'lite')
  // From before there were generations; that tree is the first of them now.
  openMounted(join(site.places.state, 'mounted.json')).add('n1', { path: `${dest}/rootimg`, access: 'ro' })
  t.is((await runCommand(site, ['chtab', 'node=n2', 'noderes.current_osimage=lite@2'])).status, 0)
  await transcript(
    t,
    site,
    `
$ liteboot image ls
IMAGE  GENERATION   MADE              NODES       WHAT
lite   1            2026-11-22 20:01  (n1) stale  adopted: the image as it was before it had generations
lite   2            2026-11-22 20:02  (n2) stale  liteimg: 3 entries new
lite   3 (current)  2026-11-22 20:03  -           edit: rpm -U tool.rpm
$ liteboot image gc lite --keep 0
lite: generation 1 stays: booted last by n1
lite: generation 2 stays: booted last by n2
lite: generation 3 stays: current
`,
  )
})

test('lsdef says which nodes run another generation than the current one', async (t) => {
  const site = await siteWithImage(t)
  const run = (line: string) => runCommand(site, line.split(' '))
  await run('chdef -t node n1,n2,n3 groups=all provmethod=lite')
  for (const [node, number] of [
    ['n1', 2],
    ['n2', 3],
    ['n3', 2],
  ])
    t.is((await run(`chtab node=${node} noderes.current_osimage=lite@${number}`)).status, 0)
  t.is((await run('lsdef n1,n2,n3 -i current_osimage')).stderr, 'n[1,3]: stale: lite@2, 3 is current\n')
  t.regex((await run('lsdef n1')).stdout, /^ {4}current_osimage=lite@2$/m)
  t.is((await run('lsdef n1')).stderr, 'n1: stale: lite@2, 3 is current\n')
  // Of what is listed, and where it is listed.
  for (const line of ['lsdef n2', 'lsdef n1 -i groups', 'lsdef', 'lsdef -t osimage lite'])
    t.is((await run(line)).stderr, '', line)
})

/**
 * An initrd made by the image's own dracut, and generations: a node runs one over NFS while the next one is made and
 * promoted, gets that one when it boots again (packed, in memory), and the older one after a rollback.
 *
 *   node vm-harness/scenarios/dracut.ts [--keep] [--directory DIR]
 */
import { type Check, firstBootChecks, memoryRootChecks } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { addImageContent, IMAGE, NODES, SERVER, siteCommands, sitePaths, writeTree } from '../demo/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'

const MEMORY_MIB = 2048
const [NODE] = NODES

const BY_DRACUT: Check = {
  title: 'the initrd is one by dracut',
  script: `grep -o 'liteboot in an initrd by dracut' /run/liteboot/boot.log`,
  expect: 'liteboot in an initrd by dracut',
}
const ROOT_IS = (generation: number): Check => ({
  title: `the root is that of generation ${generation}`,
  script: `awk '$2 == "/" { print $1 }' /proc/mounts`,
  expect: new RegExp(`/generations/${generation}/rootimg$`),
})
/** Names, sizes and times, asked of the server anew; of places where the node has nothing of its own. */
const MARK: Check = {
  title: 'a mark of what the node sees of its image',
  script: `dmesg -n 1; echo 3 >/proc/sys/vm/drop_caches; find /.default /usr/bin /usr/lib/systemd -xdev -type f -printf '%p %s %T@\\n' | sort | md5sum`,
  expect: /^[0-9a-f]{32} /,
}
const LATE = (expect: string): Check => ({
  title: `/etc/late, an entry of the later generation, ${expect === '' ? 'is not there' : 'is there'}`,
  script: 'mounted /etc/late',
  expect,
})

async function dracut(rehearsal: Rehearsal): Promise<void> {
  const paths = sitePaths(rehearsal.directory)
  rehearsal.begin('lite', 'persistent', 'install')
  rehearsal.say('a Debian 12 root file system with dracut')
  placeRoot(paths.image)
  writeTree(paths)
  addImageContent(paths)
  for (const words of siteCommands(paths)) await rehearsal.command(...words)
  const status = async (what: string) => (await rehearsal.quiet('lsdef', NODE.name, '-i', what, '-c')).trim()
  const isCurrent = async (generation: number) =>
    rehearsal.judge(
      `the tables say that it runs generation ${generation}`,
      `${NODE.name}: current_osimage=${IMAGE}@${generation}`,
      await status('current_osimage'),
    )

  rehearsal.judge(
    'liteimg makes the initrd with dracut',
    /generation 2 is current/,
    await rehearsal.shown('liteimg', IMAGE, '--initrd', 'dracut'),
  )
  await rehearsal.command('nodeset', NODE.name, `osimage=${IMAGE}`)
  await rehearsal.open(`${SERVER}/16`)

  rehearsal.say('root over NFS')
  let machine = await rehearsal.boot({ ...NODE, memoryMiB: 768 })
  await rehearsal.look(machine, [BY_DRACUT, ...firstBootChecks(NODE.name, NODE.ip), ROOT_IS(2)])
  const [mark = ''] = await rehearsal.look(machine, [MARK])
  rehearsal.judge('the timeline has its end', /^booted/m, await rehearsal.timeline(NODE.name))
  await isCurrent(2)

  rehearsal.say('another generation is made while the node runs')
  await rehearsal.command('chtab', 'image=ALL,file=/etc/late', 'litefile.options=tmpfs')
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'rootfstype=ramdisk', 'addkcmdline=rootlimit=80%')
  const packed = await rehearsal.shown('liteimg', IMAGE, '-m', 'cpio', '-c', 'zstd', '--no-promote')
  rehearsal.judge('it is made and not current', /generation 3 is made and not current/, packed)
  const before = await rehearsal.shown('nodestat', NODE.name)
  rehearsal.judge('the node is not stale yet', 'false', String(before.includes('stale')))
  await rehearsal.shown('image', 'promote', IMAGE, '3')
  const [found = ''] = await rehearsal.look(machine, [MARK, ROOT_IS(2), LATE('')])
  rehearsal.judge('the node sees its image as it was', mark, found)
  await isCurrent(2)
  rehearsal.judge('nodestat says stale', /^n1: .*\(stale: /, await rehearsal.shown('nodestat', NODE.name))
  rehearsal.judge('image ls says so too', /n1 stale/, await rehearsal.shown('image', 'ls', IMAGE))
  await machine.close()

  rehearsal.say('the next boot gets it: a root in memory')
  machine = await rehearsal.boot({ ...NODE, memoryMiB: MEMORY_MIB })
  await rehearsal.look(machine, [
    BY_DRACUT,
    {
      title: 'rootlimit= is on the kernel command line',
      script: 'tr " " "\\n" </proc/cmdline | grep -c rootlimit',
      expect: '1',
    },
    ...memoryRootChecks(NODE.name, NODE.ip, 'tmpfs rw').filter(({ title }) => !PERSISTENT_TWICE.test(title)),
    LATE('tmpfs rw'),
  ])
  await machine.close()
  rehearsal.judge('the timeline has its end', /^booted/m, await rehearsal.timeline(NODE.name))
  await isCurrent(3)
  const after = await rehearsal.shown('nodestat', NODE.name)
  rehearsal.judge('the node is not stale any more', 'false', String(after.includes('stale')))

  rehearsal.say('rollback')
  await rehearsal.command('chdef', '-t', 'osimage', IMAGE, 'rootfstype=nfs')
  const back = await rehearsal.shown('image', 'rollback', IMAGE)
  rehearsal.judge('the older one is current', /generation 2 /, back)
  machine = await rehearsal.boot({ ...NODE, memoryMiB: 768 })
  const [again = ''] = await rehearsal.look(machine, [
    MARK,
    ROOT_IS(2),
    LATE(''),
    { title: 'every entry is in order', script: '/etc/init.d/statelite status >/dev/null; echo $?', expect: '0' },
    { title: 'no unit of systemd has failed', script: 'systemctl --no-pager --failed --no-legend --plain', expect: '' },
  ])
  rehearsal.judge('it is the same image', mark, again)
  await machine.close()
  await rehearsal.timeline(NODE.name)
  await isCurrent(2)
}

/** What the first boot wrote is still there: looked at by the demonstration. */
const PERSISTENT_TWICE = /^\/etc\/site\.state has the right content$/

await rehearse('dracut', dracut)

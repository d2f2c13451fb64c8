/** localdisk entries on a directory that stands for the mounted disk: first copy, reboots, children, other nodes' disks. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeWorkDirectory, removeWorkDirectory, SHELLS } from '../test/initrd-scripts/shells.ts'
import { CANNOT_RUN, layOut, runNode, type Scenario } from './initrd-scripts-lab.ts'

if (CANNOT_RUN !== undefined) test.skip(`the steps do not mount anything here: ${CANNOT_RUN}`, () => {})

const SCENARIO: Scenario = {
  image: {
    '/.sllocal/localmnt/': '',
    '/etc/state': { content: 'image', mode: 0o640, uid: 3, gid: 4 },
    '/srv/data/seed': 'image',
    '/srv/data/child/seed': 'image',
    '/srv/data/ro': 'image',
    '/var/log/x': 'image',
    '/var/keep': 'image',
  },
  // A directory comes as a whole from the first tree that has it.
  trees: [{ files: { '/srv/data/seed': 'image', '/srv/data/child/seed': 'tree', '/srv/data/ro': 'tree' } }],
  entries: [
    ['localdisk', '/etc/state'],
    ['localdisk', '/srv/data/'],
    ['localdisk', '/srv/data/child/', '/srv/data/'],
    ['ro', '/srv/data/ro', '/srv/data/'],
    ['tmpfs', '/var/'],
    ['localdisk', '/var/keep', '/var/'],
  ],
}

for (const shell of CANNOT_RUN === undefined ? SHELLS : []) {
  const boot = async (t: ExecutionContext, work: string, script: string, disk = 'disk') => {
    mkdirSync(join(work, disk), { recursive: true })
    rmSync(join(work, 'run/entries'), { force: true })
    const stages = `stages root || exit 1; mount -o bind $WORK/${disk} $LOCAL; stages persistent trees entries || exit 1`
    const { stdout, stderr } = await runNode(shell, work, `${stages}\n${script}`)
    t.is(stderr, '', readFileSync(join(work, 'run/boot.log'), 'utf8'))
    return stdout
  }
  const prepared = (t: ExecutionContext, scenario = SCENARIO) => {
    const work = makeWorkDirectory()
    t.teardown(() => removeWorkDirectory(work))
    layOut(work, scenario)
    return work
  }

  test(`${shell.name}: copied to the disk once, kept over reboots, on that disk only`, async (t) => {
    const work = prepared(t)
    const first = await boot(
      t,
      work,
      'content /etc/state; echo; look /etc/state; at /etc/state; content /srv/data/seed; echo; tries /srv/data/seed; tries /var/keep; tries /var/log/x',
    )
    t.is(first, 'image\nregular file 3:4 640\nmounted rw\nimage\nworks\nworks\nworks\n')
    // The image and the tree change: what is on the disk does not.
    writeFileSync(join(work, 'server/image/.default/etc/state'), 'new image')
    const second = await boot(
      t,
      work,
      'content /etc/state; echo; content /srv/data/seed; content /var/keep; content /var/log/x',
    )
    t.is(second, 'image\nimagex\nimagex\nimage')
    t.is(readFileSync(join(work, 'disk/srv/data/seed'), 'utf8'), 'imagex\n')
    t.is(await boot(t, work, 'content /etc/state', 'other-disk'), 'new image')
  })

  test(`${shell.name}: children are found on their own, and stand before the parent appears`, async (t) => {
    const work = prepared(t)
    t.is(
      await boot(t, work, 'content /srv/data/child/seed; content /srv/data/ro; tries /srv/data/ro'),
      'treetreefails\n',
    )
    t.is(readFileSync(join(work, 'disk/srv/data/child/seed'), 'utf8'), 'tree')
    t.false(existsSync(join(work, 'disk/.liteboot/new')))
  })

  test(`${shell.name}: something else on the disk stops the entry and says where`, async (t) => {
    const work = prepared(t)
    mkdirSync(join(work, 'disk/etc/state'), { recursive: true })
    const { stdout } = await runNode(
      shell,
      work,
      'stages root; mount -o bind $WORK/disk $LOCAL; stages persistent trees entries',
    )
    t.regex(
      stdout,
      /FAILED entries: entry localdisk \/etc\/state: localdisk \/etc\/state is not a file where it is kept/,
    )
  })
}

/**
 * Learning mode, in a virtual machine: a boot that may write everywhere, the rows suggested for what it wrote, and a
 * boot with these rows in which the same writes work on the read-only root.
 *
 *   node vm-harness/scenarios/learn.ts [--keep] [--directory DIR]
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check } from '../demo/checklist.ts'
import { placeRoot } from '../demo/root.ts'
import { SERVER } from '../demo/site.ts'
import { type Rehearsal, rehearse } from '../rehearsal.ts'
import { fillPlainTables, NODE } from './plain-site.ts'

const IMAGE = 'learn-lite'
const MACHINE = { ...NODE, memoryMiB: 640 } as const

async function fillTables(rehearsal: Rehearsal, rootimgdir: string): Promise<void> {
  await fillPlainTables(rehearsal, IMAGE, rootimgdir)
  await rehearsal.command('chtab', 'node=compute', `statelite.statemnt=${SERVER}:${rehearsal.directory}/persistent`)
  // One row is there already: what is written below it is none of learning's business.
  await rehearsal.command('chtab', 'image=ALL,file=/var/log/', 'litefile.options=tmpfs')
}

/** What a site's own software does. Works on the overlay, and later on the rows that were suggested for it. */
const WRITES: readonly Check[] = [
  ['a new file in /etc', 'echo 1 >/etc/site-made.conf'],
  ['a file of the image is changed', 'echo 127.0.2.1 more >>/etc/hosts'],
  [
    'a service makes its own state directory',
    'mkdir -p /var/lib/site/db && echo 1 >/var/lib/site/db/one && mv /var/lib/site/db/one /var/lib/site/db/two',
  ],
  [
    'a directory of its own at the top',
    'mkdir -p /data/jobs && echo 1 >/data/jobs/x && rm /data/jobs/x && rmdir /data/jobs && mkdir /data/jobs && echo 2 >/data/jobs/y',
  ],
  ["root's home", 'echo note >>/root/notes'],
  ['logs, which have a row', 'echo line >>/var/log/site.log'],
].map(([title = '', script = '']) => ({
  title: `${title}: writing works`,
  script: `( ${script} ) && echo done`,
  expect: 'done',
}))

const ROOT_KIND = (type: string): Check => ({ title: `the root is ${type}`, script: 'mounted /', expect: type })
const NO_FAILED: Check = {
  title: 'no unit of systemd has failed',
  script:
    'for unit in $(systemctl --no-pager --failed --no-legend --plain | cut -d " " -f 1); do journalctl -b --no-pager -o cat -u "$unit" | tail -n 8; done',
  expect: '',
}

const LEARNING: readonly Check[] = [
  ROOT_KIND('overlay rw'),
  { title: 'the image below it is NFS, read-only', script: 'mounted /run/liteboot/learn/image', expect: 'nfs ro' },
  { title: '/var/log/ is the row that is there', script: 'mounted /var/log', expect: 'tmpfs rw' },
  NO_FAILED,
  { title: 'the reporter runs', script: 'systemctl is-active liteboot-learned.service', expect: 'active' },
  ...WRITES,
  {
    title: 'software can be changed while learning',
    script: 'cp /bin/true /usr/bin/tool && echo done',
    expect: 'done',
  },
  {
    title: 'a service that writes when it is stopped',
    script: `systemd-run -q --unit=late -p RemainAfterExit=yes -p ExecStop="/bin/sh -c 'echo late >/data/late'" /bin/true && echo done`,
    expect: 'done',
  },
  { title: 'the list is sent on demand', script: '/run/liteboot/learned report; echo $?', expect: '0' },
]

const WITH_ROWS: readonly Check[] = [
  ROOT_KIND('nfs ro'),
  NO_FAILED,
  {
    title: 'nothing of the learning boot is there',
    script: 'cat /etc/site-made.conf; ls -A /data /var/lib/site',
    expect: '/data:\n\n/var/lib/site:',
  },
  ...WRITES,
  { title: 'the image itself cannot be written', script: `tries 'append x /usr/bin/tool'`, expect: 'fails' },
  { title: 'every entry is in order', script: '/etc/init.d/statelite status >/dev/null; echo $?', expect: '0' },
  { title: 'no reporter', script: 'systemctl is-active liteboot-learned.service', expect: 'inactive' },
]

interface Row {
  readonly file: string
  readonly options: string
}

async function learn(rehearsal: Rehearsal): Promise<void> {
  const rootimgdir = join(rehearsal.directory, 'install/netboot/debian12/x86_64/compute')
  const root = join(rootimgdir, 'rootimg')
  rehearsal.begin('persistent', 'install')
  rehearsal.say('a root file system')
  placeRoot(rootimgdir, ['chrony', 'cron'])
  await fillTables(rehearsal, rootimgdir)
  await rehearsal.shown('liteimg', IMAGE)
  await rehearsal.command('nodeset', 'compute', `osimage=${IMAGE}`)
  await rehearsal.shown('nodeset', 'compute', 'learn')
  await rehearsal.open(`${SERVER}/16`)

  rehearsal.say('a boot that learns')
  const learner = await rehearsal.boot(MACHINE)
  await rehearsal.look(learner, LEARNING)
  rehearsal.judge(
    'the server calls it learning',
    /status=learning/,
    await rehearsal.command('lsdef', NODE.name, '-i', 'status', '-c'),
  )
  rehearsal.judge('the timeline too', /learned .*paths written so far/, await rehearsal.quiet('timeline', NODE.name))
  rehearsal.say('switching it off: what is written then is learned as well')
  learner.console.write('systemctl poweroff\n')
  const list = join(rehearsal.state, 'learned', `${NODE.name}.json`)
  await rehearsal.until('the list of the shutdown', () =>
    existsSync(list) && readFileSync(list, 'utf8').includes('/data/late') ? true : undefined,
  )
  rehearsal.judge('what a service wrote when it was stopped is in the list', 'yes', 'yes')
  await learner.console.waitFor(/Power down|reboot: System halted/, 60_000, 'the end of the shutdown')
  await learner.close()
  await rehearsal.timeline(NODE.name)
  rehearsal.judge(
    'the image is as it was',
    'false false',
    `${existsSync(join(root, 'data'))} ${existsSync(join(root, 'usr/bin/tool'))}`,
  )

  rehearsal.say('suggested rows')
  await rehearsal.shown('litefile', 'suggest', NODE.name, '--image', 'ALL')
  const told = JSON.parse(await rehearsal.command('suggest', NODE.name, '--json')) as {
    images: { suggestions: Row[]; left: { reason: string; examples: string[] }[] }[]
  }
  const rows = new Map(
    told.images.flatMap(({ suggestions }) => suggestions).map(({ file, options: option }) => [file, option]),
  )
  for (const [file, option] of [
    ['/etc/site-made.conf', 'tmpfs'],
    ['/etc/hosts', 'tmpfs'],
    ['/var/lib/site/', 'persistent'],
    ['/data/', 'persistent'],
    ['/root/', 'persistent'],
    ['/var/lib/systemd/', 'persistent'],
    ['/var/lib/chrony/', 'persistent'],
  ] as const)
    rehearsal.judge(`${file} ${option} is suggested`, option, rows.get(file) ?? 'no row')
  rehearsal.judge('/var/log/ has its row', 'no row', rows.get('/var/log/') ?? 'no row')
  rehearsal.judge(
    'changed software is no row',
    /\/usr\/bin\/tool/,
    told.images.flatMap(({ left }) => left.flatMap(({ reason, examples }) => `${reason}: ${examples}`)).join('\n'),
  )
  await rehearsal.shown('litefile', 'suggest', NODE.name, '--add')
  rehearsal.judge('then nothing is missing', /no row is missing/, await rehearsal.command('suggest', NODE.name))
  // ConfigurationDirectory=chrony: mkdir of a directory that is there answers "read-only" on NFS, and nothing was written.
  await rehearsal.command('chtab', 'image=ALL,file=/etc/chrony/', 'litefile.options=tmpfs')
  await rehearsal.shown('liteimg', IMAGE, '--force', NODE.name)
  await rehearsal.shown('nodeset', 'compute', 'osimage')

  rehearsal.say('a boot with these rows')
  const machine = await rehearsal.boot(MACHINE)
  await rehearsal.look(machine, WITH_ROWS)
  rehearsal.judge(
    'it is not learning any more',
    /status=booted/,
    await rehearsal.command('lsdef', NODE.name, '-i', 'status', '-c'),
  )
  await machine.close()
  await rehearsal.timeline(NODE.name)
}

await rehearse('learn', learn)

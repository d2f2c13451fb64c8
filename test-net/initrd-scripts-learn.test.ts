/** Learning mode on the node: a real overlay over a root that stands for the image, and what the node says was written. */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeWorkDirectory, removeWorkDirectory, SCRIPTS, SHELLS } from '../test/initrd-scripts/shells.ts'
import { CANNOT_RUN, layOut, runNode, type Scenario } from './initrd-scripts-lab.ts'

if (CANNOT_RUN !== undefined) test.skip(`nothing is mounted here: ${CANNOT_RUN}`, () => {})

const LEARN = 'learn\thttp://127.0.0.1:1/node/v1/cn07/learned\t16m'
const IMAGE: Scenario = {
  image: {
    '/etc/conf': 'as shipped',
    '/etc/motd': 'hello',
    '/etc/hostname': '',
    '/etc/machine-id': '',
    '/etc/resolv.conf': '',
    '/usr/lib/systemd/': '',
    '/sbin/init': { content: '', mode: 0o755 },
    '/var/lib/app/a': 'a',
    '/var/lib/app/b': 'b',
    '/var/lib/gone/x': 'x',
    '/var/lib/again/old': 'old',
    '/var/lib/kept/one': '1',
    '/var/log/messages': '',
    '/var/lib/owned/': { uid: 9, gid: 9, mode: 0o750 },
  },
  entries: [
    ['tmpfs', '/var/log/'],
    ['persistent', '/etc/motd'],
  ],
  extraPlan: [LEARN],
}

const STAGES = 'stages root persistent trees entries system switch || exit 1'
const learned = (words: string) => `LITEBOOT_RUN_DIR=$RUN_DIR LITEBOOT_ROOT=$NEWROOT sh $RUN_DIR/learned ${words}`
const SETTINGS = [
  `LEARN_SCRIPT=${SCRIPTS}/node/liteboot-learned.sh LEARN_UNIT=${SCRIPTS}/node/liteboot-learned.service`,
  'pidof() { :; }',
].join('\n')

/** Without sizes and times. */
const paths = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([kind, origin, size, , path]) => (kind === 'more' ? `more ${origin} ${size}` : `${kind} ${origin} ${path}`))
    .sort()

for (const shell of CANNOT_RUN === undefined ? SHELLS : []) {
  const onNode = (
    title: string,
    scenario: Scenario,
    body: (
      t: ExecutionContext,
      run: (script: string, settings?: string) => Promise<string>,
      work: string,
    ) => Promise<void>,
  ) =>
    test(`${shell.name}: ${title}`, async (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      layOut(work, scenario)
      const run = async (script: string, settings = '') => {
        const { stdout, stderr } = await runNode(shell, work, script, `${SETTINGS}\n${settings}`)
        t.is(stderr, '', readFileSync(join(work, 'run/boot.log'), 'utf8'))
        return stdout
      }
      await body(t, run, work)
    })

  onNode(
    'every write is caught by the layer, named by its kind, and the image stays as it is',
    IMAGE,
    async (t, run, work) => {
      const out = await run(`${STAGES}
      cd $NEWROOT
      echo changed >etc/conf; echo new >etc/new; echo log >>var/log/messages; echo bye >>etc/motd
      rm var/lib/app/a; rm -r var/lib/gone; rm -r var/lib/again; mkdir var/lib/again
      mkdir -p srv/data/deep; echo x >srv/data/deep/file; ln -s new etc/link; mkfifo srv/pipe
      echo y >var/lib/kept/tmp; rm var/lib/kept/tmp; echo z >'srv/two words'
      echo w >"$(printf 'srv/new\\nline')"
      ${learned('list')}`)
      t.deepEqual(
        paths(out),
        [
          'd new /srv/',
          'd new /srv/data/',
          'd new /srv/data/deep/',
          'd old /etc/',
          'd old /var/lib/',
          'd old /var/lib/app/',
          'd old /var/lib/kept/',
          'd replaced /var/lib/again/',
          'f new /etc/new',
          'f new /srv/data/deep/file',
          'f new /srv/two words',
          'f old /etc/conf',
          'l new /etc/link',
          'p new /srv/pipe',
          'w old /var/lib/app/a',
          'w old /var/lib/gone',
        ].sort(),
      )
      t.is(readFileSync(join(work, 'server/image/etc/conf'), 'utf8'), 'as shipped')
      t.is(readFileSync(join(work, 'server/image/var/lib/app/a'), 'utf8'), 'a')
      t.false(existsSync(join(work, 'server/image/srv')))
      // What entries take is theirs, also while learning.
      t.is(readFileSync(join(work, 'server/state/etc/motd'), 'utf8'), 'hellobye\n')
    },
  )

  onNode('nothing was written: nothing is told, whatever the initrd wrote itself', IMAGE, async (t, run) => {
    const out = await run(
      `${STAGES}\n${learned('list')}; cat $NEWROOT/etc/hostname; ls $NEWRUN/systemd/system/sysinit.target.wants
      stat -c '%u:%g %a' $RUN_DIR/learn/layer/upper/var/lib/owned`,
    )
    t.is(out, 'cn07\nliteboot-learned.service\n9:9 750\n')
    const again = await run(
      `rm $RUN_DIR/entries; ${STAGES}\necho a longer name >$NEWROOT/etc/hostname; ${learned('list')}`,
    )
    t.deepEqual(paths(again), ['f old /etc/hostname'])
  })

  onNode('the layer is bounded, and other users do not get at it', IMAGE, async (t, run) => {
    const out = await run(
      `${STAGES}\ndd if=/dev/zero of=$NEWROOT/big bs=1M count=4 2>/dev/null || echo full; stat -c %a $RUN_DIR/learn $NEWROOT`,
      `printf 'liteboot.learnsize=2m\\n' >${'$RUN_DIR'}/cmdline; CMDLINE_FILE=$RUN_DIR/cmdline`,
    )
    t.is(out, 'full\n700\n755\n')
  })

  onNode('a stage that is tried again begins with an empty layer', IMAGE, async (t, run) => {
    const out = await run(`fetch_plan() { :; }
      mount_statelite() { echo left >$NEWROOT/left; unset -f mount_statelite; fail later; }
      stage_root; umount $NEWROOT; . ${SCRIPTS}/steps/root.sh; . ${SCRIPTS}/steps/persistent.sh
      ${STAGES}\n ls $NEWROOT/left 2>/dev/null || echo clean
      grep -c " $RUN_DIR/learn/" /proc/self/mountinfo`)
    t.is(out, 'clean\n2\n')
  })

  onNode('many paths in one directory, many in all: counted, not listed', IMAGE, async (t, run) => {
    const make = 'mkdir $NEWROOT/srv; i=0; while [ $i -lt 30 ]; do echo >$NEWROOT/srv/$i; i=$((i + 1)); done'
    const few = paths(await run(`${STAGES}\n${make}; MAX_IN_DIRECTORY=10 ${learned('list')}`))
    t.is(few.length, 12)
    t.true(few.includes('more 20 /srv/'), few.join('\n'))
    const cut = paths(await run(`rm $RUN_DIR/entries; ${STAGES}\n${make}; MAX_LINES=5 ${learned('list')}`))
    t.is(cut.filter((line) => !line.startsWith('more')).length, 5)
  })

  onNode('the letter to the server: sent when there is news, whole, with its boot and image', IMAGE, async (t, run) => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (data) => {
        body += data
      })
      request.on('end', () => {
        bodies.push(`${request.method} ${request.url}\n${body}`)
        response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as { port: number }
    await run(`${STAGES}
      echo http://127.0.0.1:${port}/node/v1/cn07/learned >$RUN_DIR/learn/url
      mkdir -p $RUN_DIR/bin; cp /bin/busybox $RUN_DIR/bin/busybox
      echo new >$NEWROOT/etc/new
      { WATCH_SECONDS=1 LITEBOOT_RUN_DIR=$RUN_DIR LITEBOOT_ROOT=$NEWROOT timeout 4 sh $RUN_DIR/learned watch; } 2>/dev/null
      ${learned('report')}`)
    t.is(bodies.length, 2, bodies.join('\n---\n'))
    t.regex(
      bodies[0] ?? '',
      /^POST \/node\/v1\/cn07\/learned\nliteboot-learned\t1\t[0-9a-f-]{36}\t[\d.]+\ttestimage\nd\told\t\d+\t\d+\t\/etc\/\nf\tnew\t4\t\d+\t\/etc\/new\nend\t3\n$/,
    )
  })
}

import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeWorkDirectory, removeWorkDirectory, SCRIPTS, SHELLS } from '../test/initrd-scripts/shells.ts'
import { CANNOT_RUN, layOut, runNode, type Scenario, writeFiles } from './initrd-scripts-lab.ts'

if (CANNOT_RUN !== undefined) test.skip(`the steps do not mount anything here: ${CANNOT_RUN}`, () => {})

const ALL_STAGES = 'stages root persistent trees entries || exit 1'

for (const shell of CANNOT_RUN === undefined ? SHELLS : []) {
  interface Node {
    readonly work: string
    /** Runs the stages, then each probe; answers what each printed. */
    readonly boot: (probes: Readonly<Record<string, string>>, settings?: string) => Promise<void>
    readonly run: (script: string, settings?: string) => Promise<string>
  }
  const onNode = (title: string, scenario: Scenario, body: (t: ExecutionContext, node: Node) => Promise<void>) =>
    test(`${shell.name}: ${title}`, async (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      layOut(work, scenario)
      const run = async (script: string, settings = '') => {
        const { stdout, stderr } = await runNode(shell, work, script, settings)
        t.is(stderr, '', readFileSync(join(work, 'run/boot.log'), 'utf8'))
        return stdout
      }
      const boot = async (probes: Readonly<Record<string, string>>, settings = '') => {
        const commands = Object.keys(probes)
        rmSync(join(work, 'run/entries'), { force: true })
        const out = await run([ALL_STAGES, ...commands.map((command) => `${command}; echo '%%'`)].join('\n'), settings)
        const answers = out.split('%%\n').slice(0, -1)
        const found = Object.fromEntries(commands.map((command, index) => [command, (answers[index] ?? out).trimEnd()]))
        t.deepEqual(found, { ...probes }, readFileSync(join(work, 'run/boot.log'), 'utf8'))
      }
      await body(t, { work, boot, run })
    })

  // --- files -------------------------------------------------------------------------------------------------------

  const FILES: Scenario = {
    image: {
      '/etc/both': 'image',
      '/etc/second': 'image',
      '/etc/nowhere': { content: 'image', mode: 0o640, uid: 3, gid: 4 },
      '/etc/untouched': 'image',
    },
    trees: [
      { files: { '/etc/both': { content: 'tree1', mode: 0o604, uid: 5, gid: 6 } } },
      { files: { '/etc/both': 'tree2', '/etc/second': 'tree2' } },
    ],
    entries: [],
  }
  const fileEntries = (option: string): Scenario => ({
    ...FILES,
    entries: [
      [option, '/etc/both'],
      [option, '/etc/nowhere'],
      [option, '/etc/second'],
    ],
  })

  for (const option of ['tmpfs', 'persistent', 'link', 'link,persistent']) {
    onNode(
      `${option} file: the first tree that has it, else the image's; writable, owner and mode kept`,
      fileEntries(option),
      async (t, { work, boot }) => {
        const mounted = option.startsWith('link') ? 'not mounted' : 'mounted rw'
        await boot({
          'content /etc/both': 'tree1',
          'content /etc/second': 'tree2',
          'content /etc/nowhere': 'image',
          'look /etc/both': 'regular file 5:6 604',
          'look /etc/nowhere': 'regular file 3:4 640',
          'at /etc/both': mounted,
          'tries /etc/both': 'works',
          'tries /etc/untouched': 'fails',
          '[ -L $NEWROOT/etc/both ] && echo link || echo file': option.startsWith('link') ? 'link' : 'file',
        })
        t.is(readFileSync(join(work, 'server/image/.default/etc/both'), 'utf8'), 'image')
        t.is(readFileSync(join(work, 'server/tree1/etc/both'), 'utf8'), 'tree1')
        t.is(existsSync(join(work, 'server/state/etc/both')), option.includes('persistent'))
      },
    )
  }

  for (const option of ['ro', 'link,ro']) {
    onNode(
      `${option} file: it is the tree's own, and writing fails`,
      fileEntries(option),
      async (t, { work, boot }) => {
        await boot({
          'content /etc/both': 'tree1',
          'content /etc/second': 'tree2',
          'content /etc/nowhere': 'image',
          'look /etc/both': 'regular file 5:6 604',
          'at /etc/both': option === 'ro' ? 'mounted ro' : 'not mounted',
          'at /etc/nowhere': option === 'ro' ? 'mounted ro' : 'not mounted',
          'tries /etc/both': 'fails',
          'tries /etc/nowhere': 'fails',
          'echo changed >$WORK/server/tree1/etc/both; content /etc/both': 'changed',
        })
        t.is(readFileSync(join(work, 'server/tree2/etc/both'), 'utf8'), 'tree2')
      },
    )

    onNode(
      `${option} file that nobody has: the stage fails and says so, then goes on when it is there`,
      { image: {}, trees: [{ files: {} }], entries: [[option, '/etc/gone']] },
      async (t, { work, run }) => {
        rmSync(join(work, 'server/image/.default/etc/gone'))
        const out =
          await run(`stages root persistent trees entries; echo $?; mkdir -p $WORK/server/tree1/etc; echo late >$WORK/server/tree1/etc/gone
        stages entries; echo $?; content /etc/gone`)
        t.regex(
          out,
          /^FAILED entries: entry \S+ \/etc\/gone: neither a tree nor the image has a file \/etc\/gone\n1\n0\nlate\n$/,
        )
      },
    )
  }

  onNode(
    'a file that nobody has is empty for the other options',
    {
      image: {},
      entries: [
        ['tmpfs', '/opt/deep/er/x'],
        ['con', '/opt/c'],
        ['persistent', '/opt/p'],
        ['link', '/opt/l'],
      ],
    },
    async (_t, { work, boot }) => {
      for (const name of ['deep/er/x', 'c', 'p', 'l']) rmSync(join(work, 'server/image/.default/opt', name))
      await boot({
        'look /opt/deep/er/x': 'regular empty file 0:0 644',
        'look /opt/c': 'regular empty file 0:0 644',
        'look /opt/p': 'regular empty file 0:0 644',
        'look /opt/l': 'regular empty file 0:0 644',
      })
    },
  )

  // --- directories -------------------------------------------------------------------------------------------------

  const DIRECTORY: Scenario = {
    image: {
      '/etc/app/': { mode: 0o711, uid: 7 },
      '/etc/app/image': '1',
      '/etc/app/.imagedot': '1',
      '/etc/lone/.dot': 'image',
    },
    trees: [
      { files: { '/etc/app/': '', '/etc/lone/': '' } },
      {
        files: {
          '/etc/app/': { mode: 0o750, uid: 8 },
          '/etc/app/two': '2',
          '/etc/app/.dot': '2',
          '/etc/app/sub/.deep': '2',
        },
      },
      { files: { '/etc/app/three': '3', '/etc/app/two': '3' } },
    ],
    entries: [],
  }
  for (const option of ['tmpfs', 'persistent', 'ro', 'link', 'link,ro', 'link,persistent']) {
    onNode(
      `${option} directory: the first tree that has it non-empty, whole, dot files too, nothing merged`,
      {
        ...DIRECTORY,
        entries: [
          [option, '/etc/app/'],
          [option, '/etc/lone/'],
        ],
      },
      async (t, { work, boot }) => {
        const writable = option.endsWith('ro') ? 'fails' : 'works'
        await boot({
          'ls -A "$(resolve_in_root $NEWROOT /etc/app)" | sort | tr "\\n" " "': '.dot sub two',
          'content /etc/app/two': '2',
          'content /etc/app/sub/.deep': '2',
          'look /etc/app': 'directory 8:8 750',
          'content /etc/lone/.dot': 'image',
          'at /etc/app': option.startsWith('link') ? 'not mounted' : option === 'ro' ? 'mounted ro' : 'mounted rw',
          'tries /etc/app/new': writable,
        })
        t.regex(readFileSync(join(work, 'run/boot.log'), 'utf8'), /mnt\/10\/etc\/app is empty: treated as absent/)
      },
    )
  }

  onNode(
    'a tree with a listed child still gives the parent its other files, and the child is resolved on its own',
    {
      image: { '/var/own': 'image', '/var/lib/x': 'image' },
      trees: [{ files: { '/var/lib/x': 'tree1', '/var/other': 'tree1' } }, { files: { '/var/other': 'tree2' } }],
      entries: [
        ['tmpfs', '/var/'],
        ['tmpfs', '/var/lib/x', '/var/'],
      ],
    },
    async (_t, { boot }) => {
      await boot({
        'content /var/other': 'tree1',
        'content /var/lib/x': 'tree1',
        'ls $NEWROOT/var | tr "\\n" " "': 'lib other',
      })
    },
  )

  onNode(
    'a directory where a file is listed, or the reverse, counts as absent',
    {
      image: { '/etc/f': 'image', '/etc/d/x': 'image' },
      trees: [{ files: { '/etc/f/wrong': '', '/etc/d': 'wrong' } }],
      entries: [
        ['tmpfs', '/etc/d/'],
        ['tmpfs', '/etc/f'],
      ],
    },
    async (t, { work, boot }) => {
      await boot({ 'content /etc/f': 'image', 'content /etc/d/x': 'image' })
      t.regex(readFileSync(join(work, 'run/boot.log'), 'utf8'), /treated as absent/)
    },
  )

  onNode(
    'a directory listed without its slash is one object, and its siblings are not touched',
    {
      image: { '/etc/app/x': 'x', '/etc/app2': 'sibling' },
      entries: [['tmpfs', '/etc/app']],
    },
    async (_t, { boot }) => {
      await boot({
        'content /etc/app/x': 'x',
        'at /etc/app': 'mounted rw',
        'ls -A $NEWROOT/.statelite/tmpfs/etc': 'app',
      })
    },
  )

  // --- con ---------------------------------------------------------------------------------------------------------

  for (const option of ['con', 'link,con']) {
    onNode(
      `${option}: the image's first, then every tree in order, a newline between pieces`,
      {
        image: { '/etc/all': { content: 'image', mode: 0o600, uid: 9 }, '/etc/none': 'only image', '/etc/empty': '' },
        trees: [
          { files: { '/etc/all': 'one\n', '/etc/empty': 'tree' } },
          { files: { '/etc/all': 'two' } },
          { files: { '/etc/all': 'three' } },
        ],
        entries: [
          [option, '/etc/all'],
          [option, '/etc/empty'],
          [option, '/etc/none'],
        ],
      },
      async (_t, { boot }) => {
        await boot({
          'content /etc/all': 'image\none\ntwo\nthree',
          'content /etc/none': 'only image',
          'content /etc/empty': 'tree',
          'look /etc/all': 'regular file 9:9 600',
          'at /etc/none': option === 'con' ? 'mounted rw' : 'not mounted',
          'tries /etc/none': 'works',
          'content /.default/etc/all': 'image',
        })
      },
    )
  }

  // --- children ----------------------------------------------------------------------------------------------------

  onNode(
    "children of a tmpfs parent: every allowed option, whatever the parent's source, missing mount points made",
    {
      image: { '/var/c': 'image', '/var/p': 'image', '/var/t': 'image', '/var/deep/t': 'image', '/var/r/x': 'image' },
      trees: [
        { files: { '/var/only': 'tree1', '/var/t/': '', '/var/p': 'tree1' } },
        { files: { '/var/c': 'tree2', '/var/r/x': 'tree2', '/var/lvl/a/b': 'tree2' } },
      ],
      entries: [
        ['tmpfs', '/var/'],
        ['con', '/var/c', '/var/'],
        ['tmpfs', '/var/deep/t', '/var/'],
        ['tmpfs', '/var/lvl/', '/var/'],
        ['tmpfs', '/var/lvl/a/', '/var/lvl/'],
        ['persistent', '/var/p', '/var/'],
        ['ro', '/var/r/', '/var/'],
        ['tmpfs', '/var/t', '/var/'],
      ],
    },
    async (t, { work, boot }) => {
      await boot(
        {
          'content /var/only': 'tree1',
          'content /var/c': 'imagetree2'.replace('tree2', '\ntree2'),
          'at /var/c': 'mounted rw',
          'content /var/p': 'tree1',
          'at /var/p': 'mounted rw',
          'content /var/t': 'image',
          'at /var/t': 'not mounted',
          'content /var/deep/t': 'image',
          'content /var/r/x': 'tree2',
          'at /var/r': 'mounted ro',
          'content /var/lvl/a/b': 'tree2',
          'tries /var/t': 'works',
          'tries /var/r/x': 'fails',
          'LITEBOOT_ROOT=$NEWROOT LITEBOOT_RUN_DIR=$RUN_DIR $SHELL_UNDER_TEST >$RUN_DIR/status; echo $?': '0',
        },
        `SHELL_UNDER_TEST='${shell.argv.join(' ')} ${SCRIPTS}/node/statelite status'`,
      )
      t.is(readFileSync(join(work, 'server/state/var/p'), 'utf8'), 'tree1')
      const status = readFileSync(join(work, 'run/status'), 'utf8').trim().split('\n')
      t.is(status.length, 8)
      t.regex(status.join('\n'), /ok +tmpfs +\/var\/t +in the copy of \/var\/; content from default/)
    },
  )

  onNode(
    'children of a persistent parent are resolved on their own, once',
    {
      image: { '/srv/own': 'image', '/srv/k': 'image' },
      trees: [{ files: { '/srv/k': 'from tree1', '/srv/own': 'tree1' } }, { files: { '/srv/new/x': 'tree2' } }],
      entries: [
        ['persistent', '/srv/'],
        ['persistent', '/srv/k', '/srv/'],
        ['persistent', '/srv/new/', '/srv/'],
      ],
    },
    async (t, { work, boot }) => {
      await boot({
        'content /srv/own': 'tree1',
        'content /srv/k': 'from tree1',
        'content /srv/new/x': 'tree2',
        'at /srv/k': 'mounted rw',
        'tries /srv/k': 'works',
      })
      writeFiles(join(work, 'server/tree1'), { '/srv/k': 'later', '/srv/own': 'later' })
      await boot({ 'content /srv/own': 'tree1', 'content /srv/k': 'from tree1x' })
      t.deepEqual(readdirSync(join(work, 'server/state/.liteboot')), [])
      t.is(statSync(join(work, 'server/state/.liteboot')).mode & 0o777, 0o700)
    },
  )

  onNode(
    "a persistent child whose parent's source also has it: the child's own source wins",
    {
      image: { '/srv/x': 'image' },
      trees: [{ files: { '/srv/k/': '', '/srv/y': '1' } }, { files: { '/srv/k/z': 'tree2' } }],
      entries: [
        ['persistent', '/srv/'],
        ['persistent', '/srv/k/', '/srv/'],
      ],
    },
    async (_t, { boot }) => {
      await boot({ 'content /srv/k/z': 'tree2', 'content /srv/y': '1' })
    },
  )

  onNode(
    'children of a link parent: link, link,con, link,persistent',
    {
      image: { '/etc/app/own': 'image', '/etc/app/c': 'image\n', '/etc/app/p': 'image' },
      trees: [{ files: { '/etc/app/tree': 'tree1', '/etc/app/c': 'tree1' } }, { files: { '/etc/app/l/x': 'tree2' } }],
      entries: [
        ['link', '/etc/app/'],
        ['link,con', '/etc/app/c', '/etc/app/'],
        ['link', '/etc/app/l/', '/etc/app/'],
        ['link,persistent', '/etc/app/p', '/etc/app/'],
      ],
    },
    async (t, { work, boot }) => {
      await boot(
        {
          'content /etc/app/tree': 'tree1',
          'content /etc/app/c': 'image\ntree1',
          'content /etc/app/l/x': 'tree2',
          'content /etc/app/p': 'image',
          'at /.statelite/tmpfs/etc/app/p': 'mounted rw',
          'tries /etc/app/p': 'works',
          'LITEBOOT_ROOT=$NEWROOT LITEBOOT_RUN_DIR=$RUN_DIR $SHELL_UNDER_TEST >$RUN_DIR/status; echo $?': '0',
        },
        `SHELL_UNDER_TEST='${shell.argv.join(' ')} ${SCRIPTS}/node/statelite status'`,
      )
      t.is(readFileSync(join(work, 'server/state/etc/app/p'), 'utf8'), 'imagex\n')
    },
  )

  onNode(
    'link,persistent below link,persistent',
    {
      image: { '/opt/p/own': 'image', '/opt/p/c': 'image' },
      trees: [{ files: { '/opt/p/c': 'tree1' } }],
      entries: [
        ['link,persistent', '/opt/p/'],
        ['link,persistent', '/opt/p/c', '/opt/p/'],
      ],
    },
    async (t, { work, boot }) => {
      await boot({
        'content /opt/p/c': 'tree1',
        'tries /opt/p/c': 'works',
        'readlink $NEWROOT/.statelite/tmpfs/opt/p': '../../../.statelite/persistent/opt/p',
      })
      t.is(readFileSync(join(work, 'server/state/opt/p/c'), 'utf8'), 'tree1x\n')
    },
  )

  // --- persistent over boots ---------------------------------------------------------------------------------------

  onNode(
    'persistent content stays, tmpfs content goes, and a copy that was cut off does not count',
    {
      image: { '/etc/k': 'image', '/etc/t': 'image', '/srv/a': 'a', '/srv/b': 'b' },
      entries: [
        ['persistent', '/etc/k'],
        ['tmpfs', '/etc/t'],
        ['persistent', '/srv/'],
      ],
    },
    async (t, { work, boot }) => {
      writeFiles(join(work, 'server/state'), { '/.liteboot/new/a': 'half' })
      await boot({ 'ls $NEWROOT/srv | tr "\\n" " "': 'a b', 'tries /etc/k': 'works', 'tries /etc/t': 'works' })
      await boot({ 'content /etc/k': 'imagex', 'content /etc/t': 'image' })
      t.deepEqual(readdirSync(join(work, 'server/state/srv')), ['a', 'b'])
    },
  )

  onNode(
    'persistent: what is copied appears at its place only when it is whole',
    { image: { '/srv/a': 'a' }, entries: [['persistent', '/srv/']] },
    async (t, { work, run }) => {
      const out = await run(`mv() { echo cut off >&2; return 1; }; stages root persistent trees entries
        ls -A $WORK/server/state; unset -f mv; stages entries && content /srv/a`)
      t.is(out, 'FAILED entries: entry persistent /srv/: the first copy cannot be put in place: cut off\n.liteboot\na')
      t.deepEqual(readdirSync(join(work, 'server/state/srv')), ['a'])
    },
  )

  onNode(
    'a directory of a tree that has nothing but dot files is not empty',
    {
      image: { '/etc/d/x': 'image' },
      trees: [{ files: { '/etc/d/.only': 'tree1' } }],
      entries: [['tmpfs', '/etc/d/']],
    },
    async (_t, { boot }) => {
      await boot({ 'ls -A $NEWROOT/etc/d': '.only' })
    },
  )

  // --- mounts, failures --------------------------------------------------------------------------------------------

  onNode(
    '/.statelite has the mode of the plan; trees are read-only; a local tree is a directory of the image',
    {
      image: { '/etc/x': 'image' },
      trees: [{ files: { '/etc/y': 'tree1' } }, { local: true, files: { '/etc/x': 'local' } }],
      entries: [['tmpfs', '/etc/x']],
    },
    async (_t, { boot }) => {
      await boot({
        'look /.statelite': 'directory 0:0 750',
        'at ""': 'mounted ro',
        'at /.statelite': 'mounted rw',
        'at /.statelite/mnt/10': 'mounted ro',
        'at /.statelite/mnt/20': 'mounted ro',
        'tries /.statelite/mnt/10/etc/y': 'fails',
        'content /etc/x': 'local',
      })
    },
  )

  onNode(
    'an optional tree that cannot be mounted is noted; a required one stops the stage until it is there',
    {
      image: { '/etc/x': 'image' },
      entries: [['tmpfs', '/etc/x']],
      extraPlan: ['tree\t10\t10.77.0.1\t/late\t-\trequired', 'tree\t20\t10.77.0.1\t/never\tsoft\toptional'],
    },
    async (t, { work, run }) => {
      const out =
        await run(`stages root persistent trees; mkdir -p $WORK/server/late/etc; echo late >$WORK/server/late/etc/x
      stages trees entries && content /etc/x; printf 'notes: %s' "$(grep -c 'note: optional tree 20' $RUN_DIR/boot.log)"; grep -c "/mnt/10 " /proc/self/mountinfo`)
      t.regex(
        out,
        /^FAILED trees: required litetree directories are not mounted: 10.77.0.1:\/late \(no such export\)\nlate\nnotes: 2/,
      )
      t.regex(readFileSync(join(work, 'run/boot.log'), 'utf8'), /no such export/)
    },
  )

  onNode(
    'a mount that hangs does not hold the others up past the deadline',
    {
      image: { '/etc/x': 'image' },
      trees: [{ files: { '/etc/x': 'tree1' } }],
      entries: [['tmpfs', '/etc/x']],
      extraPlan: ['tree\t20\t10.77.0.1\t/hang\t-\toptional'],
    },
    async (t, { run }) => {
      const started = Date.now()
      const out =
        await run(`mount_nfs() { case $2 in /hang) exec sleep 100 ;; *) mount -o bind "$WORK/server$2" "$3" && case ",$4," in *,ro,*) mount -o remount,bind,ro "$WORK/server$2" "$3" ;; esac ;; esac; }
      stages root persistent trees entries && content /etc/x`)
      t.is(out, 'tree1')
      t.true(Date.now() - started < 50_000)
    },
  )

  onNode(
    'an image that was prepared for another revision is refused, with what to do; after liteimg the boot goes on',
    { image: { '/etc/x': 'i' }, entries: [['tmpfs', '/etc/x']] },
    async (t, { work, run }) => {
      writeFileSync(join(work, 'server/image/.statelite/revision'), 'rev0\n')
      const out = await run(`fetch_plan() { echo fetched; }
      stages root; echo rev1 >$WORK/server/image/.statelite/revision; stages root && echo went on; grep -c " $NEWROOT " /proc/self/mountinfo`)
      t.is(
        out,
        'FAILED root: image testimage was prepared for revision rev0, the tables are at rev1: run liteimg testimage\nfetched\nwent on\n1\n',
      )
    },
  )

  onNode('a root that is mounted writable is refused', { image: {}, entries: [] }, async (t, { run }) => {
    const out = await run('mount_nfs() { mount -o bind "$WORK/server$2" "$3"; }; stages root')
    t.regex(out, /^FAILED root: the root is not mounted read-only/)
  })

  onNode(
    'a persistent directory that is full says so, and the boot goes on when there is room',
    { image: { '/etc/k': '' }, entries: [['persistent', '/etc/k']] },
    async (t, { run }) => {
      // Sixteen pages and eight inodes, on whatever page size.
      const small = 'mount -t tmpfs -o nr_blocks=16,nr_inodes=8,mode=755 none $WORK/server/state'
      const blocks = await run(`${small}; dd if=/dev/zero of=$WORK/server/state/big bs=4k 2>/dev/null
      stages root persistent; rm $WORK/server/state/big; stages persistent && echo mounted`)
      t.regex(
        blocks,
        /^FAILED persistent: the persistent directory \S+ is full: make room on \S+ \(df -h \S+\)\nmounted\n$/,
      )
      const inodes = await run(`${small}; i=0; while mkdir $WORK/server/state/d$i 2>/dev/null; do i=$((i + 1)); done
      stages root persistent; rmdir $WORK/server/state/d*; stages persistent && echo mounted`)
      t.regex(
        inodes,
        /^FAILED persistent: the persistent directory \S+ has no inodes left: .*\(df -i \S+\)\nmounted\n$/,
      )
    },
  )

  onNode(
    'a persistent directory that cannot be mounted, or does not keep what root writes, stops the boot',
    { image: { '/etc/k': '' }, entries: [['persistent', '/etc/k']] },
    async (t, { run }) => {
      const out =
        await run(`stages root; mv $WORK/server/state $WORK/server/away; stages persistent; mv $WORK/server/away $WORK/server/state
      mount_nfs() { mount -o bind "$WORK/server$2" "$3" && mount -o remount,bind,ro "$WORK/server$2" "$3"; }
      stages persistent; grep -c "$PERSISTENT " /proc/self/mountinfo`)
      t.regex(
        out,
        /^FAILED persistent: .*cannot be mounted: no such export\nFAILED persistent: .*cannot be written: \S.*\n0\n$/,
      )
    },
  )

  onNode(
    'a persistent directory that drops what is written, with room on its disk, stops the boot and says where to look',
    { image: { '/etc/k': '' }, entries: [['persistent', '/etc/k']] },
    async (t, { run }) => {
      // Over NFS a quota shows at the flush: to the shell the write went well, and the file is empty.
      const out = await run(`mkdir -p $WORK/server/state/.liteboot; ln -s /dev/null $WORK/server/state/.liteboot/probe
      stages root persistent; rm $WORK/server/state/.liteboot/probe; stages persistent && echo mounted`)
      t.regex(
        out,
        /^FAILED persistent: the persistent directory (\S+):\S+ does not keep what root writes: check its export's options and quotas on \1\nmounted\n$/,
      )
    },
  )

  onNode(
    'a mount point that the image lacks, or a symbolic link in its place, is an error that names liteimg',
    { image: { '/etc/a': '', '/etc/b': '' }, entries: [['tmpfs', '/etc/a']] },
    async (t, { work, run }) => {
      rmSync(join(work, 'server/image/etc/a'))
      t.regex(
        await run('stages root persistent trees entries'),
        /FAILED entries: entry tmpfs \/etc\/a: the image has no file \/etc\/a to mount on: run liteimg/,
      )
      const out = await run('ln -s b $WORK/server/image/etc/a; stages root persistent trees entries')
      t.regex(out, /\/etc\/a is a symbolic link in the image: run liteimg/)
    },
  )

  onNode(
    'a bind mount that fails stops the stage at its entry; what was done is not done twice',
    {
      image: { '/etc/a': 'a', '/etc/b': 'b' },
      entries: [
        ['tmpfs', '/etc/a'],
        ['tmpfs', '/etc/b'],
      ],
    },
    async (t, { run }) => {
      const out = await run(`stages root persistent trees
      mount() { case $* in *bind*/etc/b) echo refused >&2; return 1 ;; *) command mount "$@" ;; esac; }
      stages entries; unset -f mount; stages entries && content /etc/b; grep -c "$NEWROOT/etc/a " /proc/self/mountinfo`)
      t.regex(out, /^FAILED entries: entry tmpfs \/etc\/b: bind mount of .* failed: refused\nb1\n$/)
    },
  )

  // --- system ------------------------------------------------------------------------------------------------------

  onNode(
    'system files are bound over a read-only root, written where an entry made it writable',
    {
      image: {
        '/etc/hostname': '',
        '/etc/machine-id': '',
        '/etc/resolv.conf': 'Dummy resolv.conf',
        '/usr/lib/systemd/systemd': '',
        '/usr/sbin/NetworkManager': { mode: 0o755 },
        '/etc/sysconfig/network/x': '',
      },
      entries: [
        ['tmpfs', '/etc/resolv.conf'],
        ['tmpfs', '/etc/sysconfig/'],
      ],
    },
    async (t, { work, boot }) => {
      await boot({
        'REPORTS_OFF=; stages system; echo $?': '0',
        'content /etc/hostname': 'cn07',
        'at /etc/hostname': 'mounted rw',
        'content /etc/machine-id': '0123456789abcdef0123456789abcdef',
        'content /etc/resolv.conf': 'search demo.cluster\nnameserver 10.77.0.1',
        'grep -c "$NEWROOT/etc/resolv.conf " /proc/self/mountinfo': '1',
        'cat $RUN_DIR/kernel-hostname': 'cn07',
        'content /etc/sysconfig/network/ifcfg-eth0': "STARTMODE='nfsroot'\nBOOTPROTO='static'\nIPADDR='10.77.0.11/16'",
        'cat $NEWRUN/NetworkManager/conf.d/05-liteboot.conf | tail -n 1': 'unmanaged-devices=mac:52:54:00:77:00:01',
      })
      const networkd = readFileSync(join(work, 'newrun/systemd/network/05-liteboot.network'), 'utf8')
      for (const line of [
        'MACAddress=52:54:00:77:00:01',
        'KeepConfiguration=yes',
        'Address=10.77.0.11/16',
        'Gateway=10.77.0.254',
        'MTUBytes=9000',
        'DNS=10.77.0.1',
      ]) {
        t.true(networkd.split('\n').includes(line), networkd)
      }
      t.regex(
        readFileSync(join(work, 'newrun/systemd/network/05-liteboot.link'), 'utf8'),
        /MACAddress=52:54:00:77:00:01\n\n\[Link\]\nName=eth0\n/,
      )
      t.is(
        readlinkSync(join(work, 'newrun/systemd/system/multi-user.target.wants/liteboot-booted.service')),
        '../liteboot-booted.service',
      )
      t.is(readFileSync(join(work, 'server/image/etc/hostname'), 'utf8'), '')
      t.is(readFileSync(join(work, 'server/image/.default/etc/resolv.conf'), 'utf8'), 'Dummy resolv.conf')
    },
  )

  onNode(
    "resolv.conf of a litetree is the operator's; a link into /run is filled there; a missing machine-id stops systemd images",
    {
      image: { '/etc/resolv.conf': '', '/etc/hostname': '', '/usr/lib/systemd/systemd': '' },
      trees: [{ files: { '/etc/resolv.conf': 'nameserver 192.0.2.1' } }],
      entries: [['tmpfs', '/etc/resolv.conf']],
    },
    async (t, { boot, run }) => {
      await boot({
        'stages system':
          'FAILED system: the image has systemd but no /etc/machine-id: create an empty one in the image (liteimg does)',
        'provide_resolv_conf; content /etc/resolv.conf': 'nameserver 192.0.2.1',
      })
      const out =
        await run(`rm $WORK/server/image/etc/resolv.conf; ln -s ../run/systemd/resolve/stub-resolv.conf $WORK/server/image/etc/resolv.conf
      : >"$ENTRIES_DONE"; stages root; ss_domain=; provide_resolv_conf; cat $NEWRUN/systemd/resolve/stub-resolv.conf`)
      t.is(out, 'nameserver 10.77.0.1\n')
    },
  )

  onNode(
    'statelite status: says what does not stand as the plan says',
    {
      image: { '/etc/a': 'a', '/etc/b': 'b', '/etc/l': 'l' },
      entries: [
        ['tmpfs', '/etc/a'],
        ['ro', '/etc/b'],
        ['link', '/etc/l'],
      ],
    },
    async (t, { run }) => {
      const out = await run(`${ALL_STAGES}
      status() { LITEBOOT_ROOT=$NEWROOT LITEBOOT_RUN_DIR=$RUN_DIR ${shell.argv.join(' ')} ${SCRIPTS}/node/statelite status; echo "= $?"; }
      status; umount $NEWROOT/etc/b; mount -o bind $NEWROOT/.statelite/tmpfs/etc/a $NEWROOT/etc/b; rm $NEWROOT/.statelite/tmpfs/etc/l; status`)
      const words = out
        .trim()
        .split('\n')
        .map((line) => line.replace(/ +/g, ' '))
      t.deepEqual(
        words.slice(0, 4).map((line) => line.split(' ')[0]),
        ['ok', 'ok', 'ok', '='],
      )
      t.true(words[4]?.startsWith('ok tmpfs /etc/a'))
      t.true(words[5]?.startsWith('BAD ro /etc/b bind mount, tmpfs, but writable'), words[5])
      t.true(words[6]?.startsWith('BAD link /etc/l missing'), words[6])
      t.is(words[7], '= 1')
    },
  )
}

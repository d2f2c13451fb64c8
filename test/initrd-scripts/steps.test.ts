import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { MISSING, makeWorkDirectory, removeWorkDirectory, runSteps, SHELLS } from './shells.ts'

if (MISSING !== undefined) test.skip(`the steps are not run: ${MISSING}`, () => {})

for (const shell of MISSING === undefined ? SHELLS : []) {
  const inShell = (title: string, body: (t: import('ava').ExecutionContext, run: Run, work: string) => void) =>
    test(`${shell.name}: ${title}`, (t) => {
      const work = makeWorkDirectory()
      t.teardown(() => removeWorkDirectory(work))
      const run: Run = (script, before) => {
        const result = runSteps(shell, work, script, before)
        t.is(result.stderr, '', script)
        return result.stdout
      }
      body(t, run, work)
    })

  inShell('kernel command line: every parameter, quotes, the last value wins', (t, run, work) => {
    writeFileSync(
      join(work, 'cmdline'),
      'quiet NODE=n0 a="one two" liteboot.debug NODE=n1 liteboot.shellx=no BOOTIF=\n',
    )
    const before = `CMDLINE_FILE=${work}/cmdline`
    t.is(run('cmdline_value NODE', before), 'n1\n')
    t.is(run('cmdline_value a', before), 'one two\n')
    t.is(run('cmdline_values NODE', before), 'n0\nn1\n')
    t.is(run('cmdline_value liteboot.shell; cmdline_value ODE; cmdline_value missing', before), '')
    // What the initrd brings holds unless the command line says otherwise.
    writeFileSync(join(work, 'defaults'), 'NODE=default rootlimit=4g\n')
    const both = `${before} CMDLINE_DEFAULTS=${work}/defaults`
    t.is(run('cmdline_value NODE; cmdline_value rootlimit', both), 'n1\n4g\n')
    t.is(run('cmdline_flag liteboot.debug && echo yes; cmdline_flag litebootXdebug || echo no', before), 'yes\nno\n')
    t.is(run('cmdline_flag NODE || echo no', before), 'no\n')
  })

  inShell('BOOTIF in every spelling is the same card', (t, run) => {
    for (const text of [
      '01-0c-42-a1-7e-10-07',
      '0c:42:a1:7e:10:07',
      '0C:42:A1:7E:10:07',
      '01-0C-42-A1-7E-10-07',
      '0C-42-A1-7E-10-07',
      '01:0c:42:a1:7e:10:07',
    ]) {
      t.is(run(`parse_bootif '${text}'`), '0c:42:a1:7e:10:07\n', text)
    }
    for (const text of [
      '',
      '0c:42:a1:7e:10',
      'zz:42:a1:7e:10:07',
      '0c42a17e1007',
      '$(touch x)',
      '0c:42:a1:7e:10:07:09:0a',
    ]) {
      t.is(run(`parse_bootif '${text}' || echo refused`), 'refused\n', text)
    }
  })

  inShell(
    'the boot interface: netdev=, then BOOTIF=, else every card; a named card that is not there is no other',
    (t, run, work) => {
      const card = (name: string, address: string, type = '1') => {
        mkdirSync(join(work, 'net', name), { recursive: true })
        writeFileSync(join(work, 'net', name, 'address'), `${address}\n`)
        writeFileSync(join(work, 'net', name, 'type'), `${type}\n`)
      }
      card('eth0', '02:00:00:00:00:0a')
      card('eth1', '02:00:00:00:00:0b')
      card('ib0', '80:00:02:08:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:10:20:30', '32')
      card('lo', '00:00:00:00:00:00', '772')
      const candidates = (line: string) => {
        writeFileSync(join(work, 'cmdline'), `${line}\n`)
        return run('boot_interfaces', `CMDLINE_FILE=${work}/cmdline SYS_NET=${work}/net`).trim().split('\n')
      }
      t.deepEqual(candidates('BOOTIF=01-02-00-00-00-00-0B'), ['eth1'])
      t.deepEqual(candidates('netdev=eth0 BOOTIF=01-02-00-00-00-00-0B'), ['eth0'])
      t.deepEqual(candidates('BOOTIF=02:99:00:00:00:01 BOOTIF=01-02-00-00-00-00-0b'), ['eth1'])
      t.deepEqual(candidates('BOOTIF=20-e4-1d-2d-10-20-30'), ['ib0'])
      t.deepEqual(candidates('BOOTIF=02:99:00:00:00:01'), [''])
      t.deepEqual(candidates('netdev=eth7'), [''])
      t.deepEqual(candidates('quiet'), ['eth0', 'eth1', 'ib0'])
    },
  )

  inShell('back-off: between 0 and min(cap, 2^n s), and not always the same', (t, run) => {
    const values = (attempt: number) =>
      run(`i=0; while [ $i -lt 30 ]; do backoff_ms ${attempt}; echo; i=$((i + 1)); done`).trim().split('\n').map(Number)
    for (const [attempt, top] of [
      [0, 1000],
      [1, 2000],
      [3, 8000],
      [5, 30_000],
      [60, 30_000],
    ] as const) {
      const waits = values(attempt)
      t.true(
        waits.every((wait) => Number.isInteger(wait) && wait >= 0 && wait <= top),
        `${attempt}: ${waits}`,
      )
      t.true(new Set(waits).size > 5, `${attempt}: ${waits}`)
      t.true(Math.max(...waits) > top / 3, `${attempt}: ${waits}`)
    }
  })

  inShell('a report body survives every byte', (t, run) => {
    const text = 'a&b=c%d+e f\n"quoted" \'single\' äß\ttab $(id) `id` \\'
    const encoded = run(`url_encode <<'TEXT'\n${text}\nTEXT`)
    t.is(decodeURIComponent(encoded), `${text}\n`)
    t.regex(encoded, /^(%[0-9a-f]{2})+$/)
  })

  inShell('symbolic links of the image are followed inside the image only', (t, run, work) => {
    const root = join(work, 'sysroot')
    for (const directory of ['etc', 'usr/bin', 'var', 'run', 'deep/er'])
      mkdirSync(join(root, directory), { recursive: true })
    const link = (path: string, target: string) => symlinkSync(target, join(root, path))
    link('bin', 'usr/bin')
    link('var/run', '/run')
    link('etc/up', '../../../../../../etc')
    link('etc/target', '/etc/elsewhere')
    link('deep/er/chain', '../../var/run/x')
    link('loop', 'loop')
    const resolved = (path: string) => run(`resolve_in_root ${root} ${path} || echo refused`).trim()
    t.is(resolved('/bin/sh'), `${root}/usr/bin/sh`)
    t.is(resolved('/var/run/x'), `${root}/run/x`)
    t.is(resolved('/etc/up/target'), `${root}/etc/elsewhere`)
    t.is(resolved('/deep/er/chain/y'), `${root}/run/x/y`)
    t.is(resolved('/not/there'), `${root}/not/there`)
    t.is(resolved('/../../../..'), root)
    t.is(resolved('/loop'), 'refused')
  })

  inShell('a root on its way is told of as long as something comes, then its download is ended', (t, run, work) => {
    const fill = join(work, 'fill')
    // Twelve seconds of progress, then silence. Whoever waits for the watcher takes over its count of reports.
    const script = `
      PACKED_DIR=${work}; RUN_DIR=${work}; PROGRESS_SECONDS=5; FETCH_IDLE_SECONDS=7
      mp_format=cpio.gz; mp_unpacked=$((900 * 1048576)); mp_size=1
      echo 4242 >"$PACKED_DIR/fetch.pid"; echo 0 >${fill}
      sleep() { read -r n <${fill}; [ "$n" -ge 12 ] || echo $((n + 1)) >${fill}; }
      df() { read -r n <${fill}; echo Filesystem; echo "tmpfs 900000 $((n * 10240)) 1 1% /sysroot"; }
      kill() { echo "killed $*" >>${work}/log; }
      post_report() { printf '%s\\n' "$1" | sed 's/.*&seq/seq/; s/&uptime=[^&]*//' >>${work}/log; }
      REPORT_URL=http://10.0.0.1/r; REPORT_QUEUE=${work}/queue; REPORT_SEQ=3
      watch_transfer ${work}
      wait "$WATCH_PID"; stop_watch
      cat ${work}/log ${work}/said; echo "next $REPORT_SEQ"`
    const lines = run(script).trim().split('\n').map(decodeURIComponent)
    t.deepEqual(lines.slice(0, 3), [
      'seq=4&stage=root&result=start&message=50 of 900 MiB are here',
      'seq=5&stage=root&result=start&message=100 of 900 MiB are here',
      'killed 4242',
    ])
    t.is(lines.at(-2), 'nothing came for 7 s')
    t.is(lines.at(-1), 'next 5')
  })

  inShell('a stage is tried until it succeeds, and each failure is reported with its reason', (t, run) => {
    const script = `
      report() { printf '%s %s %s\\n' "$1" "$2" "$(printf '%s' "\${3:-}" | head -n 1)"; }
      sleep_ms() { :; }
      tries=0
      work() { tries=$((tries + 1)); [ $tries -gt 5 ] || fail "try $tries"; }
      run_stage plan work; tries=3; run_stage root work`
    t.deepEqual(
      run(script)
        .trim()
        .split('\n')
        .map((line) => line.trim()),
      [
        'plan start',
        'plan retry try 1',
        'plan retry try 2',
        'plan retry try 3',
        'plan failed try 4',
        'plan failed try 5',
        'plan ok',
        'root start',
        'root failed try 4',
        'root failed try 5',
        'root ok',
      ],
    )
  })

  inShell('NFS options: completed, never contradicted', (t, run) => {
    const asked = (server: string, options: string) =>
      run(
        `mount() { shift 3; echo "$@"; }; timeout() { shift; "$@"; }; mount_nfs '${server}' /d /t '${options}'`,
      ).trim()
    t.is(asked('10.77.0.1', 'ro'), 'ro,vers=3,proto=tcp,mountproto=tcp,nolock,addr=10.77.0.1 10.77.0.1:/d /t')
    t.is(asked('10.77.0.1', 'rw,vers=4.2,proto=tcp'), 'rw,vers=4.2,proto=tcp,addr=10.77.0.1 10.77.0.1:/d /t')
    t.is(asked('10.77.0.1', 'ro,nfsvers=3,tcp,lock'), 'ro,nfsvers=3,tcp,lock,addr=10.77.0.1 10.77.0.1:/d /t')
    t.is(
      asked('[2001:db8::1]', 'ro'),
      'ro,vers=3,proto=tcp6,mountproto=tcp6,nolock,addr=2001:db8::1 [2001:db8::1]:/d /t',
    )
    t.is(run('join_options - ro; join_options soft ro; join_options soft,ro ro'), 'ro\nro,soft\nsoft,ro\n')
  })

  inShell('a mount that fails: why, and where to look', (t, run) => {
    // As busybox and as mount.nfs say it.
    const why = (said: string) => run(`why_not_mounted filer '${said}'`)
    t.is(
      why('mount: mounting filer:/d on /t failed: Connection refused'),
      'Connection refused: no NFS server runs on filer\n',
    )
    t.is(
      why('mount.nfs: access denied by server while mounting filer:/d'),
      'mount.nfs: access denied by server while mounting filer:/d: filer does not export it to the address of this node\n',
    )
    t.is(why('mount: mounting filer:/d on /t failed: No such file or directory'), 'No such file or directory\n')
    t.regex(why(''), /^filer does not answer/)
    t.is(
      run(
        `resolve_host() { return 1; }; stage() { run mount_nfs filer /d /t - || why_not_mounted filer "$run_output"; }; stage`,
      ),
      'the name server knows no address of filer\n',
    )
  })

  inShell('ifupdown: the boot interface becomes manual, the rest stays', (t, run, work) => {
    const etc = join(work, 'sysroot/etc/network')
    mkdirSync(etc, { recursive: true })
    mkdirSync(join(work, 'sysroot/sbin'))
    writeFileSync(join(work, 'sysroot/sbin/ifup'), '', { mode: 0o755 })
    writeFileSync(
      join(etc, 'interfaces'),
      'auto lo eth0\nallow-hotplug eth0\niface lo inet loopback\niface eth0 inet dhcp\n  mtu 9000\nauto eth1\niface eth1 inet dhcp\n',
    )
    const out = run(`: >"$ENTRIES_DONE"; pn_name=eth0; provide_file() { cat; }; provide_ifupdown`)
    t.is(out, 'auto lo\niface lo inet loopback\niface eth0 inet manual\nauto eth1\niface eth1 inet dhcp\n')
  })
}

type Run = (script: string, before?: string) => string

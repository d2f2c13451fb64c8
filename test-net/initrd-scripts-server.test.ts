/** The steps that talk: address by DHCP, the plan, stage reports. The server is made by the test, on loopback. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { makeWorkDirectory, removeWorkDirectory, SCRIPTS, SHELLS } from '../test/initrd-scripts/shells.ts'
import { CANNOT_RUN, layOut, runNode, type Scenario, writePlan } from './initrd-scripts-lab.ts'

if (CANNOT_RUN !== undefined) test.skip(`the steps talk to no server here: ${CANNOT_RUN}`, () => {})

interface Report {
  readonly stage: string
  readonly result: string
  readonly seq: number
  readonly uptime: string
  readonly message: string
  readonly boot: string
}

interface Site {
  readonly work: string
  readonly url: string
  readonly reports: Report[]
  onPlan: (request: IncomingMessage, response: ServerResponse) => void
  onReport: (report: Report, response: ServerResponse) => void
}

const ONE_ENTRY: Scenario = { image: { '/etc/x': 'image' }, trees: [{ files: {} }], entries: [['ro', '/etc/x']] }

async function openSite(t: ExecutionContext, scenario: Scenario): Promise<Site> {
  const work = makeWorkDirectory()
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') return site.onPlan(request, response)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    t.is(request.headers['content-type'], 'application/x-www-form-urlencoded')
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const text = (name: string) => form.get(name) ?? ''
    const report = {
      stage: text('stage'),
      result: text('result'),
      seq: Number(text('seq')),
      uptime: text('uptime'),
      message: text('message'),
      boot: text('boot'),
    }
    site.reports.push(report)
    site.onReport(report, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
    removeWorkDirectory(work)
  })
  layOut(work, scenario)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/node/v1/cn07`
  writePlan(
    work,
    readFileSync(join(work, 'run/plan'), 'utf8')
      .split('\n')
      .filter((line) => /^(tree|entry)\t/.test(line)),
    `${url}/report`,
  )
  const plan = readFileSync(join(work, 'run/plan'))
  const site: Site = {
    work,
    url,
    reports: [],
    onPlan: (_request, response) => response.end(plan),
    onReport: (_report, response) => response.writeHead(204).end(),
  }
  return site
}

const told = (site: Site) => site.reports.map(({ stage, result }) => `${stage} ${result}`)
const settings = (site: Site) =>
  `PLAN_URL=${site.url}/plan PLAN_FILE=${site.work}/run/fetched EXPECTED_NODE=cn07 PLAN_TIMEOUT_SECONDS=1`

for (const shell of CANNOT_RUN === undefined ? SHELLS : []) {
  const script = async (t: ExecutionContext, site: Site, text: string) => {
    const { stdout, stderr } = await runNode(shell, site.work, `REPORTS_OFF=\n${text}`, settings(site))
    t.is(stderr, '')
    return stdout
  }

  test(`${shell.name}: the plan is asked for until a whole one comes; what was to be reported before is reported then`, async (t) => {
    const site = await openSite(t, ONE_ENTRY)
    const plan = readFileSync(join(site.work, 'run/plan'), 'utf8')
    let asked = 0
    site.onPlan = (_request, response) => {
      asked += 1
      if (asked === 1) response.writeHead(503).end()
      else if (asked === 2) response.end(plan.slice(0, plan.indexOf('hostname')))
      else if (asked === 3) response.destroy()
      else if (asked > 4) response.end(plan)
      // The fourth gets no answer at all.
    }
    const out = await script(
      t,
      site,
      'stage_network() { :; }; run_stage network stage_network; run_stage plan stage_plan; echo "$NODE"',
    )
    t.is(out, 'cn07\n')
    t.is(asked, 5)
    t.deepEqual(told(site), [
      'network start',
      'network ok',
      'plan start',
      'plan retry',
      'plan retry',
      'plan retry',
      'plan failed',
      'plan ok',
    ])
    t.deepEqual(
      site.reports.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
    const messages = site.reports.map(({ message }) => message.split('\n')[0] ?? '')
    t.regex(messages[3] ?? '', /503/)
    t.regex(messages[4] ?? '', /no end line/)
    t.regex(messages[6] ?? '', /no answer in 1 s/)
    t.true(site.reports.every(({ uptime }) => /^\d+\.\d\d$/.test(uptime)))
    t.deepEqual(
      [...new Set(site.reports.map(({ boot }) => boot))],
      [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()],
    )
  })

  test(`${shell.name}: a mandatory entry that fails is reported with its reason and the last log lines, and tried until it succeeds`, async (t) => {
    const site = await openSite(t, { image: {}, trees: [{ files: {} }], entries: [['ro', '/etc/gone']] })
    rmSync(join(site.work, 'server/image/.default/etc/gone'))
    let failures = 0
    site.onReport = ({ result }, response) => {
      response.writeHead(204).end()
      if (result === 'failed') failures += 1
      // The operator reads the report and repairs the tree.
      if (failures === 3) {
        mkdirSync(join(site.work, 'server/tree1/etc'), { recursive: true })
        writeFileSync(join(site.work, 'server/tree1/etc/gone'), 'repaired')
      }
    }
    const out = await script(
      t,
      site,
      `run_stage plan stage_plan; for name in root persistent trees entries; do run_stage "$name" "stage_$name"; done; content /etc/gone`,
    )
    t.is(out, 'repaired')
    const failed = site.reports.filter(({ result }) => result === 'failed')
    t.true(failed.length >= 3, told(site).join())
    t.true(failed.every(({ stage }) => stage === 'entries'))
    t.regex(
      failed[0]?.message ?? '',
      /^entry ro \/etc\/gone: neither a tree nor the image has a file \/etc\/gone\n\[\d+\.\d\d\] .*\n/,
    )
    t.is(told(site).at(-1), 'entries ok')
  })

  test(`${shell.name}: a report that nobody answers, or refused, holds nothing up`, async (t) => {
    const site = await openSite(t, ONE_ENTRY)
    site.onReport = () => {}
    const started = Date.now()
    await script(t, site, 'run_stage plan stage_plan; run_stage root stage_root')
    t.true(Date.now() - started < 12_000)
    const queued = Date.now()
    await script(
      t,
      site,
      `for i in 1 2 3 4 5 6; do report root start; done; set_report_url ${site.url}/report; flush_reports`,
    )
    t.true(Date.now() - queued < 5000)
    const free = Date.now()
    await script(t, site, 'REPORT_URL=http://127.0.0.1:1/report; for i in 1 2 3 4 5; do report root start; done')
    t.true(Date.now() - free < 3000)
  })

  test(`${shell.name}: no report at all when the plan or the kernel command line says so`, async (t) => {
    const site = await openSite(t, ONE_ENTRY)
    const plan = readFileSync(join(site.work, 'run/plan'), 'utf8')
    site.onPlan = (_request, response) => response.end(plan.replace(/report\t.*/, 'report\t-'))
    await script(t, site, 'run_stage plan stage_plan; run_stage root stage_root')
    await script(t, site, 'REPORTS_OFF=1; run_stage plan stage_plan; run_stage root stage_root')
    t.deepEqual(site.reports, [])
  })

  test(`${shell.name}: the running system reports booted, counting on from the initrd`, async (t) => {
    const site = await openSite(t, ONE_ENTRY)
    const node = `LITEBOOT_ROOT=$NEWROOT LITEBOOT_RUN_DIR=$RUN_DIR ${shell.argv.join(' ')} ${SCRIPTS}/node/statelite`
    await script(
      t,
      site,
      `run_stage plan stage_plan; for name in root persistent trees entries system; do run_stage "$name" "stage_$name"; done
      cp $PLAN_FILE $RUN_DIR/plan; mkdir -p $RUN_DIR/bin; cp ${shell.argv[0].includes('busybox') ? shell.argv[0] : '$(readlink -f $(command -v wget))'} $RUN_DIR/bin/busybox
      ${node} report; umount $NEWROOT/etc/x; ${node} report`,
    )
    const booted = site.reports.filter(({ stage }) => stage === 'booted')
    t.deepEqual(
      booted.map(({ result, message }) => [result, message]),
      [
        ['ok', ''],
        ['ok', 'statelite status is not clean'],
      ],
    )
    t.deepEqual(
      site.reports.map(({ seq }) => seq),
      site.reports.map((_report, index) => index + 1),
    )
  })

  test(`${shell.name}: the boot interface gets its address by DHCP; another card is left alone`, async (t) => {
    const site = await openSite(t, ONE_ENTRY)
    writeFileSync(join(site.work, 'cmdline'), 'BOOTIF=01-02-00-00-00-77-0B\n')
    writeFileSync(join(site.work, 'resolv.conf'), '')
    writeFileSync(
      join(site.work, 'udhcpd.conf'),
      `start 10.77.0.50\nend 10.77.0.50\ninterface srv0\npidfile ${site.work}/udhcpd.pid\nlease_file ${site.work}/leases\noption subnet 255.255.0.0\noption router 10.77.0.1\noption dns 10.77.0.1\noption domain demo.cluster\noption mtu 1400\n`,
    )
    const { stdout } = await runNode(
      shell,
      site.work,
      `mount -t sysfs sysfs /sys; [ ! -e /sys/class/net/eth0 ] || exit 99
       mount -o bind $WORK/resolv.conf /etc/resolv.conf
       ip link add eth9 type veth; ip link add eth10 type veth; ip link set veth1 name srv0
       ip link set eth10 address 02:00:00:00:77:0b; ip addr add 10.77.0.1/16 dev srv0; ip link set srv0 up
       : >$WORK/leases; udhcpd -f -S $WORK/udhcpd.conf >$WORK/udhcpd.log 2>&1 &
       server=$!; sleep 0.5
       stage_network && echo "$BOOT_INTERFACE $(lease_value address)/$(lease_value prefix) $(lease_value router)"
       ip -4 -o addr show dev eth10 | grep -c 10.77.0.50/16; ip route | grep -c '^default via 10.77.0.1 dev eth10'
       cat /sys/class/net/eth10/mtu /etc/resolv.conf; ip -o addr show dev eth9 | grep -c 'inet '
       kill $server; rm -f $LEASE_FILE; ip addr flush dev eth10
       dhcp_round() { return 1; }; stage_network || echo "no: $FAIL_REASON"; grep -c 'spanning tree' $RUN_DIR/boot.log`,
      `CMDLINE_FILE=${site.work}/cmdline UDHCPC_SCRIPT=${SCRIPTS}/lean/udhcpc.script SYS_NET=/sys/class/net`,
      '-mn',
    )
    t.is(
      stdout,
      'eth10 10.77.0.50/16 10.77.0.1\n1\n1\n1400\nsearch demo.cluster\nnameserver 10.77.0.1\n0\nno: no address on: eth10\n1\n',
      readFileSync(join(site.work, 'run/boot.log'), 'utf8'),
    )
  })
}

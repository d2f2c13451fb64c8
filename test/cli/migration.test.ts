/** import-xcat, dumpdb, restoredb: the fixture is an invented xCAT site of 300 nodes with everything that differs. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const FIXTURE = join(import.meta.dirname, '..', 'fixtures', 'xcat-site')

function siteWithDump(t: ExecutionContext): Site {
  const site = newSite(t)
  cpSync(FIXTURE, join(site.directory, 'dump'), { recursive: true })
  return site
}

async function imported(t: ExecutionContext): Promise<Site> {
  const site = siteWithDump(t)
  const { status } = await runCommand(site, ['import-xcat', join(site.directory, 'dump')])
  t.is(status, 2)
  return site
}

function small(site: Site, name: string, files: Readonly<Record<string, string>>): string {
  const directory = join(site.directory, name)
  mkdirSync(directory)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text)
  return directory
}

function dumped(directory: string): Record<string, string> {
  return Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]))
}

test('a whole site: the report names every row that is not as it was', async (t) => {
  await transcript(
    t,
    siteWithDump(t),
    `
$ import-xcat @/dump
@/dump/auditlog.csv was not read: a log of the old server
table         read   kept   translated   in part   not kept
chain           24     24            0         0          0
hosts            8      6            0         2          0
ipmi             1      1            0         0          0
linuximage       3      3            0         0          0
litefile        18      9            6         3          0
litetree         7      4            2         1          0
mac            294    293            0         1          0
networks         3      1            0         1          1
nodegroup        3      2            0         1          0
nodehm           3      1            1         1          0
nodelist       300    298            1         1          0
noderes          7      4            3         0          0
nodetype        14     13            1         0          0
osdistro         1      1            0         0          0
osimage          4      2            2         0          0
passwd           3      2            0         1          0
policy           8      7            1         0          0
postscripts      3      3            0         0          0
prodkey          1      0            0         0          1
servicenode      1      1            0         0          0
site            17     17            0         0          0
statelite        4      2            0         2          0
switch         240    240            0         0          0

Translated (nodes see no difference):
  litefile row image=ALL,file=/etc/off.conf: disable "off" → 1: xCAT took every word but 0 and no for yes
  nodelist row node=old1: disable "retired" → 1: xCAT took every word but 0 and no for yes
  osimage row imagename=el8-lite: control characters of description → blanks: a cell is one line
  osimage row imagename=el8-power-lite: rootfstype "squashfs" → nfs: xCAT took every word but ramdisk for nfs
  noderes row node=lite: netboot xnba → ipxe: xNBA is an old iPXE
  noderes row node=service: netboot xnba → ipxe: xNBA is an old iPXE
  noderes row node=c019: netboot xnba → ipxe: xNBA is an old iPXE
  nodehm row node=compute: serialspeed 115200n8r → 115200, serialflow hard: n8 is understood; r is hardware flow control
  policy row priority=first: priority "first" → 0: xCAT sorted it there
  litefile row image=ALL,file=/etc/adjtime: options "" → link: without options xCAT made a symbolic link; liteboot mounts (tmpfs)
  litefile row image=,file=/etc/blank.conf: kept disabled: xCAT never found rows without an image; image=ALL is what makes them count
  litefile row image=el8-lite,file=/etc/spaced.conf: kept disabled: xCAT's nodes ignored the option "link, persistent"
  litetree row priority=30: kept disabled: xCAT listed directories without a server, but no node ever looked there
  osimage row imagename=el8-lite: groups base,gpu → base-gpu: xCAT compared the list as one name; write the list again to let rows for each of its groups count
  litefile row image=base,gpu,file=/etc/gpu.conf: image base,gpu → base-gpu: renamed together with osimage.groups
  litetree row priority=50: image base,gpu → base-gpu: renamed together with osimage.groups
  litefile row image=base,file=/var/log/: kept disabled: under xCAT the row for ALL won (tmpfs); here the row for base would, if it were enabled
  nodetype row node=rack09: provmethod "statelite" → rhels8.6-x86_64-statelite-compute: xCAT put the name together from os, arch and profile
  nodetype row node=c217; node=c218; node=c219 and 21 more: provmethod "" → rhels8.6-x86_64-statelite-compute: xCAT put the name together from os, arch and profile

Not kept:
  linuximage: column usercomment: 1 value stays in @/dump/linuximage.csv: liteboot has no such column
  prodkey: 1 row stays in @/dump/prodkey.csv: liteboot has no such table
  nodehm row node=power: serialspeed "fast" left out: not a number
  nodehm row node=power: serialport "0" left out: a port without a speed would stop the boot: set both again
  litefile row image=ALL,file=/scratch/: kept disabled: localdisk, but no image has a partition file to keep it by: set linuximage.partitionfile first
  hosts row node=login2: ip "10.40.0.3" → "|^.*$||": 10.40.0.3 belongs to node sn2 already
  mac row node=login2: mac "02:4a:00:04:00:02|02:4a:00:03:00:02" → "02:4a:00:04:00:02": 02:4a:00:03:00:02 belongs to node sn2 already
  hosts row node=login: otherinterfaces "|-mgmt:10.42.0.(substr('$1',0,1))|" left out: expression (substr('$1',0,1)): there is no function substr; there are sprintf, a2idx, a2zidx, mknum, dim2idx, skip, ipadd
  networks row net=fd00:40::,mask=/64: left out: "fd00:40::" is not an IPv4 address (four decimal numbers joined by dots)
  nodelist row node=old2.harbor.example: kept disabled: "old2.harbor.example" is not a name: letters, digits, "-" and "_" only, starting with a letter or digit, at most 63 characters
  passwd row key=omapi,username=xcat_key: cryptmethod "bcrypt" left out: is not one of: md5, sha256, sha512
  networks row net=10.42.0.0,mask=255.255.0.0: gateway "10.99.0.1" left out: 10.99.0.1 is not inside 10.42.0.0/16; no gateway is sent
  statelite row node=c240: kept disabled: #CMD: commands in tables are not run; write the value itself
  statelite row node=login: kept disabled: "/local" is not server:/path
  litetree row priority=60: kept disabled: $node-b is not a variable: write \${node}-b
  nodegroup row groupname=broken: kept disabled: regular expression (: Unterminated group
  litefile row image=ALL,file=/etc/odd:name: kept disabled: the path has a colon (correct or disable the row)
  litefile row image=el8-power-lite,file=/var/lib/nfs/: kept disabled: link cannot be below /var/lib/, which is tmpfs (litefile row image=el8-power-lite,file=/var/lib/) (use one of tmpfs ro con persistent localdisk, or change /var/lib/)

To know:
  litetree row priority=10: image is blank: it counts for every image, as under xCAT, unless it had been emptied there with chtab
  litetree row priority=20: mntopts soft: nodes honour them now; under xCAT they were never used
  nodetype row node=login1: provmethod install: not the name of an image: such nodes get an address and no boot
  nodetype row node=login2: provmethod install: not the name of an image: such nodes get an address and no boot
  site row key=xcatdport: value 3001: the API for other machines listens there; nodes ask over HTTP (httpport)
  site row key=xcatiport: value 3002: nodes report over HTTP (httpport); nothing listens on this port
  site row key=sharedtftp: value 1: not read: there are no service nodes yet
  site row key=dhcpinterfaces: value mn1|eth1: not read: name the interfaces with \`liteboot serve --interface\`
  noderes row node=rack01: servicenode sn1,sn2: not used yet: the server that has the tables answers these nodes
  noderes row node=rack01: xcatmaster sn1: a service node: these nodes are still sent there; clear it if that machine is to serve no more
  servicenode row node=service: kept: not used yet: nothing is set up on service nodes
  policy row priority=1.2: rule trusted: the same as allow: nobody speaks for another user here
  policy row priority=5: time Mon-Fri: it counts here; xCAT never looked at it
  statelite row node=plite: statemnt 10.40.0.5:/persist/power/$node: the node name is added once more, as under xCAT: …/<node>/<node>
  statelite row node=c240: statemnt is "10.40.0.5:/persist/$nodetype.profile" now: from group lite, in place of the value that was not kept
  litefile: nodes of el8-lite: /etc/odd:name was tmpfs, is not listed (read-only): see the rows of this path above
  litefile: nodes of el8-lite: /scratch/ was localdisk, is not listed (read-only): see the rows of this path above
  litefile: nodes of rhels8.6-x86_64-statelite-compute: /etc/odd:name was tmpfs, is not listed (read-only): see the rows of this path above
  litefile: nodes of rhels8.6-x86_64-statelite-compute: /scratch/ was localdisk, is not listed (read-only): see the rows of this path above
  litefile: nodes of el8-power-lite: /etc/odd:name was tmpfs, is not listed (read-only): see the rows of this path above
  litefile: nodes of el8-power-lite: /scratch/ was localdisk, is not listed (read-only): see the rows of this path above
  litefile: nodes of el8-power-lite: /var/lib/nfs/ was link, is not listed (read-only): see the rows of this path above

965 rows in 22 tables stored.
! Warning: nodetype row node=login, column provmethod: install is not the name of an image (name an osimage)
! Warning: litefile row image=gpu,file=/opt/gpu/, column image: there is no image and no image group gpu (or write ALL)
! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
[2]
`,
  )
})

/** Worked out by hand from xCAT's rules: who is found, who wins, what blank means. */
const ANSWERS = `
$ litefile c001,c200,c230,p001
c001: link          /etc/adjtime
c001: con           /etc/gpu.conf
c001: tmpfs         /etc/hosts
c001: link          /root/.ssh/
c001: persistent    /var/log/
c200: link          /etc/adjtime
c200: tmpfs         /etc/hosts
c200: link,persistent /etc/ntp.conf
c200: link          /root/.ssh/
c200: tmpfs         /var/log/
c230: link          /etc/adjtime
c230: tmpfs         /etc/hosts
c230: link,persistent /etc/ntp.conf
c230: link          /root/.ssh/
c230: tmpfs         /var/log/
p001: link          /etc/adjtime
p001: tmpfs         /etc/hosts
p001: link,persistent /etc/ntp.conf
p001: link          /root/.ssh/
p001: tmpfs         /var/lib/
p001: tmpfs         /var/log/
! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
$ litetree c001,c200,p001
c001: 10.40.0.5:/lite/img
c001: 10.40.0.5:/lite/nodes/c001
c001: 10.40.0.5:/lite/compute :soft
c001: 10.40.0.5:/lite/gpu
c200: 10.40.0.5:/lite/nodes/c200
c200: 10.40.0.5:/lite/compute :soft
c200: 10.40.0.5:/lite/base
p001: 10.40.0.5:/lite/nodes/p001
p001: 10.40.0.5:/lite/compute :soft
p001: 10.40.0.5:/lite/base
$ lslite p001
>>>Node: p001

Osimage: el8-power-lite

Persistent directory (statelite table):
        10.40.0.5:/persist/power/p001


Litefiles (litefile table):
        link          /etc/adjtime
        tmpfs         /etc/hosts
        link,persistent /etc/ntp.conf
        link          /root/.ssh/
        tmpfs         /var/lib/
        tmpfs         /var/log/


Litetree path (litetree table):
        10, 10.40.0.5:/lite/nodes/p001
        20, 10.40.0.5:/lite/compute :soft
        40, 10.40.0.5:/lite/base


! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
`

test('nodes see what xCAT answered', async (t) => {
  await transcript(t, await imported(t), ANSWERS)
})

test('values reach the nodes as before: patterns, blocking cells, composed image names, first of two equal addresses', async (t) => {
  await transcript(
    t,
    await imported(t),
    `
$ lsdef c017,c018,c019,c230,c240 -i netboot,provmethod,ip,bmc -c
c017: bmc=10.43.1.17
c017: ip=10.40.1.17
c017: netboot=
c017: provmethod=el8-lite
c018: bmc=10.43.1.18
c018: ip=10.40.1.18
c018: netboot=pxe
c018: provmethod=el8-lite
c019: bmc=10.43.1.19
c019: ip=10.40.1.19
c019: netboot=ipxe
c019: provmethod=el8-lite
c230: bmc=10.43.2.30
c230: ip=10.40.2.30
c230: netboot=ipxe
c230: provmethod=rhels8.6-x86_64-statelite-compute
c240: bmc=10.43.2.40
c240: ip=10.40.2.40
c240: netboot=ipxe
c240: provmethod=rhels8.6-x86_64-statelite-compute
$ lsdef sn2,login2 -i ip,mac -c
login2: ip=
login2: mac=02:4a:00:04:00:02
sn2: ip=10.40.0.3
sn2: mac=02:4a:00:03:00:02
`,
  )
})

test('tables with rows are not touched without being told to', async (t) => {
  const site = newSite(t)
  small(site, 'dump', { 'noderes.csv': '#node,netboot\n"n1","xnba"\n"n2","pxe"\n' })
  await transcript(
    t,
    site,
    `
$ chtab node=n1 noderes.netboot=petitboot noderes.nfsserver=10.0.0.9
$ import-xcat @/dump
! Error: table noderes has rows already; nothing was changed
!        Import with --replace (the tables of the dump take the place of these) or --merge (row by row, the dump counts); --dry-run shows what would come of it. [LB_BAD_INPUT]
[1]
$ import-xcat @/dump --merge
table     read   kept   translated   in part   not kept
noderes      2      1            1         0          0

Translated (nodes see no difference):
  noderes row node=n1: netboot xnba → ipxe: xNBA is an old iPXE

To know:
  noderes row node=n1: netboot was "petitboot" here: the value of the dump takes its place

2 rows in 1 table stored.
$ gettab node=n1 noderes.netboot noderes.nfsserver
noderes.netboot: ipxe
noderes.nfsserver: 10.0.0.9
$ import-xcat @/dump --replace
table     read   kept   translated   in part   not kept
noderes      2      1            1         0          0

Translated (nodes see no difference):
  noderes row node=n1: netboot xnba → ipxe: xNBA is an old iPXE

To know:
  noderes: 2 rows that were here are gone: --replace

2 rows in 1 table stored.
$ tabdump noderes -w node==n1
#node,servicenode,netboot,tftpserver,tftpdir,nfsserver,monserver,nfsdir,installnic,primarynic,discoverynics,cmdinterface,xcatmaster,current_osimage,next_osimage,nimserver,routenames,nameservers,proxydhcp,syslog,comments,disable
"n1",,"ipxe",,,,,,,,,,,,,,,,,,,
$ import-xcat @/dump --replace --merge
! Error: --replace or --merge, not both
! Usage: liteboot import-xcat [options] <path>
!        \`liteboot import-xcat --help\` explains the options
[1]
`,
  )
})

test('localdisk rows are kept when an image has a partition file', async (t) => {
  const site = newSite(t)
  small(site, 'dump', {
    'litefile.csv': '#image,file,options\n"ALL","/scratch/","localdisk"\n',
    'linuximage.csv': '#imagename,partitionfile\n"el9","/install/layout"\n',
    'osimage.csv': '#imagename,provmethod,osvers,osarch,profile\n"el9","statelite","rhels9.4","x86_64","compute"\n',
  })
  await transcript(
    t,
    site,
    `
$ import-xcat @/dump --merge
table        read   kept   translated   in part   not kept
linuximage      1      1            0         0          0
litefile        1      1            0         0          0
osimage         1      1            0         0          0

To know:
  litefile row image=ALL,file=/scratch/: localdisk: every image of this row needs linuximage.partitionfile, or its nodes stop

3 rows in 3 tables stored.
$ ilitefile el9
el9: localdisk     /scratch/
`,
  )
})

test('an import that clashes with what is here leaves that alone', async (t) => {
  const site = newSite(t)
  small(site, 'dump', {
    'litefile.csv': '#image,file,options\n"ALL","/var/","tmpfs"\n',
    'mac.csv': '#node,mac\n"n2","02:00:00:00:00:01"\n',
    'nodelist.csv': '#node,groups\n"n2","all"\n',
  })
  await transcript(
    t,
    site,
    `
$ chtab image=ALL,file=/var/lib/x litefile.options=link
$ mkdef n1 groups=all mac=02:00:00:00:00:01
1 object definitions have been created or modified.
$ import-xcat @/dump --merge
table      read   kept   translated   in part   not kept
litefile      1      0            0         1          0
mac           1      0            0         1          0
nodelist      1      1            0         0          0

Not kept:
  mac row node=n2: mac "02:00:00:00:00:01" → "|^.*$||": 02:00:00:00:00:01 belongs to node n1 already
  litefile row image=ALL,file=/var/: kept disabled: link cannot be below /var/, which is tmpfs (litefile row image=ALL,file=/var/) (use one of tmpfs ro con persistent localdisk, or change /var/)

3 rows in 3 tables stored.
[2]
$ gettab node=n1 mac.mac
02:00:00:00:00:01
`,
  )
})

test('--dry-run brings the whole report and changes nothing', async (t) => {
  const site = siteWithDump(t)
  const report = join(site.directory, 'report')
  const ran = await runCommand(site, ['import-xcat', join(site.directory, 'dump'), '--dry-run', '--report', report])
  t.is(ran.status, 2)
  t.regex(ran.stdout, /noderes row node=lite: netboot xnba → ipxe/)
  t.regex(readFileSync(report, 'utf8'), /^Dry run: nothing was changed\.$/m)
  await transcript(
    t,
    site,
    '$ tabdump nodelist\n#node,groups,status,statustime,appstatus,appstatustime,primarysn,hidden,updatestatus,updatestatustime,zonename,comments,disable',
  )
})

test('--report has a line for every row, and is for its owner only', async (t) => {
  const site = siteWithDump(t)
  const report = join(site.directory, 'report')
  const ran = await runCommand(site, ['import-xcat', join(site.directory, 'dump'), '--report', report, '--json'])
  const text = readFileSync(report, 'utf8')
  t.is(text.match(/^ {2}nodetype row node=c2\d\d: provmethod "" → rhels8.6-x86_64-statelite-compute/gm)?.length, 24)
  t.is(statSync(report).mode & 0o777, 0o600)
  const data = JSON.parse(ran.stdout) as { entries: { kind: string }[]; account?: unknown }
  t.is(data.account, undefined)
  t.true(data.entries.filter(({ kind }) => kind === 'translated').length > 24)
  for (const secret of ['not-a-real-one', 'also-invented', 'aW52ZW50ZWQ=']) {
    t.false(text.includes(secret))
    t.false(ran.stdout.includes(secret))
  }
})

test('archives of every kind come to the same site; nothing of them is written to the disk', async (t) => {
  const reference = await imported(t)
  await runCommand(reference, ['dumpdb', join(reference.directory, 'out')])
  const expected = dumped(join(reference.directory, 'out'))
  const kinds = [
    ['x.tar', '-c', 'tar'],
    ['x.tgz', '-cz', 'gzip'],
    ['x.tar.xz', '-cJ', 'xz'],
    ['x.tar.bz2', '-cj', 'bzip2'],
    ['x.tar.zst', '-c --zstd', 'zstd'],
  ] as const
  for (const [name, flags, program] of kinds) {
    if (spawnSync(program, ['--version']).error) {
      t.log(`${program} is not installed: ${name} is not tried`)
      continue
    }
    const site = newSite(t)
    const archive = join(site.directory, name)
    execFileSync('tar', ['-C', join(FIXTURE, '..'), ...flags.split(' '), '-f', archive, 'xcat-site'])
    const { status } = await runCommand(site, ['import-xcat', archive])
    t.is(status, 2, name)
    await runCommand(site, ['dumpdb', join(site.directory, 'out')])
    t.deepEqual(dumped(join(site.directory, 'out')), expected, name)
    t.deepEqual(readdirSync(site.directory).sort(), ['out', 'state', name].sort())
  }
})

test('what is not a dump is said to be none', async (t) => {
  const site = newSite(t)
  small(site, 'empty', {})
  small(site, 'strange', { 'elsewhere.csv': '#a,b\n"1","2"\n' })
  small(site, 'twice', { 'site.csv': '#key,value\n', 'site.csv.gz': '' })
  writeFileSync(join(site.directory, 'cut.tgz'), Buffer.from('1f8b0800', 'hex'))
  writeFileSync(join(site.directory, 'noderes.csv'), 'node,netboot\n"n1","xnba"\n')
  await transcript(
    t,
    site,
    `
$ import-xcat @/nowhere
! Error: @/nowhere cannot be read: ENOENT
!        Check the path and its permissions. [LB_FILE]
[1]
$ import-xcat @/empty
! Error: @/empty has no <table>.csv
!        dumpxCATdb -p DIR writes such files; what dumpxCATdb -b writes is a copy of the database, which only xCAT can read. [LB_FILE]
[1]
$ import-xcat @/strange
! Error: no table of liteboot is among them: elsewhere
!        Name the directory that dumpxCATdb -p wrote, or a <table>.csv of it. [LB_BAD_INPUT]
[1]
$ import-xcat @/twice
! Error: @/twice/site.csv and @/twice/site.csv.gz are both table site
!        Check the path and its permissions. [LB_FILE]
[1]
$ import-xcat @/cut.tgz
! Error: @/cut.tgz cannot be unpacked (gzip): unexpected end of file
!        Check the path and its permissions. [LB_FILE]
[1]
$ import-xcat @/noderes.csv
table   read   kept   translated   in part   not kept

Not kept:
  noderes: nothing of @/noderes.csv could be read: Data missing header line starting with #

0 rows in 0 tables stored.
[2]
`,
  )
})

test('one damaged line costs one row', async (t) => {
  const site = newSite(t)
  writeFileSync(join(site.directory, 'noderes.csv'), '#node,netboot\n"n1","pxe"\n"n2",p"xe"\n"n3","pxe"\n"n1","xnba"\n')
  await transcript(
    t,
    site,
    `
$ import-xcat @/noderes.csv
table     read   kept   translated   in part   not kept
noderes      4      2            0         0          2

Not kept:
  noderes: a row: CSV missing opening " for record with " characters on line 1, character 5: "n2",p"xe" (@/noderes.csv; lines are counted from 0 after the header)
  noderes row node=n1: a second row with this key: the first one is kept

2 rows in 1 table stored.
[2]
$ gettab node=n3 noderes.netboot
pxe
`,
  )
})

test('dumpdb and restoredb: the same bytes again', async (t) => {
  const site = await imported(t)
  await transcript(
    t,
    site,
    `
$ dumpdb @/one
COUNT
$ import-xcat @/one
! Error: @/one was written by dumpdb: it has nothing to translate
!        Load it with \`liteboot restoredb\`. [LB_BAD_INPUT]
[1]
$ restoredb @/dump
! Error: @/dump was not written by dumpdb
!        Load a dump of xCAT with \`liteboot import-xcat\`, a single table with \`tabrestore\`. [LB_BAD_INPUT]
[1]
$ chtab node=c001 noderes.netboot=pxe
$ restoredb @/one
! Error: table noderes has rows already; nothing was changed
!        Restore with --replace: the tables take the place of those that are here. [LB_BAD_INPUT]
[1]
$ dumpdb @/one
! Error: @/one has files already
!        Name another directory, or give --force. [LB_FILE]
[1]
`.replace('COUNT', countLine(await dumpCounts(site))),
  )
  const restored = await runCommand(site, ['restoredb', join(site.directory, 'one'), '--replace'])
  t.is(restored.status, 0)
  await runCommand(site, ['dumpdb', join(site.directory, 'two')])
  const one = dumped(join(site.directory, 'one'))
  t.deepEqual(dumped(join(site.directory, 'two')), one)

  const other = newSite(t)
  await runCommand(other, ['restoredb', join(site.directory, 'one')])
  await runCommand(other, ['dumpdb', join(other.directory, 'three')])
  t.deepEqual(dumped(join(other.directory, 'three')), one)
  t.is(statSync(join(other.directory, 'three')).mode & 0o777, 0o700)
  t.is(statSync(join(other.directory, 'three', 'passwd.csv')).mode & 0o777, 0o600)
})

async function dumpCounts(site: Site): Promise<{ rows: number; tables: number }> {
  const { stdout } = await runCommand(site, ['dumpdb', join(site.directory, 'counted'), '--json'])
  const { tables } = JSON.parse(stdout) as { tables: Record<string, number> }
  return { rows: Object.values(tables).reduce((sum, rows) => sum + rows, 0), tables: Object.keys(tables).length }
}

const countLine = ({ rows, tables }: { rows: number; tables: number }) => `${rows} rows in ${tables} tables: @/one`

test('a backup with a fault comes back when it is asked to', async (t) => {
  const site = newSite(t)
  const files = {
    'liteboot-tables.json': '{"format":1}\n',
    'litefile.csv': '#image,file,options\n"ALL","etc/x","tmpfs"\n',
  }
  small(site, 'dump', files)
  await transcript(
    t,
    site,
    `
$ restoredb @/dump
! Error: litefile row image=ALL,file=etc/x: the path must be absolute (begin with /) (correct or disable the row)
!        Nothing was changed. A backup comes back as it was, faults and all, with --with-faults. [LB_BAD_EDIT]
[1]
$ restoredb @/dump --with-faults
1 rows in 1 tables restored.
! Warning: litefile row image=ALL,file=etc/x: the path must be absolute (begin with /) (correct or disable the row)
$ tabdump litefile
#image,file,options,comments,disable
"ALL","etc/x","tmpfs",,
`,
  )
})

test('a directory that cannot be written leaves nothing behind; --force keeps the other files', async (t) => {
  const site = newSite(t)
  const directory = small(site, 'mine', { 'notes.txt': 'keep me', 'site.csv': 'old' })
  await runCommand(site, ['chtab', 'key=master', 'site.value=10.0.0.1'])
  t.is((await runCommand(site, ['dumpdb', directory])).status, 1)
  t.deepEqual(dumped(directory), { 'notes.txt': 'keep me', 'site.csv': 'old' })
  t.is((await runCommand(site, ['dumpdb', directory, '--force'])).status, 0)
  const after = dumped(directory)
  t.is(after['notes.txt'], 'keep me')
  t.is(after['site.csv'], '#key,value,comments,disable\n"master","10.0.0.1",,\n')
  t.deepEqual(
    readdirSync(directory).filter((name) => !/\.(csv|txt|json)$/.test(name)),
    [],
  )

  writeFileSync(join(site.directory, 'file'), '')
  t.is((await runCommand(site, ['dumpdb', join(site.directory, 'file', 'below')])).status, 1)
  t.deepEqual(readdirSync(site.directory).sort(), ['file', 'mine', 'state'])
})

test('any comment goes out and comes back as it was', async (t) => {
  const text = fc.stringMatching(/^[ -~äß\n\t",#|\\]{0,40}$/)
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), async (comments) => {
      const site = newSite(t)
      for (const [at, comment] of comments.entries())
        await runCommand(site, ['chtab', `node=n${at}`, 'noderes.netboot=pxe', `noderes.comments=${comment}`])
      await runCommand(site, ['dumpdb', join(site.directory, 'a')])
      const other = newSite(t)
      const { status, stderr } = await runCommand(other, ['restoredb', join(site.directory, 'a')])
      t.is(status, 0, stderr)
      await runCommand(other, ['dumpdb', join(other.directory, 'b')])
      t.deepEqual(dumped(join(other.directory, 'b')), dumped(join(site.directory, 'a')))
      rmSync(site.directory, { recursive: true })
      rmSync(other.directory, { recursive: true })
    }),
    { numRuns: 15 },
  )
})

test('links in a directory are read as the files they name, broken ones are said', async (t) => {
  const site = newSite(t)
  const directory = small(site, 'dump', { 'other.txt': '#node,netboot\n"n1","pxe"\n' })
  symlinkSync('other.txt', join(directory, 'noderes.csv'))
  symlinkSync('gone', join(directory, 'site.csv'))
  chmodSync(directory, 0o755)
  const ran = await runCommand(site, ['import-xcat', directory])
  t.is(ran.status, 1)
  t.regex(ran.stderr, /site\.csv cannot be read: ENOENT/)
})

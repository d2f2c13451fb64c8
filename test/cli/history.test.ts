/** history, diff, undo, tabprune, and tabdump and tabrestore of the logs: transcripts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const HOST = hostname().split('.')[0] ?? ''

/** Times and the machine's name are those of the moment. */
async function timeless(t: ExecutionContext, site: Site, words: readonly string[], expected: string): Promise<void> {
  const { stdout } = await runCommand(site, words)
  const text = stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME').replaceAll(`"${HOST}"`, '"HOST"')
  t.is(text, expected.replace(/^\n/, ''))
}

async function someChanges(t: ExecutionContext): Promise<Site> {
  const site = newSite(t)
  await transcript(
    t,
    site,
    `
$ mkdef n1,n2 groups=all netboot=xnba
2 object definitions have been created or modified.
$ chdef n1 netboot=grub2 'usercomment=by hand'
1 object definitions have been created or modified.
$ chtab key=system,username=root passwd.password=topsecret
$ rmdef n2
1 object definitions have been removed.
`,
  )
  return site
}

test('history: one line a transaction, newest first; chosen by table, row, number and time', async (t) => {
  const site = await someChanges(t)
  await timeless(
    t,
    site,
    ['history'],
    `
4  TIME  root  2 rows  rmdef -o n2
3  TIME  root  1 row   chtab key=system,username=root passwd.password=********
2  TIME  root  2 rows  chdef -o n1 netboot=grub2 'usercomment=by hand'
1  TIME  root  4 rows  mkdef -o n1,n2 groups=all netboot=xnba
`,
  )
  const revisions = async (...words: string[]) => {
    const { stdout } = await runCommand(site, ['history', ...words])
    return stdout.split('\n').flatMap((line) => line.split(' ', 1)[0] || [])
  }
  t.deepEqual(await revisions('-n', '2'), ['4', '3'])
  t.deepEqual(await revisions('-n', '0'), [])
  t.deepEqual(await revisions('n1'), ['2', '1'])
  t.deepEqual(await revisions('n2', 'noderes'), ['4', '1'])
  t.deepEqual(await revisions('passwd'), ['3'])
  t.deepEqual(await revisions('nosuch'), [])
  t.deepEqual(await revisions('--since', '1h'), ['4', '3', '2', '1'])
  t.deepEqual(await revisions('--since', '2100-01-01 12:00'), [])
  const { data } = { data: JSON.parse((await runCommand(site, ['history', '--json', '-n', '1'])).stdout) }
  t.like(data[0], { revision: 4, author: 'root', rows: 2, commandLine: 'rmdef -o n2', undoneBy: null, undoes: [] })
  await transcript(
    t,
    site,
    `
$ history --since yesterday
! Error: --since yesterday: give a date (2026-11-20, '2026-11-20 18:30') or 30m, 2h, 3d, 1w
! Usage: liteboot history [options] [words...]
!        \`liteboot history --help\` explains the options
[1]
$ history -n x
! Error: option '-n, --number <count>' argument 'x' is invalid. It must be a whole number.
! Usage: liteboot history [options] [words...]
!        \`liteboot history --help\` explains the options
[1]
`,
  )
})

test('diff: of the last change, of one, between two, both ways', async (t) => {
  const site = await someChanges(t)
  await timeless(
    t,
    site,
    ['diff'],
    `
revision 4  TIME  root  rmdef -o n2
nodelist node=n2 (removed):
    groups: all
noderes node=n2 (removed):
    netboot: xnba
`,
  )
  await timeless(
    t,
    site,
    ['diff', '2'],
    `
revision 2  TIME  root  chdef -o n1 netboot=grub2 'usercomment=by hand'
nodelist node=n1:
    comments: (unset) -> by hand
noderes node=n1:
    netboot: xnba -> grub2
`,
  )
  await transcript(
    t,
    site,
    `
$ diff 0 now
revision 0 -> 4
nodelist node=n1 (added):
    groups: all
    comments: by hand
noderes node=n1 (added):
    netboot: grub2
passwd key=system,username=root (added):
    password: ********
$ diff 3 1
revision 3 -> 1
nodelist node=n1:
    comments: by hand -> (unset)
noderes node=n1:
    netboot: grub2 -> xnba
passwd key=system,username=root (removed):
    password: ********
$ diff now now
revision 4 -> 4
No row differs.
$ diff 5
! Error: there is no revision 5: the tables are at 4
!        List the revisions with \`liteboot history\`. [LB_NO_REVISION]
[1]
$ diff 1 2 3
! Error: Give two revisions at most.
! Usage: liteboot diff [options] [revisions...]
!        \`liteboot diff --help\` explains the options
[1]
$ diff yesterday
! Error: yesterday is not the number of a revision.
! Usage: liteboot diff [options] [revisions...]
!        \`liteboot diff --help\` explains the options
[1]
`,
  )
  const { stdout } = await runCommand(site, ['diff', '3', '--json'])
  const { changes, transaction } = JSON.parse(stdout)
  t.is(transaction.revision, 3)
  t.deepEqual(changes, [
    {
      table: 'passwd',
      row: 'key=system,username=root',
      kind: 'added',
      columns: [{ column: 'password', before: '', after: '********' }],
    },
  ])
  t.false(stdout.includes('topsecret'))
  await transcript(
    t,
    newSite(t),
    `
$ history
$ diff
! Error: no change is in the history yet
!        List the revisions with \`liteboot history\`. [LB_NO_REVISION]
[1]
$ undo
! Error: there is no change to undo
!        List the revisions with \`liteboot history\`. [LB_NO_REVISION]
[1]
`,
  )
})

test('undo: again and again goes back; an undo is undone; a dry run does nothing', async (t) => {
  const site = await someChanges(t)
  const { stdout, status } = await runCommand(site, ['undo', '--dry-run'])
  t.is(status, 0)
  t.regex(stdout, /nodelist node=n2: new.*\n.*noderes node=n2: new[\s\S]*undone: revision 4 \(rmdef -o n2\)$/m)
  await transcript(
    t,
    site,
    `
$ undo
undone: revision 4 (rmdef -o n2); this is revision 5
$ undo
undone: revision 3 (chtab key=system,username=root passwd.password=********); this is revision 6
$ tabdump passwd
#key,username,password,cryptmethod,authdomain,comments,disable
$ undo 6
undone: revision 6 (undo); this is revision 7
$ tabdump passwd
#key,username,password,cryptmethod,authdomain,comments,disable
"system","root","topsecret",,,,
$ undo 4
! Error: revision 4 was undone by revision 5
!        Nothing was changed. \`liteboot undo 5\` takes the undo back. [LB_CHANGED_SINCE]
[1]
$ undo 2 3
undone: revisions 3 (chtab key=system,username=root passwd.password=********), 2 (chdef -o n1 netboot=grub2 'usercomment=by hand'); this is revision 8
$ undo 9
! Error: there is no revision 9: the tables are at 8
!        List the revisions with \`liteboot history\`. [LB_NO_REVISION]
[1]
$ lsdef n1 -i netboot,usercomment
Object name: n1
    netboot=xnba
    usercomment=
`,
  )
  await timeless(
    t,
    site,
    ['history', '-n', '7'],
    `
8  TIME  root  3 rows  undo 2 3
7  TIME  root  1 row   undo 6
6  TIME  root  1 row   undo  (undid 3; undone by 7)
5  TIME  root  2 rows  undo  (undid 4)
4  TIME  root  2 rows  rmdef -o n2  (undone by 5)
3  TIME  root  1 row   chtab key=system,username=root passwd.password=********  (undone by 8)
2  TIME  root  2 rows  chdef -o n1 netboot=grub2 'usercomment=by hand'  (undone by 8)
`,
  )
})

test('undo: later edits of the same cells stand in the way, and are named; --force overrules; checks hold', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef n1,n2 groups=all netboot=xnba
2 object definitions have been created or modified.
$ chdef n1,n2 netboot=grub2 arch=x86_64
2 object definitions have been created or modified.
$ chdef n1 netboot=ipxe
1 object definitions have been created or modified.
$ chdef n2 arch=ppc64le
1 object definitions have been created or modified.
$ undo 2
! Error: revision 2 cannot be undone: rows it changed were changed again
!        noderes node=n1: netboot is ipxe, it was grub2 (revision 3, root: chdef -o n1 netboot=ipxe)
!        nodetype node=n2: arch is ppc64le, it was x86_64 (revision 4, root: chdef -o n2 arch=ppc64le)
!        Nothing was changed. Undo the later changes first, or have them overwritten with --force; \`liteboot diff <revision>\` shows a change. [LB_CHANGED_SINCE]
[1]
$ undo 2 4
! Error: revision 2 cannot be undone: rows it changed were changed again
!        noderes node=n1: netboot is ipxe, it was grub2 (revision 3, root: chdef -o n1 netboot=ipxe)
!        Nothing was changed. Undo the later changes first, or have them overwritten with --force; \`liteboot diff <revision>\` shows a change. [LB_CHANGED_SINCE]
[1]
$ undo --force 2
undone: revision 2 (chdef -o n1,n2 netboot=grub2 arch=x86_64); this is revision 5
$ tabdump noderes -w node=~n%
#node,servicenode,netboot,tftpserver,tftpdir,nfsserver,monserver,nfsdir,installnic,primarynic,discoverynics,cmdinterface,xcatmaster,current_osimage,next_osimage,nimserver,routenames,nameservers,proxydhcp,syslog,comments,disable
"n1",,"xnba",,,,,,,,,,,,,,,,,,,
"n2",,"xnba",,,,,,,,,,,,,,,,,,,
$ chtab node=n1 hosts.ip=10.0.0.1
$ chtab -d node=n1 hosts
$ chtab node=n2 hosts.ip=10.0.0.1
$ undo 7
! Error: hosts row node=n2, column ip: 10.0.0.1 belongs to node n1 already
!        Nothing was changed. Correct the rows named above and run the command again. [LB_BAD_EDIT]
[1]
`,
  )
})

test('undo --force leaves a row that is gone as it is, and says so', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef n1,n2 groups=all netboot=xnba
2 object definitions have been created or modified.
$ chdef n1,n2 netboot=ipxe
2 object definitions have been created or modified.
$ rmdef n1
1 object definitions have been removed.
$ undo 2
! Error: revision 2 cannot be undone: rows it changed were changed again
!        noderes node=n1: the row is gone (revision 3, root: rmdef -o n1)
!        Nothing was changed. Undo the later changes first, or have them overwritten with --force; \`liteboot diff <revision>\` shows a change. [LB_CHANGED_SINCE]
[1]
$ undo --force 2
undone: revision 2 (chdef -o n1,n2 netboot=ipxe); this is revision 4
! Warning: noderes node=n1: the row is gone, and stays so
$ diff 3 now
revision 3 -> 4
noderes node=n2:
    netboot: ipxe -> xnba
`,
  )
})

test('what the server writes of a node does not stand in the way of an undo', async (t) => {
  const site = newSite(t)
  await runCommand(site, ['mkdef', 'n1', 'groups=all'])
  const { openSqliteStore } = await import('../../src/store/sqlite.ts')
  const store = openSqliteStore({ path: site.places.tables })
  const seen = (status: string) =>
    store.transact((tx) => tx.setRows('nodelist', { node: 'n1' }, { status, statustime: 'now' }), {
      author: 'server',
      record: false,
    })
  seen('booted')
  await runCommand(site, ['chdef', 'n1', 'status=powering-off', 'groups=all,off'])
  store.refresh()
  seen('netbooting')
  store.close()
  await transcript(
    t,
    site,
    `
$ undo 2
! Error: revision 2 is not in the history: the server made it by itself (status of nodes)
!        List the revisions with \`liteboot history\`. [LB_NO_REVISION]
[1]
$ undo 0
! Error: revision 0 is the beginning, before any change
!        List the revisions with \`liteboot history\`. [LB_NO_REVISION]
[1]
$ undo
undone: revision 3 (chdef -o n1 status=powering-off groups=all,off); this is revision 5
$ lsdef n1 -i groups,status
Object name: n1
    groups=all
    status=netbooting
$ undo
undone: revision 1 (mkdef -o n1 groups=all); this is revision 6
$ tabdump nodelist
#node,groups,status,statustime,appstatus,appstatustime,primarysn,hidden,updatestatus,updatestatustime,zonename,comments,disable
`,
  )
})

const HEADER = '#recid,audittime,userid,clientname,clienttype,command,noderange,args,status,comments,disable'

test('auditlog: dumped, chosen from, saved and brought back; not edited', async (t) => {
  const site = await someChanges(t)
  await runCommand(site, ['chdef', 'n1', 'mac=nonsense'])
  const mkdef = `"1","TIME","root","HOST","cli","mkdef","n1,n2","-o n1,n2 groups=all netboot=xnba","Allowed","revision 1: nodelist node=n1 added (groups: all); noderes node=n1 added (netboot: xnba); nodelist node=n2 added (groups: all); noderes node=n2 added (netboot: xnba)",`
  const chtab = `"3","TIME","root","HOST","cli","chtab",,"key=system,username=root passwd.password=********","Allowed","revision 3: passwd key=system,username=root added (password: ********)",`
  const rmdef = `"4","TIME","root","HOST","cli","rmdef","n2","-o n2","Allowed","revision 4: nodelist node=n2 removed (groups: all); noderes node=n2 removed (netboot: xnba)",`
  await timeless(t, site, ['tabdump', '-w', 'recid<2', 'auditlog'], `${HEADER}\n${mkdef}\n`)
  await timeless(
    t,
    site,
    ['tabdump', '-n', '2', '-w', 'status==Allowed', 'auditlog'],
    `${HEADER}\n${chtab}\n${rmdef}\n`,
  )
  const { stdout } = await runCommand(site, ['tabdump', '-n', '1', 'auditlog'])
  t.regex(stdout, /"5",.*"chdef","n1",.*"Failed","LB_BAD_EDIT: mac row node=n1, column mac: .*",\n$/)
  const file = join(site.directory, 'auditlog.csv')
  await runCommand(site, ['tabdump', '-f', file, 'auditlog'])
  const saved = readFileSync(file, 'utf8')
  writeFileSync(join(site.directory, 'eventlog.csv'), '#recid,eventtime,severity\n"7","x","critical"\n,"y",\n')
  await transcript(
    t,
    site,
    `
$ tabprune auditlog -a
tabprune of auditlog complete.
$ tabrestore @/auditlog.csv
$ tabrestore -a @/auditlog.csv
! Error: table auditlog has a row recid=1 already
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ tabrestore @/eventlog.csv
$ tabdump eventlog
#recid,eventtime,eventtype,monitor,monnode,node,application,component,id,severity,message,rawdata,comments,disable
"7","x",,,,,,,,"critical",,,,
"8","y",,,,,,,,,,,,
$ chtab recid=7 eventlog.severity=x
! Error: eventlog is a log: its rows cannot be changed, only removed with tabprune
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ chtab -d recid=7 eventlog
! Error: eventlog is a log: its rows cannot be changed, only removed with tabprune
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ gettab recid=7 eventlog.severity
critical
$ tabdump -n 1 site
! Error: -n can only be used with auditlog and eventlog.
! Usage: tabdump [options] [table]
!        \`tabdump --help\` explains the options
[1]
`,
  )
  const again = (await runCommand(site, ['tabdump', '-w', 'recid<6', 'auditlog'])).stdout
  t.is(again, saved)
  const names = (await runCommand(site, ['tabdump'])).stdout.split('\n')
  t.true(names.includes('auditlog') && names.includes('eventlog'))
  t.regex((await runCommand(site, ['tabdump', '-d', 'auditlog'])).stdout, /^recid:\t\t\S/)
})

test('tabprune: the options of xCAT', async (t) => {
  const site = newSite(t)
  const rows = Array.from({ length: 10 }, (_, at) => `"${at + 1}","2026-01-${String(at + 10)} 00:00:00"`)
  writeFileSync(join(site.directory, 'eventlog.csv'), `#recid,eventtime\n${rows.join('\n')}\n`)
  const left = async () => {
    const { stdout } = await runCommand(site, ['tabdump', 'eventlog'])
    return stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => Number(/\d+/.exec(line)?.[0]))
  }
  await runCommand(site, ['tabrestore', join(site.directory, 'eventlog.csv')])
  const pruned = async (...words: string[]) => {
    await runCommand(site, ['tabprune', 'eventlog', ...words])
    return left()
  }
  t.deepEqual(await pruned('-n', '2'), [3, 4, 5, 6, 7, 8, 9, 10])
  t.deepEqual(await pruned('-i', '5'), [5, 6, 7, 8, 9, 10])
  t.deepEqual(await pruned('-p', '50'), [8, 9, 10])
  t.deepEqual(await pruned('--dry-run', '-a'), [8, 9, 10])
  t.deepEqual(await pruned('-d', '99999'), [8, 9, 10])
  await transcript(
    t,
    site,
    `
$ tabprune eventlog --dry-run -n 1
tabprune would remove 1 rows of eventlog.
$ tabprune eventlog -V -n 1
#recid,eventtime,eventtype,monitor,monnode,node,application,component,id,severity,message,rawdata,comments,disable
"8","2026-01-17 00:00:00",,,,,,,,,,,,
$ tabprune eventlog -d 0
tabprune of eventlog complete.
$ tabdump eventlog
#recid,eventtime,eventtype,monitor,monnode,node,application,component,id,severity,message,rawdata,comments,disable
$ tabprune eventlog
! Error: One option -p or -i or -n or -a or -d must be supplied.
! Usage: tabprune [options] <table>
!        \`tabprune --help\` explains the options
[1]
$ tabprune eventlog -n 1 -a
! Error: Only one option -p or -i or -n or -a or -d may be used at a time.
! Usage: tabprune [options] <table>
!        \`tabprune --help\` explains the options
[1]
$ tabprune site -n 1
! Error: Table site not supported: only -a can be used on a table that is not a log.
! Usage: tabprune [options] <table>
!        \`tabprune --help\` explains the options
[1]
$ chtab key=a site.value=b
$ tabprune site -V -a
#key,value,comments,disable
"a","b",,
$ tabdump site
#key,value,comments,disable
$ undo
undone: revision 2 (tabprune site -a); this is revision 3
$ tabprune eventlgo -a
! Error: No such table: eventlgo
!        Did you mean 'eventlog'? List the tables with \`tabdump\`. [LB_NO_TABLE]
[1]
`,
  )
  t.is((await runCommand(site, ['tabprune'])).status, 1)
})

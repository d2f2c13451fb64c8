/** tabdump, tabrestore, chtab: transcripts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newSite, runCommand, transcript } from './transcript.ts'

test('tabdump: CSV as xCAT writes it, conditions, faults', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ tabdump litefile
#image,file,options,comments,disable
$ chtab image=ALL,file=/etc/ntp.conf litefile.options=link,persistent
$ chtab image=ALL,file=/root/.ssh/ litefile.options=tmpfs 'litefile.comments=say "hi", ok'
$ chtab image=ALL,file=/etc/fstab litefile.disable=1
$ tabdump litefile
#image,file,options,comments,disable
"ALL","/etc/ntp.conf","link,persistent",,
"ALL","/root/.ssh/","tmpfs","say ""hi"", ok",
"ALL","/etc/fstab",,,"1"
$ tabdump -w options==tmpfs litefile
#image,file,options,comments,disable
"ALL","/root/.ssh/","tmpfs","say ""hi"", ok",
$ tabdump -w file=~/etc/% -w options!=tmpfs litefile
#image,file,options,comments,disable
"ALL","/etc/ntp.conf","link,persistent",,
$ tabdump -w file!~%ssh% litefile
#image,file,options,comments,disable
"ALL","/etc/ntp.conf","link,persistent",,
$ tabdump -w b==1 litefile
! Error: No column "b" in table "litefile"
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ tabdump -w file litefile
! Error: Unsupported operator:file on -w flag input
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ tabdump litefil
! Error: No such table: litefil
!        Did you mean 'litefile'? List the tables with \`tabdump\`. [LB_NO_TABLE]
[1]
$ tabdump -d litefil
! Error: table litefil does not exist.
!        Did you mean 'litefile'? List the tables with \`tabdump\`. [LB_NO_TABLE]
[1]
$ tabdump litefile litetree
! Error: too many arguments. Expected 1 argument but got 2: litefile, litetree.
! Usage: tabdump [options] [table]
!        \`tabdump --help\` explains the options
[1]
`,
  )
})

test('tabdump: names and descriptions', async (t) => {
  const site = newSite(t)
  const names = (await runCommand(site, ['tabdump'])).stdout.trimEnd().split('\n')
  t.deepEqual(names, [...names].sort())
  for (const name of ['bootparams', 'litefile', 'litetree', 'mac', 'noderes', 'site', 'statelite'])
    t.true(names.includes(name), name)
  t.regex((await runCommand(site, ['tabdump', '-d'])).stdout, /^litefile:\t\S/m)
  const columns = (await runCommand(site, ['tabdump', '-d', 'litefile'])).stdout
  t.regex(columns, /^image:\t\t\S.*\n\nfile:\t\t\S.*\n\noptions:\t\S/)
})

test('tabdump -f writes a file that tabrestore reads back', async (t) => {
  const site = newSite(t)
  await transcript(
    t,
    site,
    `
$ chtab key=domain site.value=cluster.test
$ tabdump -f @/site.csv site
$ chtab -d key=domain site
$ tabrestore @/site.csv
$ tabdump -w key==domain site
#key,value,comments,disable
"domain","cluster.test",,
`,
  )
  t.regex(readFileSync(join(site.directory, 'site.csv'), 'utf8'), /^#key,value,comments,disable\n"domain"/)
  const { stderr, status } = await runCommand(site, ['tabdump', '-f', '/nowhere/x.csv', 'site'])
  t.is(status, 1)
  t.regex(stderr, /cannot write the table: ENOENT.*\/nowhere\/x\.csv.*\n.*\[LB_FILE\]/)
})

test('tabrestore: replaces all rows or none, and says which line is wrong', async (t) => {
  const site = newSite(t)
  const csv = (name: string, text: string) => writeFileSync(join(site.directory, name), text)
  csv('litetree.csv', '#priority,image,directory\n"1","","10.1.0.1:/lt"\n"2",,"10.1.0.2:/lt"\n')
  csv('litetree.more.csv', '#priority,directory\n"3","10.1.0.3:/lt"\n')
  csv('litefile.csv', '#image,file,options\n"ALL","/a","rw\n')
  csv('nosuch.csv', '#a\n')
  csv('statelite.csv', '#node,statemnt\n"all","s:/p"\n\n"lite",\n')
  writeFileSync(join(site.directory, 'rack.csv'), Buffer.from('#rackname,room\n"r1","K\xfcche"\n', 'latin1'))
  writeFileSync(join(site.directory, 'zone.csv'), '\ufeff#zonename,sshkeydir\r\n"z1","/k"\r\nz2\r\n')
  csv('mac.csv', 'node,mac\n')
  csv('hosts.csv', '#node,bogus\n')
  await transcript(
    t,
    site,
    `
$ tabrestore @/litetree.csv
$ tabrestore -a @/litetree.more.csv
$ tabdump litetree
#priority,image,directory,mntopts,comments,disable
"1",,"10.1.0.1:/lt",,,
"2",,"10.1.0.2:/lt",,,
"3",,"10.1.0.3:/lt",,,
$ tabrestore -a @/litetree.more.csv
! Error: DB error table litetree has a row priority=3 already with line 0: "3","10.1.0.3:/lt"
[4]
$ tabrestore @/litefile.csv
! Error: CSV unmatched " in record on line 0, character 11: "ALL","/a","rw
[4]
$ tabrestore @/statelite.csv
! Error: DB error table statelite, row node=lite: column statemnt must not be empty with line 2: "lite",
[4]
$ tabrestore @/rack.csv
! Error: @/rack.csv is not UTF-8 text: convert it first, for example with iconv -f latin1 -t utf-8 @/rack.csv
[4]
$ tabrestore @/zone.csv
$ tabdump zone
#zonename,sshkeydir,sshbetweennodes,defaultzone,comments,disable
"z1","/k",,,,
"z2",,,,,
$ tabrestore @/nosuch.csv
! Error: Unable to open nosuch
[4]
$ tabrestore @/absent.csv
! Error: Unable to open @/absent.csv for reading.
[3]
$ tabrestore @/mac.csv
! Error: Data missing header line starting with #
[1]
$ tabrestore @/hosts.csv
! Error: The header line indicates that column 'bogus' should exist, which is not defined in the schema for 'hosts'
[1]
`,
  )
  t.is((await runCommand(site, ['tabrestore'])).status, 2)
})

test('chtab: every matching row, lists with +=, new rows, deleting', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ chtab node=n1 nodelist.groups=all
$ chtab node=n2 nodelist.groups=all,gpu
$ chtab node=n1 nodelist.groups+=rack1,all
$ chtab node=n3 nodelist.groups+=rack1
$ tabdump nodelist
#node,groups,status,statustime,appstatus,appstatustime,primarysn,hidden,updatestatus,updatestatustime,zonename,comments,disable
"n1","all,rack1",,,,,,,,,,,
"n2","all,gpu",,,,,,,,,,,
"n3","rack1",,,,,,,,,,,
$ chtab image=a,file=/etc/x litefile.options=tmpfs
! Warning: litefile row image=a,file=/etc/x, column image: there is no image and no image group a (or write ALL)
$ chtab image=ALL,file=/etc/x litefile.options=tmpfs
$ chtab file=/etc/x litefile.options=ro
$ tabdump litefile
#image,file,options,comments,disable
"a","/etc/x","ro",,
"ALL","/etc/x","ro",,
$ chtab -d image=a,file=/etc/x litefile
$ chtab -d image=a,file=/etc/x litefile
$ chtab litefile.image=ALL litefile.file=/etc/y litefile.options=rw
$ chtab litefile.image=ALL litefile.file=/etc/y litefile.options=rw
! Error: table litefile has a row image=ALL,file=/etc/y already
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ tabdump litefile
#image,file,options,comments,disable
"ALL","/etc/x","ro",,
"ALL","/etc/y","rw",,
$ chtab node=n4 nosuch.a=b
! Error: Table nosuch does not exist.
!        List the tables with \`tabdump\`. [LB_NO_TABLE]
[1]
$ chtab node=n4 nodehm.b=1
! Error: nodehm.b not a valid table.column description
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ chtab nod=n4 nodehm.mgt=ipmi
! Error: No column "nod" in table "nodehm"
!        Did you mean 'node'? Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ chtab foo nodehm.mgt=ipmi
! Error: Incorrect argument "foo".
! Usage: chtab [options] key=value[,key=value...] table.column=value ...
!        chtab -d key=value[,key=value...] table ...
!        \`chtab --help\` explains the options
[1]
`,
  )
  t.is((await runCommand(newSite(t), ['chtab'])).status, 1)
})

test('the parent and child rules of litefile hold when the table is edited, and the row is named', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef -t osimage -o lite provmethod=statelite profile=compute osvers=debian12 osarch=x86_64 rootimgdir=/i
1 object definitions have been created or modified.
$ chtab image=ALL,file=/var/ litefile.options=persistent
$ chtab image=lite,file=/var/log/ litefile.options=tmpfs
! Error: litefile row image=lite,file=/var/log/: tmpfs cannot be below /var/, which is persistent (litefile row image=ALL,file=/var/) (use one of persistent, or change /var/)
!        Nothing was changed. Correct the rows named above and run the command again. [LB_BAD_EDIT]
[1]
$ chtab image=lite,file=etc litefile.options=tmpfs
! Error: litefile row image=lite,file=etc: the path must be absolute (begin with /) (correct or disable the row)
!        Nothing was changed. Correct the rows named above and run the command again. [LB_BAD_EDIT]
[1]
$ tabdump litefile
#image,file,options,comments,disable
"ALL","/var/","persistent",,
`,
  )
})

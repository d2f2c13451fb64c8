/** gettab, tabgrep, tabch: transcripts. */
import test from 'ava'
import { newSite, runCommand, transcript } from './transcript.ts'

test('gettab: one row as it is written', async (t) => {
  const site = newSite(t)
  await transcript(
    t,
    site,
    `
$ chtab key=master site.value=10.4.0.1
$ nodeadd n1 groups=gA,all nodetype.os=rhels9.2
$ chtab node=gA 'ipmi.bmc=|10.5.0.($1)|' nodehm.mgt=ipmi
$ chtab node=n9 nodehm.mgt=kvm nodehm.disable=1
$ gettab key=master site.value
10.4.0.1
$ gettab -H key=master site.value
site.value: 10.4.0.1
$ gettab node=n1 nodetype.os nodetype.arch
nodetype.os: rhels9.2
nodetype.arch:${' '}
$ gettab node=gA ipmi.bmc nodehm.mgt
ipmi.bmc: |10.5.0.($1)|
nodehm.mgt: ipmi
$ gettab node=n1 nodehm.mgt
$ gettab node=n9 nodehm.mgt
$ gettab key=nosuch site.value
$ gettab node=n1 nodetype.os nodehm.mgt
nodetype.os: rhels9.2
$ gettab key=master site.value --json
{
  "site.value": "10.4.0.1"
}
$ gettab key=nosuch site.value --json
{
  "site.value": null
}
$ gettab b=master site.value
! Error: Unknown key b to site
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ gettab key=master site.vlaue
! Error: site.vlaue not a valid table.column description
!        Did you mean site.value? [LB_BAD_INPUT]
[1]
`,
  )
  const { stdout, stderr, status } = await runCommand(site, ['gettab', 'master', 'site.value'])
  t.is(stdout, '')
  t.regex(stderr, /^Error: Incorrect argument "master"\.\nUsage: gettab /)
  t.is(status, 1)
  t.is((await runCommand(site, ['gettab'])).status, 1)
})

test('tabgrep: tables with rows for a node, its own or of its groups', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ nodeadd n1 groups=gA,all nodetype.os=rhels9.2
$ nodeadd n2 groups=all
$ chtab node=gA nodehm.mgt=ipmi
$ chtab node=all noderes.netboot=xnba
$ chtab node=gone mac.mac=0a:00:00:00:00:01
$ tabgrep n1
nodehm
nodelist
noderes
nodetype
$ tabgrep n2
nodelist
noderes
$ tabgrep gone
mac
$ tabgrep n2 --json
[
  {
    "table": "nodelist",
    "keys": [
      "n2"
    ]
  },
  {
    "table": "noderes",
    "keys": [
      "all"
    ]
  }
]
$ tabgrep n2,nosuch
! Error: Invalid nodes and/or groups in noderange: nosuch
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
`,
  )
})

test('tabch writes as chtab does, and says clearly what it cannot', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ nodeadd n1 groups=all
$ tabch node=n1 nodehm.mgt=ipmi nodetype.os=rhels9.2
$ gettab node=n1 nodehm.mgt nodetype.os
nodehm.mgt: ipmi
nodetype.os: rhels9.2
$ tabch node=n1 nodehm.bogus=1
! Error: nodehm.bogus not a valid table.column description
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ tabch b=n1 nodehm.mgt=kvm
! Error: No column "b" in table "nodehm"
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ tabch node=n1 nodehm.mgt=kvm nodehm.bogus=1
! Error: nodehm.bogus not a valid table.column description
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ gettab node=n1 nodehm.mgt
ipmi
$ tabch -d node=n1 nodehm
$ gettab node=n1 nodehm.mgt
`,
  )
})

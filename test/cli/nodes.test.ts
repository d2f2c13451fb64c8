/** nodels, nodeadd, nodech, noderm, gennr: transcripts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

/** xCAT's example: what each node inherits. */
async function threeNodes(site: Site): Promise<void> {
  for (const words of [
    'nodeadd n1 groups=gA,gB,all',
    'nodeadd n2 groups=gA,gB,all noderes.netboot=pxe',
    'nodeadd n3 groups=gB,all nodelist.hidden=0',
    'chtab node=gA noderes.netboot=xnba nodehm.mgt=ipmi',
    'chtab node=gB noderes.tftpserver=10.1.0.9',
    'chtab node=all hosts.ip=|10.4.0.($1)|',
  ])
    await runCommand(site, words.split(' '))
}

test('nodels: names, columns, tables, blame', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ nodels
n1
n2
n3
$ nodels gA
n1
n2
$ nodels all,-all
$ nodels ''
$ nodels n1-n3 noderes.netboot -b
n1: xnba (inherited from group gA)
n2: pxe
n3:${' '}
$ nodels n1,n2 noderes.netboot
n1: xnba
n2: pxe
$ nodels n1 -H noderes.netboot
n1: noderes.netboot: xnba
$ nodels n1 groups
n1: gA,gB,all
$ nodels n1 tags mgt
n1: tags: gA,gB,all
n1: mgt: ipmi
$ nodels n3 groups mgt hosts.ip -b
n3: groups: gB,all
n3: mgt:${' '}
n3: hosts.ip: 10.4.0.3 (inherited from group all)
$ nodels n2 hosts
n2: hosts.node: n2
n2: hosts.ip: 10.4.0.2
n2: hosts.hostnames:${' '}
n2: hosts.otherinterfaces:${' '}
n2: hosts.comments:${' '}
n2: hosts.disable:${' '}
$ nodels n1,n3 noderes.netboot groups --json
[
  {
    "node": "n1",
    "noderes.netboot": "xnba",
    "groups": "gA,gB,all"
  },
  {
    "node": "n3",
    "noderes.netboot": null,
    "groups": "gB,all"
  }
]
$ nodels n1 noderes.netboot -b --json
[
  {
    "node": "n1",
    "noderes.netboot": "xnba",
    "inheritedFrom": {
      "noderes.netboot": [
        "gA"
      ]
    }
  }
]
`,
  )
})

test('nodels: conditions select, hidden nodes wait for -S', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ nodels all nodehm.mgt==ipmi
n1
n2
$ nodels all nodehm.mgt!=ipmi
n3
$ nodels all noderes.netboot=~^x
n1
$ nodels all noderes.netboot!~^x mgt
n2: ipmi
n3:${' '}
$ nodels all mgt==ipmi noderes.netboot==pxe groups
n2: gA,gB,all
$ nodels gA mgt==kvm
$ nodech n2 nodelist.hidden=1
$ nodels
n1
n3
$ nodels -S
n1
n2
n3
$ nodels gA noderes.netboot -S
n1: xnba
n2: pxe
`,
  )
})

test('nodels: what is wrong, and nothing else, is printed', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ nodels all bogus
! Error: bogus not a valid table.column description
!        \`tabdump\` lists the tables, \`tabdump -d <table>\` the columns of one. [LB_BAD_INPUT]
[1]
$ nodels all noderes.nteboot
! Error: noderes.nteboot not a valid table.column description
!        Did you mean noderes.netboot? [LB_BAD_INPUT]
[1]
$ nodels all netboot
! Error: netboot not a valid table.column description
!        Did you mean noderes.netboot? [LB_BAD_INPUT]
[1]
$ nodels all site.value
! Error: site.value not a valid table.column description
!        site has no rows of nodes: read it with gettab or tabdump. [LB_BAD_INPUT]
[1]
$ nodels all bogus.x==1
! Error: bogus.x not a valid table.column description
!        \`tabdump\` lists the tables, \`tabdump -d <table>\` the columns of one. [LB_BAD_INPUT]
[1]
$ nodels all mgt!=ipmi nodehm.mgt!=kvm
! Error: There are two conditions on nodehm.mgt: give one
!        A regular expression can say both, such as nodehm.mgt=~a|b. [LB_BAD_INPUT]
[1]
$ chtab key=excludenodes site.value=n1,n2
$ nodels all
n3
$ nodels gA
! Warning: site.excludenodes leaves out n[1-2]
`,
  )
  const { stderr, status } = await runCommand(site, ['nodels', 'n1,n13-n14'])
  t.regex(stderr, /^Error: Invalid nodes and\/or groups in noderange: n13,n14\n/)
  t.is(status, 1)
})

test('nodels: files of nodes are read where they are typed', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  const more = join(site.directory, 'more')
  writeFileSync(more, '# n3\nn1: and more\n\n-n2\nn2 n3\n')
  writeFileSync(join(site.directory, 'cycle'), `x,^${join(site.directory, 'cycle')}\n`)
  await transcript(
    t,
    site,
    `
$ nodels ^@/more
n1
n2
$ nodels all,-^@/more
n3
$ nodels 'gB,(n3,-^@/more)'
n1
n2
n3
$ lsdef -s ^@/more
n1  (node)
n2  (node)
$ nodels ^@/nosuch
! Error: noderange ^@/nosuch: the file cannot be read: ENOENT: no such file or directory, open '@/nosuch'
!        Check the path and its permissions. [LB_FILE]
[1]
`,
  )
  t.regex((await runCommand(site, ['nodels', `^${join(site.directory, 'cycle')}`])).stderr, /the files name each other/)
})

test('nodeadd: nodes with their groups, or none at all', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ nodeadd n[1-2] groups=compute,all nodehm.mgt=ipmi nodetype.os=rhels9.2
$ nodels all groups mgt nodetype.os
n1: groups: compute,all
n1: mgt: ipmi
n1: nodetype.os: rhels9.2
n2: groups: compute,all
n2: mgt: ipmi
n2: nodetype.os: rhels9.2
$ nodeadd CN3 groups=all
! Warning: The node name 'CN3' contains capital letters which may not be resolved correctly by the dns server.
$ nodeadd n4 nodehm.mgt=ipmi
! Error: Attribute 'groups' is not specified: a node without groups= does not come into existence.
[1]
$ nodeadd n4 groups= nodehm.mgt=ipmi
! Error: Attribute 'groups' is not specified: a node without groups= does not come into existence.
[1]
$ nodeadd n4,n.5 groups=all
! Error: The object name 'n.5' is invalid, Cannot use '.' in node name.
[1]
$ nodeadd 'n4,n!' groups=all
! Error: The object name 'n!' is invalid, please refer to "man xcatdb" for the valid "xCAT Object Name Format"
[1]
$ nodeadd n4 groups=all nodehm.bogus=1
! Error: nodehm.bogus not a valid table.column description
!        \`tabdump -d nodehm\` lists its columns. [LB_BAD_INPUT]
[1]
$ nodels
CN3
n1
n2
$ tabdump nodehm
#node,power,mgt,cons,termserver,termport,conserver,serialport,serialspeed,serialflow,getmac,cmdmapping,consoleondemand,consoleenabled,comments,disable
"n1",,"ipmi",,,,,,,,,,,,,
"n2",,"ipmi",,,,,,,,,,,,,
$ chtab node=n1 nodelist.disable=yes
$ nodeadd n1 groups=all
! Warning: n1: its nodelist row is disabled; nodelist.disable= on the same command enables it
$ nodeadd n1 groups=all nodelist.disable=
$ nodels n1 groups
n1: all
$ chtab key=excludenodes site.value=n5
$ nodeadd n5 groups=all
$ gettab node=n5 nodelist.groups
all
`,
  )
})

test('nodech: set, unset, lists, conditions, rows', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ nodech n1,n3 noderes.netboot=grub2 nodehm.mgt=kvm
$ nodels all noderes.netboot mgt
n1: noderes.netboot: grub2
n1: mgt: kvm
n2: noderes.netboot: pxe
n2: mgt: ipmi
n3: noderes.netboot: grub2
n3: mgt: kvm
$ nodech n1 noderes.netboot= nodelist.comments=
$ gettab node=n1 noderes.netboot nodelist.comments
noderes.netboot: |^.*$||
nodelist.comments:${' '}
$ nodels n1 noderes.netboot
n1:${' '}
$ nodech n1 groups,=rack1,gB,rack2
$ nodels n1 groups
n1: rack1,rack2,gA,gB,all
$ nodech n1 groups^=rack1,nosuch,gB groups,=rack3
$ nodels n1 groups
n1: rack3,rack2,gA,all
$ nodech all nodehm.mgt==ipmi groups,=ipmi
$ nodels ipmi
n2
$ nodech all mgt==nosuch groups,=x
! Warning: no nodes in 'all': nothing was changed.
$ nodech -d n1,n2 noderes
$ nodels all noderes.netboot
n1: xnba
n2: xnba
n3: grub2
$ nodech -d n3 nodelist
! Warning: the nodes are gone from nodelist, their rows in other tables stay; noderm removes all of them
$ tabgrep n3
nodehm
noderes
`,
  )
})

test('nodech: =@ sets what begins with an operator', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  // A transcript would take the @ for the site's directory.
  t.is((await runCommand(site, ['nodech', 'n1', 'nodelist.comments=@=foo'])).status, 0)
  t.is((await runCommand(site, ['gettab', 'node=n1', 'nodelist.comments'])).stdout, '=foo\n')
})

test('nodech: inherited lists become own ones; removing the last item leaves nothing, also of the group', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ chtab node=gA postscripts.postscripts=p1,p2
$ nodech n1 postscripts.postscripts,=p0
$ nodech n2 postscripts.postscripts^=p1,p2
$ nodels gA postscripts.postscripts
n1: p0,p1,p2
n2:${' '}
$ tabch node=n1,switch=s1,port=7 switch.vlan=5
$ tabch node=n1,switch=s2,port=8 switch.vlan=6
$ nodech n1 switch.vlan=9
$ tabdump -w node==n1 switch
#node,switch,port,vlan,interface,comments,disable
"n1","s1","7","9",,,
"n1","s2","8","9",,,
`,
  )
})

test('nodech: a wrong word anywhere and nothing is changed', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ nodech n1 nodehm.mgt=kvm b.x=1
! Error: b.x not a valid table.column description
!        \`tabdump\` lists the tables, \`tabdump -d <table>\` the columns of one. [LB_BAD_INPUT]
[1]
$ nodech n1 nodehm.mgt=kvm x
! Error: Malformed argument x ignored.
!        Write table.column=value. [LB_BAD_INPUT]
[1]
$ nodech n1 nodelist.node=n7
! Error: nodelist.node=n7: a node cannot be renamed so
!        Rename a node with \`chdef <node> -n <new name>\`. [LB_BAD_INPUT]
[1]
$ nodech -d n1 noderes site
! Error: site has no rows of nodes
!        site has no rows of nodes: read it with gettab or tabdump. [LB_BAD_INPUT]
[1]
$ nodels n1 mgt
n1: ipmi
`,
  )
  for (const words of [
    ['nodech', 'n1'],
    ['nodech', 'n1', 'mgt==ipmi'],
    ['nodech', 'n1', '-d'],
    ['nodeadd', 'n1'],
  ]) {
    const { stderr, status } = await runCommand(site, words)
    t.regex(stderr, /\nUsage: /)
    t.is(status, 1)
  }
  t.is((await runCommand(site, ['nodech'])).status, 0)
})

test('noderm: the rows of every table; what else names the nodes is told', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ chtab node=n1 statelite.statemnt=n2:/state
$ chtab node=n3 noderes.xcatmaster=n1 'noderes.comments=was on n1'
$ tabch node=n1,switch=s1,port=7 switch.vlan=5
$ tabch node=n1,switch=s2,port=8 switch.disable=1
$ chtab key=master site.value=n1.cluster.test
$ noderm n1
! Warning: noderes row node=n3: xcatmaster still names n1
! Warning: site row key=master: value still names n1
$ nodels
n2
n3
$ tabgrep n1
! Error: Invalid nodes and/or groups in noderange: n1
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
$ tabdump switch
#node,switch,port,vlan,interface,comments,disable
$ noderm nosuch,n2
! Error: Invalid nodes and/or groups in noderange: nosuch
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
$ noderm all,-all
! Warning: no nodes in 'all,-all': nothing was changed.
$ noderm gB
$ nodels
$ gettab node=gB noderes.tftpserver
10.1.0.9
`,
  )
  t.is((await runCommand(site, ['noderm'])).status, 0)
})

test('gennr: ranges need no nodes; --fold is the way back', async (t) => {
  const site = newSite(t)
  await threeNodes(site)
  await transcript(
    t,
    site,
    `
$ gennr cn[08-10],n7
cn08
cn09
cn10
n7
$ gennr gA
n1
n2
$ gennr --fold all,cn008,cn009,cn010,r[1-2]b[1-2]
cn[008-010],n[1-3],r[1-2]b[1-2]
$ gennr --fold all,-all
$ gennr --fold gA --json
"n[1-2]"
$ gennr n[1
! Error: Invalid nodes and/or groups in noderange: n[1
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ gennr '(n1'
! Error: Unbalanced parentheses in noderange
!        Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
`,
  )
})

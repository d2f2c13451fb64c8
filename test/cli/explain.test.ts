/** liteboot explain: transcripts. */
import test from 'ava'
import { newSite, runCommand, type Site, transcript } from './transcript.ts'

const IMAGE =
  'mkdef -t osimage -o el9-lite imagetype=linux provmethod=statelite profile=compute osname=Linux osvers=rhels9.2 osarch=x86_64 groups=lite-images'

async function makeSite(site: Site): Promise<void> {
  for (const line of [
    'chdef -t site master=10.4.255.1 domain=cluster.test',
    'mkdef -t network -o net1 net=10.4.0.0 mask=255.255.0.0 gateway=10.4.255.1',
    IMAGE,
    'mkdef sl[01-02] groups=lite,all',
    'chdef -t group lite mgt=ipmi netboot=xnba ip=|10.4.0.($1)| bmc=|10.5.0.($1)| xcatmaster=10.4.255.1 provmethod=el9-lite profile=compute',
    'chdef -t group all netboot=pxe',
    'chdef sl01 mac=0a:00:00:00:00:01',
    'chdef sl02 netboot=|^.*$||',
    'chtab image=ALL,file=/etc/ssh/ litefile.options=tmpfs',
    'chtab image=lite-images,file=/var/lib/app/ litefile.options=tmpfs',
    'chtab image=el9-lite,file=/var/lib/app/ litefile.options=persistent',
    'chtab image=other,file=/etc/ssh/ litefile.options=ro',
    'chtab image=ALL,file=/srv/ litefile.options=tmpfs litefile.disable=1',
    'chtab priority=1 litetree.image=el9-lite litetree.directory=10.4.255.1:/lite/$nodetype.profile',
    'chtab node=lite statelite.statemnt=10.4.255.1:/state statelite.mntopts=soft,timeo=30',
  ])
    await runCommand(site, line.split(' '))
}

test('explain: an attribute, its row, group, pattern, and what it shadows', async (t) => {
  const site = newSite(t)
  await makeSite(site)
  await transcript(
    t,
    site,
    `
$ explain sl01 netboot
sl01: netboot=xnba
    from noderes row node=lite (group), netboot: xnba
    shadows noderes row node=all (group), netboot: pxe
$ explain sl01 hosts.ip
sl01: hosts.ip=10.4.0.1
    from hosts row node=lite (group), ip: |10.4.0.($1)|
      [\\D0]*(\\d+).*$ matches "sl01", $1=1
      ($1) = 1
      value: 10.4.0.1
$ explain sl02 netboot
sl02: netboot is not set
    from noderes row node=sl02, netboot: |^.*$||
      ^.*$ matches "sl02"
      value: nothing
    it comes to nothing, so no further group is asked
    shadows noderes row node=lite (group), netboot: xnba
    shadows noderes row node=all (group), netboot: pxe
$ explain lite consport
sl01: consport is not set
    table openbmc only when mgt is openbmc; mgt is ipmi
sl02: consport is not set
    table openbmc only when mgt is openbmc; mgt is ipmi
$ explain sl01 nfsserver
sl01: nfsserver is not set
    no noderes row of sl01 or of its groups (lite,all) has nfsserver
$ explain sl01
sl01:
    bmc=10.5.0.1           ipmi.bmc of group lite: |10.5.0.($1)|
    groups=lite,all        nodelist.groups of sl01
    ip=10.4.0.1            hosts.ip of group lite: |10.4.0.($1)|
    mac=0a:00:00:00:00:01  mac.mac of sl01
    mgt=ipmi               nodehm.mgt of group lite
    netboot=xnba           noderes.netboot of group lite; shadows all
    profile=compute        nodetype.profile of group lite
    provmethod=el9-lite    nodetype.provmethod of group lite
    xcatmaster=10.4.255.1  noderes.xcatmaster of group lite
`,
  )
})

test('explain: accumulated values, disabled rows', async (t) => {
  const site = newSite(t)
  await makeSite(site)
  await runCommand(site, ['chtab', 'node=lite', 'postscripts.postscripts=p($1)', 'noderes.disable=1'])
  await runCommand(site, ['chtab', 'node=all', 'postscripts.postscripts=|q($1)|'])
  await transcript(
    t,
    site,
    `
$ chdef -t site hierarchicalattrs=postscripts
1 object definitions have been created or modified.
$ explain sl01 postscripts.postscripts
sl01: postscripts.postscripts=p($1),q1
    from postscripts row node=lite (group), postscripts: p($1)
    from postscripts row node=all (group), postscripts: |q($1)|
      [\\D0]*(\\d+).*$ matches "sl01", $1=1
      ($1) = 1
      value: q1
    site.hierarchicalattrs joins the values of the node and of its groups with ","
$ explain sl01 noderes.netboot
sl01: noderes.netboot=pxe
    from noderes row node=all (group), netboot: pxe
    disabled: noderes row node=lite (group), netboot: xnba
`,
  )
})

test('explain: values of the image, the network and the site', async (t) => {
  const site = newSite(t)
  await makeSite(site)
  await transcript(
    t,
    site,
    `
$ explain sl01 rootimgdir
sl01: rootimgdir=/install/netboot/rhels9.2/x86_64/compute
    linuximage row imagename=el9-lite does not set rootimgdir: default: <installdir>/netboot/<osvers>/<osarch>/<profile>
    image el9-lite: from nodetype row node=lite (group), provmethod: el9-lite
$ explain sl01 osimage.osvers
sl01: osvers=rhels9.2
    from osimage row imagename=el9-lite, osvers
    image el9-lite: from nodetype row node=lite (group), provmethod: el9-lite
$ explain sl01 networks.gateway
sl01: networks.gateway=10.4.255.1
    from networks row net=10.4.0.0,mask=255.255.0.0 (net1): it contains the node's address 10.4.0.1
$ explain sl01 site.domain
sl01: site.domain=cluster.test
    from site row key=domain
`,
  )
})

test('explain: a path, with the rows that decide about it', async (t) => {
  const site = newSite(t)
  await makeSite(site)
  await transcript(
    t,
    site,
    `
$ explain sl01 /var/lib/app
sl01: /var/lib/app: persistent
    from litefile row image=el9-lite,file=/var/lib/app/ (names the image), options: persistent
    shadows litefile row image=lite-images,file=/var/lib/app/ (group of image el9-lite), options: tmpfs
    order: image name, groups of the image as listed, ALL, blank
    content: the first of these that is there and not empty:
      1. 10.4.255.1:/lite/compute/var/lib/app (litetree row priority=1)
      2. 10.4.255.1:/install/netboot/rhels9.2/x86_64/compute/rootimg/.default/var/lib/app (the image's own copy)
    kept in 10.4.255.1:/state/sl01/var/lib/app
      from statelite row node=lite (group), statemnt: 10.4.255.1:/state
$ explain sl01 /etc/ssh/key
sl01: /etc/ssh/key: below tmpfs
    from litefile row image=ALL,file=/etc/ssh/ (every image), options: tmpfs
    no row names /etc/ssh/key itself: it is part of /etc/ssh/
    content of /etc/ssh/: the first of these that is there and not empty:
      1. 10.4.255.1:/lite/compute/etc/ssh/ (litetree row priority=1)
      2. 10.4.255.1:/install/netboot/rhels9.2/x86_64/compute/rootimg/.default/etc/ssh/ (the image's own copy)
$ explain sl01 /srv
sl01: /srv: read-only, from the image
    no litefile row for image el9-lite, its groups (lite-images), ALL or blank names it or a directory above it
    content: 10.4.255.1:/install/netboot/rhels9.2/x86_64/compute/rootimg/srv
    does not count: litefile row image=ALL,file=/srv/ is disabled
`,
  )
  const { stdout } = await runCommand(site, ['explain', 'sl01', '/etc/ssh/'])
  t.regex(stdout, /does not count: litefile row image=other,file=\/etc\/ssh\/ is for another image than el9-lite/)
  const json = await runCommand(site, ['explain', 'sl01', '/var/lib/app', '--json'])
  t.like(JSON.parse(json.stdout)[0], { node: 'sl01', option: 'persistent', row: { image: 'el9-lite' } })
})

test('explain kcmdline: every word has its rows', async (t) => {
  const site = newSite(t)
  await makeSite(site)
  await runCommand(site, ['chdef', 'sl01', 'addkcmdline=quiet debug=1', 'serialport=0', 'serialspeed=115200'])
  const { stdout, status } = await runCommand(site, ['explain', 'sl01', 'kcmdline', '--json'])
  t.is(status, 0)
  const [explained] = JSON.parse(stdout) as { value: string; words: { word: string; reasons: string[] }[] }[]
  t.is(explained?.words.map(({ word }) => word).join(' '), explained?.value)
  for (const { word, reasons } of explained?.words ?? []) t.true(reasons.length > 0, word)
  const reasonsOf = (word: string) => explained?.words.find((each) => each.word === word)?.reasons
  t.deepEqual(reasonsOf('quiet'), ['bootparams row node=sl01, addkcmdline: quiet debug=1'])
  t.deepEqual(reasonsOf('console=ttyS0,115200'), [
    'nodehm row node=sl01, serialport: 0',
    'nodehm row node=sl01, serialspeed: 115200',
  ])
})

test('explain: what is asked for must exist; a bad pattern is an error of its node', async (t) => {
  const site = newSite(t)
  await makeSite(site)
  await runCommand(site, ['mkdef', 'bare', 'groups=all'])
  await transcript(
    t,
    site,
    `
$ explain sl01 netbot
! Error: 'netbot' is not an attribute of nodes or of images
!        Did you mean 'netboot'? Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ explain sl01 noderes.netbot
! Error: No column "netbot" in table "noderes"
!        Did you mean 'netboot'? Correct the input and run the command again; nothing was changed. [LB_BAD_INPUT]
[1]
$ explain sl01 policy.rule
! Error: table policy says nothing about a node by itself
!        Name a column of a node table, of osimage, linuximage, networks or site. [LB_BAD_INPUT]
[1]
$ explain bare,sl01 rootimgdir
sl01: rootimgdir=/install/netboot/rhels9.2/x86_64/compute
    linuximage row imagename=el9-lite does not set rootimgdir: default: <installdir>/netboot/<osvers>/<osarch>/<profile>
    image el9-lite: from nodetype row node=lite (group), provmethod: el9-lite
! bare: Error: no image: provmethod is not set (nodeset bare osimage=<image>)
[1]
$ explain bare /etc/motd
! bare: Error: nodetype: no image (provmethod is blank) (nodeset bare osimage=<image>)
[1]
`,
  )
})

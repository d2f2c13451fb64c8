/** xCAT's worked session, as far as these commands go: from nothing to a statelite node. */
import test from 'ava'
import { newSite, transcript } from './transcript.ts'

test('worked session: image, nodes, group, statelite tables', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef -t osimage -o el9-lite imagetype=linux provmethod=statelite profile=compute osname=Linux osvers=rhels9.2 osarch=x86_64 osdistroname=rhels9.2-x86_64 pkgdir=/install/rhels9.2/x86_64 pkglist=/install/custom/lite.pkglist rootimgdir=/install/netboot/el9-lite
1 object definitions have been created or modified.
$ mkdef sl[01-03] groups=lite,all
3 object definitions have been created or modified.
$ chdef -t group lite mgt=ipmi netboot=xnba 'ip=|10.4.0.($1)|' 'bmc=|10.5.0.($1)|' xcatmaster=10.4.255.1 arch=x86_64
1 object definitions have been created or modified.
$ chdef sl01 mac=0a:00:00:00:00:01
1 object definitions have been created or modified.
$ lsdef sl01 -i bmc,ip,netboot
Object name: sl01
    bmc=10.5.0.1
    ip=10.4.0.1
    netboot=xnba
$ mkdef -t network -o net4 net=10.4.0.0 mask=255.255.0.0
1 object definitions have been created or modified.
$ chtab image=ALL,file=/etc/ssh/ litefile.options=tmpfs
$ chtab image=el9-lite,file=/var/lib/app/ litefile.options=persistent
$ chtab image=el9-lite,file=/etc/motd litefile.options=link
$ chtab image=ALL,file=/etc/mtab litefile.options=link
! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
$ chtab priority=1 litetree.image=el9-lite 'litetree.directory=10.4.255.1:/lite/$nodetype.profile'
$ chtab node=lite statelite.statemnt=10.4.255.1:/state statelite.mntopts=soft,timeo=30
$ tabdump statelite
#node,image,statemnt,mntopts,comments,disable
"lite",,"10.4.255.1:/state","soft,timeo=30",,
$ chdef -t group lite provmethod=el9-lite profile=compute os=rhels9.2
1 object definitions have been created or modified.
$ lslite sl01
>>>Node: sl01

Osimage: el9-lite

Persistent directory (statelite table):
        10.4.255.1:/state


Litefiles (litefile table):
        link          /etc/motd
        tmpfs         /etc/ssh/
        persistent    /var/lib/app/


Litetree path (litetree table):
        1, 10.4.255.1:/lite/compute


! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
$ litefile sl01,sl02
sl01: link          /etc/motd
sl01: tmpfs         /etc/ssh/
sl01: persistent    /var/lib/app/
sl02: link          /etc/motd
sl02: tmpfs         /etc/ssh/
sl02: persistent    /var/lib/app/
! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
$ ilitefile el9-lite
el9-lite: link          /etc/motd
el9-lite: tmpfs         /etc/ssh/
el9-lite: persistent    /var/lib/app/
! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
$ litetree sl01
sl01: 10.4.255.1:/lite/compute
$ lslite -i el9-lite
        link          /etc/motd
        tmpfs         /etc/ssh/
        persistent    /var/lib/app/
! Warning: litefile row image=ALL,file=/etc/mtab: /etc/mtab needs no row and this one is ignored (remove it: liteimg makes /etc/mtab a symbolic link to /proc/self/mounts)
$ chtab -d image=ALL,file=/etc/mtab litefile
$ chdef -t osimage el9-lite rootimgdir=@/el9-lite
1 object definitions have been created or modified.
$ liteimg el9-lite
! Error: @/el9-lite/rootimg does not exist: build the image first, or correct rootimgdir
!        Mend what is named and run the command again: it converges from any state. [LB_IMAGE]
[1]
$ rmdef sl03
1 object definitions have been removed.
$ lsdef -t group lite
Object name: lite
    arch=x86_64
    bmc=|10.5.0.($1)|
    ip=|10.4.0.($1)|
    members=sl01,sl02
    mgt=ipmi
    netboot=xnba
    os=rhels9.2
    profile=compute
    provmethod=el9-lite
    xcatmaster=10.4.255.1
`,
  )
})

test('a node that is not ready does not stop the others, and the exit status says so', async (t) => {
  await transcript(
    t,
    newSite(t),
    `
$ mkdef -t osimage -o lite provmethod=statelite profile=compute osvers=debian12 osarch=x86_64 rootimgdir=/i
1 object definitions have been created or modified.
$ mkdef n[1-3] groups=all
3 object definitions have been created or modified.
$ chdef n1,n3 provmethod=lite
2 object definitions have been created or modified.
$ chtab image=ALL,file=/etc/motd litefile.options=rw
$ litefile n1-n3
n1: tmpfs         /etc/motd
n3: tmpfs         /etc/motd
! n2: Error: nodetype: no image (provmethod is blank) (nodeset n2 osimage=<image>)
[1]
$ litefile n1,n9
! Error: Invalid nodes and/or groups in noderange: n9
!        List the nodes with \`lsdef\`. [LB_NO_NODE]
[1]
`,
  )
})

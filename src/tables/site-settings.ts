/** The settings of the site table that are known: any other key may be used as well. */

const SETTINGS: Readonly<Record<string, string>> = {
  master: 'Name or address of the server as the nodes know it. Required.',
  domain: 'DNS domain of the cluster.',
  installdir: 'Root of images, packages and postscripts. Default: /install.',
  tftpdir: 'Root of boot files. Default: /tftpboot.',
  httpport: 'Port of HTTP in boot files. Default: 80.',
  xcatdport: 'Port of the API for other machines. Default: 3001.',
  xcatiport: 'Install monitor port of xCAT. Default: 3002. Kept, not used.',
  xcatlport: 'Command log port of xCAT. Default: 3003. Kept, not used.',
  nodestatus: 'n or 0: nodelist.status is not kept, and nodes do not report.',
  dhcpsetup: 'n or 0: nodeset of xCAT leaves DHCP alone. Kept, not used: answers follow the tables.',
  dhcpinterfaces: 'Interfaces on which DHCP answers.',
  dhcplease: 'How long an address is leased, in seconds. Default: 43200.',
  nfsrootlease:
    'How long systems whose root is on NFS have their address: seconds, or infinite. Default: infinite. Firmware keeps to dhcplease.',
  proxydhcp:
    'Networks, comma list of netname, whose addresses another DHCP server gives; ALL: every network. Nodes get boot files there, and no addresses.',
  dhcpbackend: 'DHCP server of xCAT. Kept, not used.',
  discovery:
    'Networks, comma list of netname, on which unknown machines boot the inventory environment and wait to be adopted; ALL: every network with a dynamicrange, but none of proxydhcp: these have to be named. Unset: none.',
  discoveryimage:
    'Images, comma list, whose kernel and initrd boot unknown machines. Default: for each architecture the image with the newest kernel and a lean initrd.',
  defserialport: 'Serial console of machines without a nodehm row: those that wait to be adopted.',
  defserialspeed: 'Its speed. Default: 115200.',
  nameservers: 'Name servers of the nodes, comma list.',
  forwarders: 'Name servers that queries are passed on to, comma list.',
  ntpservers: 'Time servers of the nodes, comma list.',
  timezone: 'Time zone of the nodes.',
  excludenodes: 'Node range that is taken from every node range.',
  hierarchicalattrs: 'Columns whose values of node and groups are joined: column or column:delimiter, comma list.',
  precreatemypostscripts: 'Whether xCAT writes the scripts of nodes beforehand. Kept, not used.',
  sharedtftp: 'Whether service nodes share tftpdir. Default: 1.',
  sharedinstall: 'Whether service nodes share installdir: no, sns or all.',
  useflowcontrol: 'Whether nodes of xCAT ask before they connect. Kept, not used.',
  xcatmaxconnections: 'Most connections of xCAT at once. Kept, not used.',
  xcatmaxbatchconnections: 'Most connections from nodes at once. Kept, not used.',
  xcatdebugmode: '1 or 2: more logging of xCAT while nodes boot. Kept, not used.',
  cleanupxcatpost: 'Whether the scripts are removed from the node after they ran.',
  osimagerequired: '1: copycds refuses media for which there is neither package list nor template.',
  onlysupportarchs: 'Architectures of media that copycds takes, comma list. Default: all.',
  secureroot: '1: packed images have no password of root.',
  consoleondemand: 'Whether consoles are opened only when somebody looks.',
  consoleservice: 'confluent: consoles belong to that service.',
  pruneservices: 'Whether noderm of xCAT removes DHCP entries. Kept, not used: they follow the tables.',
  FQDNfirst: 'Whether the long name of a node stands first in /etc/hosts.',
  disablenodesetwarning: 'Whether nodeset takes the old words install, netboot and statelite. Kept, not used.',
  auditskipcmds: 'Commands, or clienttype:<type>, that are not written to auditlog, comma list. ALL is not followed.',
  auditnosyslog: '1: auditlog is not repeated in syslog.',
  xcattlspolicy: 'Oldest TLS of xCAT: modern or legacy. Kept, not used.',
  xcatsslversion: 'TLS versions of xCAT. Kept, not used.',
  xcatsslciphers: 'TLS ciphers of xCAT. Kept, not used.',
  ipmidispatch: 'Whether service nodes speak IPMI to their nodes.',
  ipmiretries: 'How often IPMI is tried again. Default: 3.',
  syspowerinterval: 'Seconds between switching on one node and the next.',
  syspowermaxnodes: 'Most nodes that are switched on at once.',
  sshbetweennodes: 'Groups whose nodes log in to each other without a password. Default: ALLGROUPS.',
  SNsyncfiledir: 'Where service nodes keep files for their nodes. Default: /var/xcat/syncfiles.',
  nodesyncfiledir: 'Where nodes keep files that are copied to them. Default: /var/xcat/node/syncfiles.',
  xcatconfdir: 'Configuration directory of xCAT. Default: /etc/xcat. Kept, not used.',
}

/** Other settings of xCAT: kept, and never taken for a misspelt one. */
const OTHERS = (
  'clusterid httpmethod disjointdhcps extntpservers xcatprefix cleanupdiskfullxcatpost runbootscripts ' +
  'setinstallnic conserverondemand defserialflow auditprune eventlogprune ' +
  'dbtracelevel skiptables skipvalidatelog databaseloc db2installloc ipmimaxp ipmisdrcache ipmitimeout blademaxp ' +
  'fsptimeout ppcmaxp ppcretry ppctimeout maxssh powerinterval svloglocal dnshandler dnsinterfaces dnsupdaters ' +
  'externaldns emptyzonesenable genmacprefix genpasswords managedaddressmode mnroutenames nmapoptions ' +
  'persistkvmguests snmpc nodeipselection enableASMI vcenterautojoin vmwarereconfigonpower vsftp tftpflags ' +
  'topology useNmapfromMN usenmapfrommn useSSHonAIX usexhrm iscsidir installloc rsh rcp ea_primary_hmc ' +
  'ea_backup_hmc hwctrldispatch networkinstalltimeout sshkeytype'
).split(' ')

/** Every setting of liteboot and of xCAT, whether it is used here or not. */
export const SITE_SETTINGS: readonly string[] = [...Object.keys(SETTINGS), ...OTHERS]

export function describeSite(): { readonly name: string; readonly description: string }[] {
  return Object.entries(SETTINGS)
    .map(([name, description]) => ({ name, description }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

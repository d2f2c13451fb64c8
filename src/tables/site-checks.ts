/** Keys of the site table: any may be used, but one letter wrong means that a setting silently has its default. */
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { nearestName } from './nearest-name.ts'
import { cell, enabledRows } from './row.ts'

/** Settings of liteboot and of xCAT, whether they are used here or not. */
export const SITE_KEYS: readonly string[] = (
  'master domain clusterid installdir tftpdir httpport httpmethod dhcplease dhcpinterfaces dhcpsetup dhcpbackend ' +
  'disjointdhcps nameservers forwarders ntpservers extntpservers timezone nodestatus excludenodes hierarchicalattrs ' +
  'sharedtftp sharedinstall secureroot useflowcontrol xcatdport xcatiport xcatlport xcatconfdir xcatdebugmode xcatprefix ' +
  'xcatmaxconnections xcatmaxbatchconnections xcattlspolicy xcatsslversion xcatsslciphers precreatemypostscripts ' +
  'cleanupxcatpost cleanupdiskfullxcatpost runbootscripts setinstallnic consoleondemand consoleservice conserverondemand ' +
  'defserialport defserialspeed defserialflow pruneservices FQDNfirst disablenodesetwarning auditskipcmds auditnosyslog ' +
  'auditprune eventlogprune dbtracelevel skiptables skipvalidatelog databaseloc db2installloc ipmidispatch ipmimaxp ' +
  'ipmiretries ipmisdrcache ipmitimeout blademaxp fsptimeout ppcmaxp ppcretry ppctimeout maxssh powerinterval ' +
  'syspowerinterval syspowermaxnodes sshbetweennodes SNsyncfiledir nodesyncfiledir svloglocal dnshandler dnsinterfaces ' +
  'dnsupdaters externaldns emptyzonesenable genmacprefix genpasswords managedaddressmode mnroutenames nmapoptions ' +
  'persistkvmguests snmpc nodeipselection enableASMI vcenterautojoin vmwarereconfigonpower vsftp tftpflags topology ' +
  'useNmapfromMN usenmapfrommn useSSHonAIX usexhrm iscsidir installloc rsh rcp ea_primary_hmc ea_backup_hmc ' +
  'hwctrldispatch networkinstalltimeout sshkeytype'
).split(' ')

const KNOWN = new Set(SITE_KEYS)

export const checkSite = rememberCheck(['site'], (view): readonly Finding[] =>
  enabledRows(view, 'site').flatMap((row): Finding[] => {
    const key = cell(row, 'key')
    if (key === '' || KNOWN.has(key)) return []
    const near = nearestName(key, SITE_KEYS)
    if (near === undefined) return []
    const message = `${key} is no setting of liteboot or xCAT`
    return [
      {
        severity: 'warning',
        code: 'unknown-setting',
        table: 'site',
        row: `key=${key}`,
        message,
        remedy: `did you mean ${near}?`,
      },
    ]
  }),
)

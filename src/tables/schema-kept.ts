/**
 * Tables that an xCAT site may have and that no boot depends on: they are kept, shown and edited as any other, so that
 * nothing is lost when a site moves here and back. Columns as in xCAT.
 */
import { column, table } from './table-schema.ts'

const KEPT = 'Kept so that tables of an existing site can be read and written; not used.'
const node = column('node', 'Node or group.')

const KIT_TABLES = [
  table({
    name: 'kit',
    description: `Software kits that were added to the cluster. ${KEPT}`,
    key: ['kitname'],
    columns: [
      column('kitname', 'Full name of the kit, made when it was added.'),
      column('basename', 'Name of the kit without version.'),
      column('description', 'What the kit is.'),
      column('version', 'Version of the kit.'),
      column('release', 'Release of the kit.'),
      column('ostype', 'Linux or AIX.'),
      column('isinternal', '1: the kit is for internal use; unset or 0: it is not.'),
      column('kitdeployparams', 'File of deployment parameters that images with parts of the kit get.'),
      column('kitdir', 'Directory of the kit on the server.'),
    ],
  }),
  table({
    name: 'kitcomponent',
    description: `Parts of kits. ${KEPT}`,
    key: ['kitcompname'],
    columns: [
      column('kitcompname', 'Full name of the component, made when its kit was added.'),
      column('description', 'What the component is.'),
      column('kitname', 'Kit it belongs to (kit row).'),
      column('kitreponame', 'Package repository it comes from (kitrepo row).'),
      column('basename', 'Name of the component without version.'),
      column('version', 'Version of the component.'),
      column('release', 'Release of the component.'),
      column('serverroles', 'Kinds of server it may be installed on: mgtnode, servicenode, compute; comma list.'),
      column('kitpkgdeps', 'Packages it needs, comma list.'),
      column('prerequisite', 'Package that must be there before it.'),
      column('driverpacks', 'Driver packages, full file names, comma list.'),
      column('kitcompdeps', 'Components it needs, comma list.'),
      column('postbootscripts', 'Scripts run on the node after boot, comma list.'),
      column('genimage_postinstall', 'Scripts run while the image is built, comma list.'),
      column('exlist', 'File that lists what is left out of a packed image.'),
    ],
  }),
  table({
    name: 'kitrepo',
    description: `Package repositories of kits. ${KEPT}`,
    key: ['kitreponame'],
    columns: [
      column('kitreponame', 'Full name of the repository, made when its kit was added.'),
      column('kitname', 'Kit it belongs to (kit row).'),
      column('osbasename', 'Distribution it is made for.'),
      column('osmajorversion', 'First number of the version of that distribution.'),
      column('osminorversion', 'Second number of that version; unset: every one.'),
      column('osarch', 'Architecture it is made for.'),
      column('compat_osbasenames', 'Other distributions it suits, comma list.'),
      column('kitrepodir', 'Directory of the repository on the server.'),
    ],
  }),
]

const HARDWARE_TABLES = [
  table({
    name: 'firmware',
    description: `Firmware settings of nodes. ${KEPT}`,
    key: ['node'],
    columns: [node, column('cfgfile', 'File of the settings.')],
  }),
  table({
    name: 'pdu',
    description: `Power distribution units, and how they are asked. ${KEPT}`,
    key: ['node'],
    columns: [
      column('node', 'Name or address of the unit, or a group.'),
      column('nodetype', 'The word pdu.'),
      column('pdutype', 'Kind of unit.'),
      column('outlet', 'Number of its outlets.'),
      column('username', 'Account on the unit.'),
      column('password', 'Password of the account.'),
      column('snmpversion', 'SNMP version it speaks. Default: 1.'),
      column('community', 'Community string for SNMP 1 and 2.'),
      column('snmpuser', 'User for SNMP 3.'),
      column('authtype', 'How SNMP 3 authenticates: MD5 or SHA.'),
      column('authkey', 'Pass phrase of that.'),
      column('privtype', 'How SNMP 3 encrypts: AES or DES.'),
      column('privkey', 'Pass phrase of that.'),
      column('seclevel', 'Security of SNMP 3: noAuthNoPriv, authNoPriv or authPriv.'),
    ],
  }),
  table({
    name: 'rack',
    description: `Racks. ${KEPT}`,
    key: ['rackname'],
    columns: [
      column('rackname', 'Name of the rack.'),
      column('displayname', 'Another name of it.'),
      column('num', 'Number of the rack.'),
      column('height', 'How many units it holds.'),
      column('room', 'Room it stands in.'),
    ],
  }),
  table({
    name: 'zvmivp',
    description: `Checks of z/VM installations that are run at set hours. ${KEPT}`,
    key: ['id'],
    columns: [
      column('id', 'Name of the check.'),
      column('ip', 'Address of the system that is checked.'),
      column('schedule', 'Hours at which it runs, 0 to 24, separated by blanks.'),
      column('last_run', 'When it ran last: year, day of the year and hour.'),
      column('type_of_run', 'fullivp or basicivp.'),
      column('access_user', 'User on the system that is checked.'),
      column('orch_parms', 'Parameters of the script that runs the check.'),
      column('prep_parms', 'Parameters of the script that prepares it.'),
      column('main_ivp_parms', 'Parameters of the main script.'),
    ],
  }),
]

const SITE_TABLES = [
  table({
    name: 'monitoring',
    description: `Monitoring plug-ins. ${KEPT}`,
    key: ['name'],
    columns: [
      column('name', 'Name of the plug-in.'),
      column('nodestatmon', 'yes: the plug-in reports the status of nodes.'),
    ],
  }),
  table({
    name: 'notification',
    description: `Programs that want to be told when tables change. ${KEPT}`,
    key: ['filename'],
    columns: [
      column('filename', 'Program or module to call.'),
      column('tables', 'Tables it wants to know about, comma list.'),
      column('tableops', 'Changes it wants to know about: a (rows added), u (updated), d (deleted).'),
    ],
  }),
  table({
    name: 'osdistroupdate',
    description: `Updates of distributions that were downloaded. ${KEPT}`,
    key: ['osupdatename'],
    columns: [
      column('osupdatename', 'Name of the update.'),
      column('osdistroname', 'Distribution it is for (osdistro row).'),
      column('dirpath', 'Directory of the update.'),
      column('downloadtime', 'When it was downloaded.'),
    ],
  }),
  table({
    name: 'taskstate',
    description: `Commands under way on nodes. ${KEPT}`,
    key: ['node'],
    columns: [
      node,
      column('command', 'Command that runs.'),
      column('state', 'State of it: callback or running.'),
      column('pid', 'Process number of it.'),
      column('reserve', 'Lock of the node.'),
    ],
  }),
  table({
    name: 'zone',
    description: `Zones: nodes that share a root ssh key. ${KEPT}`,
    key: ['zonename'],
    columns: [
      column('zonename', 'Name of the zone (nodelist.zonename).'),
      column('sshkeydir', 'Directory of the root ssh keys of the zone.'),
      column('sshbetweennodes', 'yes: its nodes log in to each other without a password. Default: yes.'),
      column('defaultzone', 'yes: nodes without a zone are in this one.'),
    ],
  }),
]

export const KEPT_TABLES = [...KIT_TABLES, ...HARDWARE_TABLES, ...SITE_TABLES]

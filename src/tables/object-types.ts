/**
 * Objects as lsdef and its sisters show them, mapped onto tables: pure data. An attribute may be defined several times
 * with different conditions; the first whose condition holds is the one that counts.
 */
import { parseNicAttribute } from './nic-values.ts'
import { findColumn, tableSchema } from './schema.ts'

export interface AttributeCondition {
  readonly attribute: string
  /** The value must contain one of these as a whole word. */
  readonly words: readonly string[]
}

export interface AttributeDefinition {
  readonly name: string
  readonly table: string
  readonly column: string
  readonly description: string
  readonly condition?: AttributeCondition
}

/** All types that xCAT's messages name, in that order. */
export const OBJECT_TYPE_NAMES = [
  'auditlog',
  'boottarget',
  'eventlog',
  'firmware',
  'group',
  'kit',
  'kitcomponent',
  'kitrepo',
  'monitoring',
  'network',
  'node',
  'notification',
  'osdistro',
  'osdistroupdate',
  'osimage',
  'pdu',
  'policy',
  'rack',
  'route',
  'site',
  'taskstate',
  'zone',
  'zvmivp',
] as const

export type ObjectTypeName = (typeof OBJECT_TYPE_NAMES)[number]

export interface ObjectType {
  readonly name: ObjectTypeName
  /** Attribute that holds the name; it is not shown as an attribute. */
  readonly key: string
  /** Tables an object of this type has rows in, each with the column its name stands in. */
  readonly tables: ReadonlyMap<string, string>
  /** The table whose rows make the objects exist. */
  readonly home: string
  readonly attributes: readonly AttributeDefinition[]
}

const USER_COMMENT = 'usercomment'

/** `name` or `name:column`, blank-separated. */
function map(table: string, names: string, condition?: AttributeCondition): AttributeDefinition[] {
  return names.split(/\s+/).map((item) => {
    const [name = '', column = name] = item.split(':')
    const description = findColumn(table, column)?.description ?? ''
    return { name, table, column, description, ...(condition ? { condition } : {}) }
  })
}

const when = (attribute: string, ...words: string[]): AttributeCondition => ({ attribute, words })

const NODELIST_ATTRIBUTES = map(
  'nodelist',
  `groups status statustime appstatus appstatustime primarysn hidden updatestatus updatestatustime zonename ${USER_COMMENT}:comments`,
)

const NODE_ATTRIBUTES: readonly AttributeDefinition[] = [
  ...map('nodetype', 'nodetype os arch profile provmethod supportedarchs'),
  ...map('postscripts', 'postscripts postbootscripts'),
  ...map('prescripts', 'prescripts-begin:begin prescripts-end:end'),
  ...map(
    'noderes',
    'xcatmaster servicenode tftpserver tftpdir nfsserver nfsdir nimserver monserver primarynic installnic netboot nameservers routenames syslog supportproxydhcp:proxydhcp current_osimage',
  ),
  ...map('bootparams', 'kernel initrd kcmdline addkcmdline'),
  ...map(
    'servicenode',
    'setupnameserver:nameserver setupdhcp:dhcpserver setuptftp:tftpserver setupnfs:nfsserver setupconserver:conserver setupipforward:ipforward setupproxydhcp:proxydhcp setupldap:ldapserver setupntp:ntpserver setupftp:ftpserver setupnim:nimserver dhcpinterfaces',
  ),
  ...map(
    'nodehm',
    'mgt power cons termserver termport conserver getmac cmdmapping serialport serialspeed serialflow consoleondemand consoleenabled',
  ),
  ...map('mac', 'mac interface'),
  ...map('hosts', 'ip hostnames otherinterfaces'),
  ...map('chain', 'chain ondiscover currstate currchain'),
  ...map('nodepos', 'rack chassis slot room height unit:u'),
  ...map('vpd', 'serial mtm side'),
  ...map('ipmi', 'bmc bmcport bmcusername:username bmcpassword:password bmcvlantag:taggedvlan', when('mgt', 'ipmi')),
  ...map(
    'openbmc',
    'bmc bmcusername:username bmcpassword:password bmcvlantag:taggedvlan consport',
    when('mgt', 'openbmc'),
  ),
  ...map('mp', 'slotid:id', when('mgt', 'fsp', 'ipmi')),
  ...map(
    'vm',
    'vmhost:host vmmanager:mgr vmstorage:storage vmmemory:memory vmcpus:cpus vmnics:nics vmbootorder:bootorder vmstoragemodel:storagemodel vmstoragecache:storagecache vmstorageformat:storageformat vmcfgstore:cfgstore vmnicnicmodel:nicmodel vmothersetting:othersettings vmvirtflags:virtflags vmmaster:master vmvncport:vncport vmtextconsole:textconsole vmbeacon:beacon vmcluster:cluster vmphyslots:physlots migrationdest',
  ),
  ...map('switch', 'switch switchport:port switchvlan:vlan switchinterface:interface'),
  ...map(
    'nics',
    'nicips nichostnamesuffixes nichostnameprefixes nictypes niccustomscripts nicnetworks nicaliases nicextraparams nicdevices nicsadapter',
  ),
]

const IMAGE_ATTRIBUTES: readonly AttributeDefinition[] = [
  ...map(
    'osimage',
    'groups imagetype description provmethod osdistroname osupdatename cfmdir profile osname osvers osarch synclists postscripts postbootscripts serverrole isdeletable kitcomponents environvar',
  ),
  ...map('osimage', 'rootfstype nfsrootopts', when('imagetype', 'linux')),
  ...map(
    'linuximage',
    `template boottarget addkcmdline pkglist pkgdir otherpkglist otherpkgdir exlist postinstall rootimgdir kerneldir nodebootif otherifce netdrivers kernelver krpmver permission dump crashkernelsize partitionfile driverupdatesrc ${USER_COMMENT}:comments`,
    when('imagetype', 'linux'),
  ),
]

/**
 * One to one onto the columns of one table. Comments of the row are `usercomment`, but xCAT calls them `comments` in the
 * types that it makes out of the table as it is, and shows `disable` there.
 */
function plainType(name: ObjectTypeName, table: string, key: string, asIs: readonly string[] = []): ObjectType {
  const columns = (tableSchema(table)?.columns ?? []).map((column) => column.name)
  const names = columns.filter((column) => column !== key && column !== 'comments' && column !== 'disable')
  const comment = asIs.includes('comments') ? [] : [`${USER_COMMENT}:comments`]
  const attributes = columns.length === 0 ? [] : map(table, [...names, ...asIs, ...comment].join(' '))
  return { name, key, tables: new Map([[table, key]]), home: table, attributes }
}

function tablesOf(attributes: readonly AttributeDefinition[], key: string): Map<string, string> {
  return new Map(attributes.map(({ table }) => [table, key]))
}

const nodeTables = tablesOf([...NODELIST_ATTRIBUTES, ...NODE_ATTRIBUTES], 'node')

const TYPES: readonly ObjectType[] = [
  {
    name: 'node',
    key: 'node',
    home: 'nodelist',
    tables: nodeTables,
    attributes: [...NODELIST_ATTRIBUTES, ...NODE_ATTRIBUTES],
  },
  {
    name: 'group',
    key: 'groupname',
    home: 'nodegroup',
    tables: new Map([['nodegroup', 'groupname'], ...tablesOf(NODE_ATTRIBUTES, 'node')]),
    attributes: [
      ...map('nodegroup', `grouptype members membergroups wherevals ${USER_COMMENT}:comments`),
      ...NODE_ATTRIBUTES,
    ],
  },
  {
    name: 'osimage',
    key: 'imagename',
    home: 'osimage',
    tables: tablesOf(IMAGE_ATTRIBUTES, 'imagename'),
    attributes: IMAGE_ATTRIBUTES,
  },
  plainType('network', 'networks', 'netname'),
  { name: 'site', key: 'master', home: 'site', tables: new Map(), attributes: [] },
  plainType('policy', 'policy', 'priority'),
  plainType('osdistro', 'osdistro', 'osdistroname'),
  plainType('route', 'routes', 'routename'),
  plainType('boottarget', 'boottarget', 'bprofile', ['comments']),
  plainType('osdistroupdate', 'osdistroupdate', 'osupdatename'),
  plainType('rack', 'rack', 'rackname'),
  plainType('zone', 'zone', 'zonename'),
  plainType('kit', 'kit', 'kitname'),
  plainType('kitcomponent', 'kitcomponent', 'kitcompname'),
  plainType('kitrepo', 'kitrepo', 'kitreponame'),
  plainType('monitoring', 'monitoring', 'name', ['comments', 'disable']),
  plainType('notification', 'notification', 'filename', ['comments']),
  plainType('pdu', 'pdu', 'node'),
  // xCAT names these objects by the file; two nodes with one file would then be one object.
  plainType('firmware', 'firmware', 'node', ['comments', 'disable']),
  plainType('taskstate', 'taskstate', 'node', ['disable']),
  plainType('zvmivp', 'zvmivp', 'id'),
  plainType('auditlog', 'auditlog', 'recid', ['comments', 'disable']),
  plainType('eventlog', 'eventlog', 'recid', ['comments', 'disable']),
]

export const OBJECT_TYPES: ReadonlyMap<string, ObjectType> = new Map(TYPES.map((type) => [type.name, type]))

/** The one object of type site. */
export const SITE_OBJECT = 'clustersite'

/** Definitions of an attribute, in the order they are tried. `nicips.eth0` stands on the column of `nicips`. */
export function attributeDefinitions(type: ObjectType, name: string): readonly AttributeDefinition[] {
  return definitions(type).get(name) ?? definitions(type).get(parseNicAttribute(name)?.attribute ?? '') ?? []
}

const byName = new WeakMap<ObjectType, ReadonlyMap<string, readonly AttributeDefinition[]>>()

function definitions(type: ObjectType): ReadonlyMap<string, readonly AttributeDefinition[]> {
  let index = byName.get(type)
  if (!index) {
    index = Map.groupBy(type.attributes, ({ name }) => name)
    byName.set(type, index)
  }
  return index
}

/** Attribute names, sorted, each once. */
export function attributeNames(type: ObjectType): string[] {
  return [...definitions(type).keys()].sort()
}

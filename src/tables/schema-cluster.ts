/** Tables about the cluster as a whole. */
import { column, table } from './table-schema.ts'
import { checkIpv4, checkNumber, checkObjectName, integer, oneOf } from './values.ts'

export const CLUSTER_TABLES = [
  table({
    name: 'site',
    description: 'Settings of the whole cluster: one row per setting. Any key may be used.',
    key: ['key'],
    columns: [
      column(
        'key',
        'Name of the setting: master, domain, installdir, tftpdir, httpport, dhcplease, nameservers, nodestatus, excludenodes, hierarchicalattrs, …',
      ),
      column('value', 'Its value. A setting that is not listed has its default.'),
    ],
  }),
  table({
    name: 'networks',
    description: 'Networks that nodes boot from: one row per subnet.',
    key: ['net', 'mask'],
    columns: [
      column('netname', 'Name of the network; network objects are found by it.', checkObjectName),
      column('net', 'Network address, for example 10.20.0.0.', checkIpv4),
      column('mask', 'Network mask, for example 255.255.0.0.', checkIpv4),
      column(
        'mgtifname',
        'Interface of the server on this network; networks with the same one share its wire. !remote!eth0: the network is behind a DHCP relay.',
      ),
      column('gateway', 'Default router of the nodes; <xcatmaster> means the boot server.'),
      column('dhcpserver', 'Address of the one server that hands out the dynamic range; unset: every server may.'),
      column('tftpserver', 'Address sent as next-server to nodes of this network; unset: the answering server.'),
      column('nameservers', 'Name servers of the nodes, comma list; <xcatmaster> means the boot server.'),
      column('ntpservers', 'Time servers, comma list.'),
      column('logservers', 'Log servers, comma list.'),
      column(
        'dynamicrange',
        'Addresses for machines that no table knows: first-last, or CIDR; several joined by ";". Unset: strangers get no answer.',
      ),
      column('staticrange', 'Addresses for nodes found by discovery: first-last.'),
      column('staticrangeincrement', 'Step between addresses taken from staticrange.', integer(1, 65535)),
      column('nodehostname', 'Pattern that makes the host name of a node on this network.'),
      column('ddnsdomain', 'Domain for dynamic DNS updates, if other than domain.'),
      column(
        'vlanid',
        'VLAN number of the network. Networks behind a relay that share it, and mgtifname, share a wire.',
        integer(1, 4094),
      ),
      column('domain', 'DNS domain of the nodes on this network; unset: site.domain.'),
      column('mtu', 'Largest packet, in bytes, sent to nodes by DHCP.', integer(576, 65520)),
    ],
  }),
  table({
    name: 'nodegroup',
    description: 'Group definitions. Members of static groups stand in nodelist.groups only.',
    key: ['groupname'],
    columns: [
      column('groupname', 'Name of the group.', checkObjectName),
      column(
        'grouptype',
        'static (members named in nodelist.groups) or dynamic (members found by wherevals).',
        oneOf(['static', 'dynamic']),
      ),
      column('members', 'The word static or dynamic; never a list.'),
      column('membergroups', 'Groups that belong to this group (kept, not used).'),
      column('wherevals', 'Dynamic groups: conditions joined by "::", each attribute, ==, !=, =~ or !~, value.'),
    ],
  }),
  table({
    name: 'policy',
    description:
      'Who may run which command. Rows are tried in order of priority; the first that matches decides, none means no.',
    key: ['priority'],
    columns: [
      column('priority', 'Order of the rule, lowest first; fractions are allowed.', checkNumber),
      column('name', 'User; unset: anyone at all, *: anyone who has shown who he is.'),
      column('host', 'Short name of the host the request comes from.'),
      column('commands', 'Comma list of commands; unset: all.'),
      column('noderange', 'Nodes the rule is about; unset: any, also requests without nodes.'),
      column('parameters', 'Regular expression, matched against all arguments joined by blanks.'),
      column('time', 'Times at which the rule counts.'),
      column('rule', 'allow, accept or trusted permit; any other word, or none, denies.'),
    ],
  }),
  table({
    name: 'passwd',
    description: 'Accounts and passwords the server uses or puts into images.',
    key: ['key', 'username'],
    columns: [
      column('key', 'What the account is for: system (root of the nodes), ipmi, openbmc, omapi, …'),
      column('username', 'Account name.'),
      column('password', 'Password, clear or hashed ($1$, $5$, $6$).'),
      column(
        'cryptmethod',
        'How a clear password is hashed: md5, sha256 or sha512.',
        oneOf(['md5', 'sha256', 'sha512']),
      ),
      column('authdomain', 'Domain of the account, for BMCs that have domains.'),
    ],
  }),
  table({
    name: 'routes',
    description: 'Static routes, named in noderes.routenames.',
    key: ['routename'],
    columns: [
      column('routename', 'Name of the route.', checkObjectName),
      column('net', 'Destination network.'),
      column('mask', 'Mask of the destination.'),
      column('gateway', 'Router towards it.'),
      column('ifname', 'Interface the route goes through.'),
    ],
  }),
]

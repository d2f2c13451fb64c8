import { readFileSync } from 'node:fs'
import test from 'ava'
import { attributeDefinitions, attributeNames, OBJECT_TYPES } from '../../src/tables/object-types.ts'
import { renderTablesPage } from '../../src/tables/render-docs.ts'
import { columnNames, findColumn, TABLE_NAMES, TABLES } from '../../src/tables/schema.ts'

test('the reference page is what the schema says', (t) => {
  const page = readFileSync(new URL('../../docs/reference/tables.md', import.meta.url), 'utf8')
  t.is(page, renderTablesPage(), 'run: node src/tables/render-docs.ts > docs/reference/tables.md')
})

test('columns of xCAT, in its order', (t) => {
  const header = (table: string) => columnNames(TABLES.get(table)!).join(',')
  t.is(header('site'), 'key,value,comments,disable')
  t.is(
    header('nodelist'),
    'node,groups,status,statustime,appstatus,appstatustime,primarysn,hidden,updatestatus,updatestatustime,zonename,comments,disable',
  )
  t.is(header('litefile'), 'image,file,options,comments,disable')
  t.is(header('litetree'), 'priority,image,directory,mntopts,comments,disable')
  t.is(header('statelite'), 'node,image,statemnt,mntopts,comments,disable')
  t.is(
    header('networks'),
    'netname,net,mask,mgtifname,gateway,dhcpserver,tftpserver,nameservers,ntpservers,logservers,dynamicrange,staticrange,staticrangeincrement,nodehostname,ddnsdomain,vlanid,domain,mtu,comments,disable',
  )
  t.is(header('policy'), 'priority,name,host,commands,noderange,parameters,time,rule,comments,disable')
  t.is(
    header('servicenode'),
    'node,nameserver,dhcpserver,tftpserver,nfsserver,conserver,monserver,ldapserver,ntpserver,ftpserver,nimserver,ipforward,dhcpinterfaces,proxydhcp,comments,disable',
  )
})

test('keys and required columns exist; every column is described; names are sorted', (t) => {
  t.deepEqual([...TABLE_NAMES], [...TABLE_NAMES].sort())
  for (const table of TABLES.values()) {
    const names = columnNames(table)
    t.is(new Set(names).size, names.length, table.name)
    for (const name of [...table.key, ...table.required]) t.true(names.includes(name), `${table.name}.${name}`)
    for (const { name, description } of table.columns) t.regex(description, /\S.*[.…]$/, `${table.name}.${name}`)
  }
})

test('every object attribute stands on a column that exists', (t) => {
  for (const type of OBJECT_TYPES.values()) {
    for (const name of attributeNames(type))
      for (const { table, column } of attributeDefinitions(type, name))
        t.truthy(findColumn(table, column), `${type.name}.${name} ${table}.${column}`)
  }
})

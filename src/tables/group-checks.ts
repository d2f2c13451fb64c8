/** Group names: words of nodelist.groups that no node range could name, and names that are a node as well. */
import { rememberCheck } from './check-memo.ts'
import type { Finding } from './findings.ts'
import { isNode, staticGroups } from './groups.ts'
import { CONTROL } from './values.ts'

/** What xCAT has as well: __mgmtnode, and names that begin with a dot or a digit. */
const GROUP_NAME = /^[A-Za-z0-9_.:-]+$/

export const checkGroups = rememberCheck(['nodelist'], (view): readonly Finding[] => {
  const findings: Finding[] = []
  for (const [group, members] of staticGroups(view)) {
    const base = { severity: 'warning', table: 'nodelist', row: `node=${members[0]}`, column: 'groups' } as const
    const others = members.length > 1 ? `, of ${members.length} nodes` : ''
    // Line breaks are an error of the cell already.
    if (CONTROL.test(group)) continue
    if (/\s/.test(group)) {
      const message = `"${group}" has a blank${others}`
      findings.push({ ...base, code: 'bad-group', message, remedy: 'separate groups with commas' })
    } else if (!GROUP_NAME.test(group)) {
      const message = `no node range can name the group "${group}"${others}`
      findings.push({ ...base, code: 'bad-group', message, remedy: 'use letters, digits, "-", "_" and "."' })
    } else if (isNode(view, group) && group !== members[0]) {
      const message = `${group} is a group and a node: rows about one are rows about the other`
      findings.push({ ...base, code: 'node-and-group', message, remedy: 'rename one of them' })
    }
  }
  return findings
})

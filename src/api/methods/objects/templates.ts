/** lsdef --template: definitions that new objects can be made of. */
import { templateAttributes, templateNames } from '../../../tables/object-templates.ts'
import { OBJECT_TYPE_NAMES } from '../../../tables/object-types.ts'
import { findObjectType } from '../../../tables/objects.ts'
import { splitList } from '../../../tables/row.ts'
import { renderStanza, STANZA_HEADER } from '../../../tables/stanza.ts'
import { OperatorError } from '../../errors.ts'
import { commandResult } from '../../protocol.ts'
import { unknownName } from '../../suggest.ts'
import type { Method } from '../context.ts'

export const templates: Method<'objects.templates'> = (_context, { name, type, all, attributes, stanza }) => {
  if (all && type !== undefined) throw new OperatorError('LB_USAGE', "The flags '-a' and '-t' cannot be used together.")
  const types = all ? OBJECT_TYPE_NAMES : splitList(type ?? 'node')
  for (const each of types) {
    const known = findObjectType(each)
    if ('fault' in known && !all) throw new OperatorError('LB_USAGE', known.fault.trim())
  }
  const found = types.flatMap((each) =>
    templateNames(each)
      .filter((template) => name === undefined || template === name)
      .map((template) => ({ type: each, name: template, values: templateAttributes(each, template) ?? new Map() })),
  )
  if (name !== undefined && found.length === 0)
    throw unknownName(
      'LB_BAD_INPUT',
      `Could not find the template object named '${name}'`,
      name,
      types.flatMap((each) => templateNames(each)),
    )
  const wanted = attributes === undefined ? undefined : splitList(attributes)
  const lines = found.flatMap((template) => {
    const values = [...template.values].filter(([attribute]) => !wanted || wanted.includes(attribute))
    if (stanza) return renderStanza(template.type, template.name, values)
    if (name === undefined && !wanted) return [`${template.name}  (${template.type})`]
    return [`Object name: ${template.name}`, ...values.map(([attribute, value]) => `    ${attribute}=${value}`)]
  })
  const data = found.map((template) => ({ ...template, values: Object.fromEntries(template.values) }))
  return commandResult(stanza ? [STANZA_HEADER, ...lines] : lines, data)
}

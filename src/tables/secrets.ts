/** Which values are secrets: shown nowhere but in the table itself, and masked in the history and the audit log. */
import type { Row } from './row.ts'

export const MASK = '********'

/** The last part of a column's, attribute's or setting's name. */
const SECRET_NAME = /(?:passw(?:or)?d|passphrase|secret|community|snmpc|privkey|authkey|tokenid)$/i

export function isSecret(table: string, column: string, row: Row): boolean {
  if (table === 'site') return column === 'value' && isSecretName(row.key ?? '')
  return isSecretName(column)
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** What nodech, chtab, chdef and conditions write between name and value. */
const ASSIGNMENT = /^([\w.-]+?)(=~|!~|!=|[-+,^]?==?)(.*)$/s

export interface MaskedWords {
  readonly words: readonly string[]
  /** What was masked, so that it can be taken out of messages, too. */
  readonly secrets: readonly string[]
}

/**
 * Arguments of a command without their secrets: `passwd.password=x`, `bmcpassword=x`, `--password x`, and `site.value=x`
 * of a setting that is one (`key=snmpc`).
 */
export function maskWords(words: readonly string[]): MaskedWords {
  const secrets: string[] = []
  const isSecretSetting = words.some((word) => /(?:^|,)(?:site\.)?key=([^,]*)/.exec(word)?.[1]?.match(SECRET_NAME))
  const isSecretWord = (name: string) => isSecretName(name) || (isSecretSetting && name === 'site.value')
  const masked = words.map((word, at) => {
    const [, name = '', operator = '', value = ''] = ASSIGNMENT.exec(word) ?? []
    if (value !== '' && isSecretWord(name)) {
      secrets.push(value)
      return `${name}${operator}${MASK}`
    }
    const option = words[at - 1]
    if (!option?.startsWith('--') || !isSecretName(option)) return word
    secrets.push(word)
    return MASK
  })
  return { words: masked, secrets }
}

/** Secrets that were given as arguments, out of a message. Short ones are left: they would take words apart. */
export function maskText(text: string, secrets: readonly string[]): string {
  return secrets.filter(({ length }) => length > 3).reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
}

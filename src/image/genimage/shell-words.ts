/** Commands as they are shown: words that a shell would take apart are quoted. Nothing here is ever given to a shell. */

export function renderWords(words: readonly string[], environment: Readonly<Record<string, string>> = {}): string {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`)
  return [...settings, ...words.map(quote)].join(' ')
}

function quote(word: string): string {
  return /^[\w@%+=:,./~^-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/**
 * Commands that are also programs of their own: names that xCAT's administrators type, and that no other program has.
 * Everything else is typed after `liteboot`: a link called `diff`, `login`, `history` or `exports` would stand in the way of
 * the program of that name.
 */
const SHORT_NAMES: ReadonlySet<string> = new Set(
  `
  lsdef mkdef chdef rmdef
  tabdump tabrestore tabedit chtab tabch gettab tabgrep tabprune gennr
  nodels nodeadd nodech noderm nodestat nodeset pping
  nodediscoverls nodediscoverdef
  litefile litetree ilitefile lslite liteimg
  makehosts makedhcp makedns makenetworks
  copycds genimage packimage imgexport imgimport
  rpower rsetboot rcons rinstall xdsh xdcp updatenode
  `
    .trim()
    .split(/\s+/),
)

export function hasShortName(command: string): boolean {
  return SHORT_NAMES.has(command)
}

export function allShortNames(): string[] {
  return [...SHORT_NAMES]
}

/** How a command is typed. */
export function typedName(command: string): string {
  return hasShortName(command) || command === 'liteboot' ? command : `liteboot ${command}`
}

/** Its man page: `lsdef`, `liteboot-diff`. */
export function pageName(command: string): string {
  return typedName(command).replace(' ', '-')
}

/** How far a package manager is, from what it prints. */

export type Counts = 'dnf' | 'zypper' | 'apt' | 'mmdebstrap'

/**
 * Where apt counts. Not 2: apt closes this descriptor for what it starts, and maintainer scripts without a standard error
 * end with a bad descriptor where they speak to debconf, and cannot say why.
 */
export const APT_STATUS_FD = 9

/** A line for people, or undefined when the line counts nothing. */
export function parseProgress(counts: Counts, line: string): string | undefined {
  switch (counts) {
    case 'dnf':
      return parseDnf(line)
    case 'zypper':
      return parseZypper(line)
    case 'apt':
      return parseApt(line)
    case 'mmdebstrap': {
      const said = /^I: (.*)$/.exec(line)?.[1]
      return said === undefined ? undefined : said
    }
  }
}

/** `(3/12): bash-5.1.rpm   1.2 MB/s | 1.7 MB` and `  Installing       : bash-5.1-2.x86_64      12/345`. */
function parseDnf(line: string): string | undefined {
  const fetched = /^\((\d+)\/(\d+)\): (\S+)/.exec(line)
  if (fetched !== null) return `(${fetched[1]}/${fetched[2]}) downloaded ${fetched[3]}`
  const done = /^\s+([A-Z][a-z]+(?: [a-z]+)?)\s*: (\S+)\s+(\d+)\/(\d+)\s*$/.exec(line)
  return done === null ? undefined : `(${done[3]}/${done[4]}) ${done[1]?.toLowerCase()} ${done[2]}`
}

/** `Retrieving package bash-5.1.x86_64 (3/12), …` and `(3/12) Installing: bash-5.1.x86_64 [...done]`. */
function parseZypper(line: string): string | undefined {
  const fetched = /^Retrieving:? (?:package )?(\S+)\s.*\((\d+)\/(\d+)\)/.exec(line)
  if (fetched !== null) return `(${fetched[2]}/${fetched[3]}) downloading ${fetched[1]}`
  const done = /^\((\d+)\/(\d+)\) (\w+): (\S+)/.exec(line)
  return done === null ? undefined : `(${done[1]}/${done[2]}) ${done[3]?.toLowerCase()} ${done[4]}`
}

/** APT::Status-Fd: `dlstatus:12:34.5:Retrieving file 12 of 35` and `pmstatus:bash:12.5:Unpacking bash (amd64)`. */
function parseApt(line: string): string | undefined {
  const match = /^(dlstatus|pmstatus):[^:]*(?::(?:amd64|arm64|ppc64el|s390x|all))?:([\d.]+):(.*)$/.exec(line)
  return match === null ? undefined : `${Math.floor(Number(match[2]))}% ${match[3]}`
}

/** Belongs to the count alone: not for the log. */
export function isStatusLine(counts: Counts | undefined, line: string): boolean {
  return counts === 'apt' && /^(dlstatus|pmstatus|media-change|pmconffile):/.test(line)
}

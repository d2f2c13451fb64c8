import { InvalidArgumentError } from 'commander'

/** For options whose value is a whole number. */
export function parseCount(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(value)
}

/**
 * Every error an operator can be shown, in one place: a stable code, and what to do about it. docs/reference/errors.md
 * lists them all; a test keeps the two in step.
 */
export const OPERATOR_ERRORS = {
  LB_USAGE: 'Look at the command with --help.',
  LB_NOT_ROOT: 'Run the command as root on the server.',
  LB_NO_METHOD: 'The command and the running server are of different versions: restart the server.',
  LB_SERVER_GONE:
    'The server ended while it worked on the command. Look at its log, start it, and run the command again.',
  LB_SOCKET: 'Check that `liteboot serve` runs and that you may open its socket.',
  LB_NO_TABLE: 'List the tables with `tabdump`.',
  LB_NO_NODE: 'List the nodes with `lsdef`.',
  LB_NO_IMAGE: 'List the images with `lsdef -t osimage`.',
  LB_NO_MACHINE: 'List the machines that wait with `liteboot discovered`.',
  LB_NO_PLAN: 'Correct the rows named above; `liteboot plan <node>` shows whether the node has a plan.',
  LB_BAD_INPUT: 'Correct the input and run the command again; nothing was changed.',
  LB_BAD_EDIT: 'Nothing was changed. Correct the rows named above and run the command again.',
  LB_DENIED: 'Ask the administrator of the server for a row of the table policy that allows it.',
  LB_LOGIN: 'Log in with `liteboot login <server>`.',
  LB_REMOTE: 'Check that `liteboot serve` runs there, that its API is on, and that no firewall is between.',
  LB_CERTIFICATE: 'Look at the certificates in the guide on remote access.',
  LB_NO_REVISION: 'List the revisions with `liteboot history`.',
  LB_CHANGED_SINCE:
    'Nothing was changed. Undo the later changes first, or have them overwritten with --force; `liteboot diff <revision>` shows a change.',
  LB_CHANGED: 'Read the table again, and make your change in what is there now.',
  LB_BUSY: 'Another command is changing the tables: run the command again.',
  LB_FILE: 'Check the path and its permissions.',
  LB_PORT_IN_USE: 'Another server holds the port: stop it, or give this one another port or address.',
  LB_RUNNING: 'Stop the other server first, or give this one a state directory of its own with LITEBOOT_STATE.',
  LB_NO_INTERFACE: 'Name an interface of this machine, or one of its addresses, with --interface.',
  LB_IMAGE: 'Mend what is named and run the command again: it converges from any state.',
  LB_IMAGE_BUSY: 'Shut these nodes down, or name all of them with --force if they may see files vanish.',
  LB_VM: 'Look at the console log named above.',
  LB_INTERNAL: 'This is a defect of liteboot: please report it with the log.',
} as const

export type OperatorErrorCode = keyof typeof OPERATOR_ERRORS

export class OperatorError extends Error {
  readonly code: OperatorErrorCode
  readonly advice: string

  /** @param advice when the registry's general advice can be made more precise */
  constructor(code: OperatorErrorCode, message: string, advice: string = OPERATOR_ERRORS[code]) {
    super(message)
    this.code = code
    this.advice = advice
  }
}

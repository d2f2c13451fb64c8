import test from 'ava'
import { ReceiveTransfer } from '../../src/tftp/receive.ts'
import { SendTransfer } from '../../src/tftp/transfer.ts'

/** Sends all that may be sent; returns the block numbers. */
function sendAll(transfer: SendTransfer, nowMs = 0): number[] {
  const sent: number[] = []
  for (let block = transfer.blockToSend(); block >= 0; block = transfer.blockToSend()) {
    transfer.sent(block, nowMs)
    sent.push(block)
  }
  return sent
}
const lockStep = { windowSize: 1, timeoutMs: undefined, withOptionAck: false }

test('RFC 1350 §2: without options one block is under way, the next follows its ACK', (t) => {
  const transfer = new SendTransfer(lockStep)
  transfer.last = 3
  t.deepEqual(sendAll(transfer), [1])
  t.deepEqual(sendAll(transfer), [])
  t.is(transfer.takeAck(1, 1), 'send')
  t.deepEqual(sendAll(transfer), [2])
  transfer.takeAck(2, 2)
  t.deepEqual(sendAll(transfer), [3])
  t.is(transfer.takeAck(3, 3), 'done')
  t.is(transfer.deadlineMs, Number.POSITIVE_INFINITY)
})

test('RFC 2347: the OACK waits for ACK 0 before any data, and is repeated at a time-out', (t) => {
  const transfer = new SendTransfer({ ...lockStep, windowSize: 4, withOptionAck: true })
  t.deepEqual(sendAll(transfer), [0])
  t.is(transfer.takeAck(1, 1), 'ignore')
  t.is(transfer.takeTimeout(transfer.deadlineMs), 'send')
  t.deepEqual(sendAll(transfer, 1000), [0])
  t.is(transfer.takeAck(0, 1001), 'send')
  t.deepEqual(sendAll(transfer, 1001), [1, 2, 3, 4])
})

test('RFC 1123 §4.2.3.1: a duplicate ACK sends nothing, in lock-step and inside a window', (t) => {
  const transfer = new SendTransfer(lockStep)
  sendAll(transfer)
  transfer.takeAck(1, 1)
  t.deepEqual(sendAll(transfer), [2])
  for (let i = 0; i < 5; i++) t.is(transfer.takeAck(1, 2), 'ignore')
  t.deepEqual(sendAll(transfer), [])
  t.is(transfer.resent, 0)
  t.is(transfer.duplicateAcks, 5)

  const windowed = new SendTransfer({ ...lockStep, windowSize: 4 })
  sendAll(windowed)
  windowed.takeAck(4, 1)
  sendAll(windowed)
  t.is(windowed.takeAck(4, 2), 'ignore')
  t.is(windowed.takeAck(2, 2), 'ignore')
  t.deepEqual(sendAll(windowed), [])
})

test('ACKs of blocks that were never sent are ignored', (t) => {
  const transfer = new SendTransfer(lockStep)
  sendAll(transfer)
  for (const block of [2, 3, 1000, 0, 65535]) t.is(transfer.takeAck(block, 1), 'ignore')
})

test('RFC 7440 §4: an ACK inside the window tells of a gap, sending goes on behind it', (t) => {
  const transfer = new SendTransfer({ ...lockStep, windowSize: 4 })
  transfer.last = 20
  t.deepEqual(sendAll(transfer), [1, 2, 3, 4])
  t.is(transfer.takeAck(2, 1), 'send')
  t.deepEqual(sendAll(transfer), [3, 4, 5, 6])
  t.is(transfer.resent, 2)
  t.is(transfer.takeAck(2, 2), 'ignore')
  t.is(transfer.takeAck(6, 2), 'send')
  t.deepEqual(sendAll(transfer), [7, 8, 9, 10])
})

test('RFC 7440 §4: at a time-out the whole window is sent again; a late ACK of the first sending counts', (t) => {
  const transfer = new SendTransfer({ ...lockStep, windowSize: 4 })
  transfer.last = 9
  sendAll(transfer)
  t.is(transfer.takeTimeout(transfer.deadlineMs), 'send')
  transfer.sent(transfer.blockToSend(), 1000)
  t.is(transfer.takeAck(4, 1001), 'send')
  t.deepEqual(sendAll(transfer, 1001), [5, 6, 7, 8])
  transfer.takeAck(8, 1002)
  t.deepEqual(sendAll(transfer, 1002), [9])
  t.is(transfer.takeAck(9, 1003), 'done')
})

for (const windowSize of [1, 7, 64]) {
  test(`block numbers wrap to 0 after 65535, window ${windowSize}`, (t) => {
    const transfer = new SendTransfer({ ...lockStep, windowSize })
    transfer.last = 140_000
    let expected = 1
    let step = 'send'
    while (step === 'send') {
      const sent = sendAll(transfer)
      if (sent[0] !== expected) t.fail(`sent ${sent[0]}, expected ${expected}`)
      expected += sent.length
      step = transfer.takeAck((expected - 1) & 0xffff, 0)
    }
    t.is(step, 'done')
    t.is(expected, 140_001)
    t.is(transfer.resent, 0)
  })
}

test('RFC 1123 §4.2.3.2: waits back off exponentially and end', (t) => {
  const transfer = new SendTransfer(lockStep)
  sendAll(transfer)
  const waits: number[] = []
  let nowMs = 0
  for (;;) {
    waits.push(transfer.deadlineMs - nowMs)
    t.is(transfer.takeTimeout(transfer.deadlineMs - 1), 'ignore')
    nowMs = transfer.deadlineMs
    if (transfer.takeTimeout(nowMs) === 'give-up') break
    t.deepEqual(sendAll(transfer, nowMs), [1])
  }
  t.deepEqual(waits, [1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000])
})

test('RFC 2349: a negotiated time-out is used as it is; a dead client does not hold its place for half an hour', (t) => {
  const transfer = new SendTransfer({ ...lockStep, timeoutMs: 255_000 })
  sendAll(transfer)
  let sendings = 1
  let nowMs = transfer.deadlineMs
  t.is(nowMs, 255_000)
  while (transfer.takeTimeout(nowMs) === 'send') {
    sendings += sendAll(transfer, nowMs).length
    t.is(transfer.deadlineMs - nowMs, 255_000)
    nowMs = transfer.deadlineMs
  }
  t.is(sendings, 3)
})

test('the wait follows the round trip, never below 200 ms, and is long again for a slow client', (t) => {
  const fast = new SendTransfer(lockStep)
  const slow = new SendTransfer(lockStep)
  let nowMs = 0
  for (let block = 1; block < 50; block++) {
    sendAll(fast, nowMs)
    sendAll(slow, nowMs)
    fast.takeAck(block, nowMs + 1)
    slow.takeAck(block, nowMs + 900)
    nowMs += 1000
  }
  sendAll(fast, nowMs)
  sendAll(slow, nowMs)
  t.is(fast.deadlineMs - nowMs, 200)
  t.true(slow.deadlineMs - nowMs >= 900)
})

test('progress ends the back-off: the bound counts silence, not losses', (t) => {
  const transfer = new SendTransfer(lockStep)
  let nowMs = 0
  for (let block = 1; block <= 30; block++) {
    sendAll(transfer, nowMs)
    nowMs = transfer.deadlineMs
    t.is(transfer.takeTimeout(nowMs), 'send')
    sendAll(transfer, nowMs)
    t.is(transfer.takeAck(block & 0xffff, nowMs + 5), 'send')
  }
})

test('RFC 1350 §2: a receiver acknowledges each block, and the previous one again when it comes again', (t) => {
  const receive = new ReceiveTransfer(512, 1)
  t.is(receive.takeData(1, 512), 'take-ack')
  t.is(receive.takeData(1, 512), 'ack')
  t.is(receive.takeData(3, 512), 'ignore')
  t.is(receive.takeData(2, 600), 'ignore')
  t.is(receive.takeData(2, 10), 'take-last')
  t.is(receive.lastInOrder, 2)
})

test('RFC 1350 §6: after the end the last block is acknowledged again and nothing more is taken', (t) => {
  const receive = new ReceiveTransfer(512, 1)
  receive.takeData(1, 0)
  t.is(receive.takeData(1, 0), 'ack')
  t.is(receive.takeData(2, 5), 'ack')
  t.is(receive.lastInOrder, 1)
})

test('RFC 7440 §4: a receiver acknowledges full windows, and tells of a gap once', (t) => {
  const receive = new ReceiveTransfer(512, 4)
  t.deepEqual(
    [1, 2, 3, 4].map((block) => receive.takeData(block, 512)),
    ['take', 'take', 'take', 'take-ack'],
  )
  t.deepEqual(
    [5, 7, 8].map((block) => receive.takeData(block, 512)),
    ['take', 'ack', 'ignore'],
  )
  t.is(receive.lastInOrder, 5)
  t.is(receive.takeData(5, 512), 'ack')
  t.is(receive.takeData(6, 512), 'take')
  t.is(receive.takeData(6, 512), 'ignore')
  t.deepEqual(
    [7, 8, 9].map((block) => receive.takeData(block, 512)),
    ['take', 'take', 'take-ack'],
  )
})

test('a receiver goes on past block 65535', (t) => {
  const receive = new ReceiveTransfer(8, 1)
  for (let block = 1; block <= 70_000; block++) {
    if (receive.takeData(block & 0xffff, 8) !== 'take-ack') t.fail(`block ${block}`)
  }
  t.is(receive.due, 70_001)
})

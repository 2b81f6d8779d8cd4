import type { Clock } from '@halfopen/resilience';
import { expect, test } from 'vitest';
import { type AnswerMark, type KeptConnections, keptConnections, type Question } from '../src/kept-connections.ts';

function atTime() {
  let now = 1_000;
  const clock: Clock = { now: () => now, after: () => () => undefined };
  return {
    worth: keptConnections(clock),
    pass: (ms: number) => {
      now += ms;
    },
  };
}

let asked = 0;
const question = (text = 'GET /hello'): Question => ({ id: `id-${asked++}`, text });
const ok = (id?: string): AnswerMark => ({ id, believed: true });
const failed = (id?: string): AnswerMark => ({ id, believed: false });
const mayKeep = (worth: KeptConnections) => worth.mayCarry(question());

/** Asks a new question on a kept connection. @returns whether the answer is believed */
function ask(worth: KeptConnections, answerTo: (own: Question) => AnswerMark, text?: string): boolean {
  const own = question(text);
  expect(worth.mayCarry(own)).toBe(true);
  return worth.accepts(own, answerTo(own));
}
const named = ({ id }: Question) => ok(id);
const unnamed = () => ok();

function naming() {
  const setup = atTime();
  ask(setup.worth, named);
  return setup;
}

test('three that break are chance, the fourth is not: none is used for five seconds, then again', () => {
  const { worth, pass } = naming();
  for (let n = 0; n < 3; n++) worth.broke();
  expect(mayKeep(worth)).toBe(true);
  worth.broke();
  expect(mayKeep(worth)).toBe(false);
  pass(4_999);
  expect(mayKeep(worth)).toBe(false);
  pass(1);
  expect(mayKeep(worth)).toBe(true);
  // The four are forgotten.
  for (let n = 0; n < 3; n++) worth.broke();
  expect(mayKeep(worth)).toBe(true);
});

test('twenty answers make up for one that breaks, and not for any that is still to come', () => {
  const { worth } = naming();
  const answers = (count: number) => {
    for (let n = 0; n < count; n++) ask(worth, named);
  };
  answers(1_000);
  for (let n = 0; n < 3; n++) worth.broke();
  for (let n = 0; n < 20; n++) {
    answers(20);
    worth.broke();
    expect(mayKeep(worth)).toBe(true);
  }
  answers(19);
  worth.broke();
  expect(mayKeep(worth)).toBe(false);
});

test('an endpoint that never names requests is used over kept connections', () => {
  const { worth } = atTime();
  for (let n = 0; n < 100; n++) expect(ask(worth, unnamed)).toBe(true);
});

test('so is one that gives every answer an id of its own', () => {
  const { worth } = atTime();
  for (let n = 0; n < 100; n++) expect(ask(worth, () => ok(`proxy-${n}`))).toBe(true);
});

test('so is a cache, which answers a question with the id of whoever asked it first', () => {
  const { worth } = atTime();
  const first = question('GET /hello?name=John');
  worth.mayCarry(first);
  worth.answeredOnce(first, ok());
  for (let n = 0; n < 100; n++) expect(ask(worth, () => ok(first.id), first.text)).toBe(true);
});

test('an endpoint that never names requests, and gives the id of another question: not believed', () => {
  const { worth } = atTime();
  const other = question('GET /hello?name=Jane');
  worth.mayCarry(other);
  worth.accepts(other, ok());
  expect(ask(worth, () => ok(other.id), 'GET /hello?name=John')).toBe(false);
});

test('an endpoint that names requests, and then answers without the id or with another: not believed', () => {
  const { worth } = naming();
  expect(ask(worth, unnamed)).toBe(false);
  expect(ask(worth, () => ok('another'))).toBe(false);
  expect(ask(worth, () => failed('another'))).toBe(false);
  // A failure without an id comes from a proxy on the way, and is nobody's answer.
  expect(ask(worth, () => failed())).toBe(true);
});

test('the repeat is named: the connection was shifted, and none is used for five seconds, whatever is answered meanwhile', () => {
  const { worth, pass } = naming();
  expect(ask(worth, unnamed)).toBe(false);
  worth.shifted();
  const repeat = question();
  expect(worth.mayCarry(repeat)).toBe(false);
  worth.answeredOnce(repeat, ok(repeat.id));
  expect(mayKeep(worth)).toBe(false);
  pass(4_999);
  expect(mayKeep(worth)).toBe(false);
  pass(1);
  expect(ask(worth, unnamed), 'it is still known to name requests').toBe(false);
});

test('the repeat is not named: the endpoint has stopped naming requests, and kept connections are used at once', () => {
  const { worth } = naming();
  expect(ask(worth, unnamed)).toBe(false);
  worth.shifted();
  worth.answeredOnce(question(), ok());
  for (let n = 0; n < 100; n++) expect(ask(worth, unnamed)).toBe(true);
});

test('a repeat that fails without an id decides nothing', () => {
  const { worth, pass } = naming();
  worth.shifted();
  worth.answeredOnce(question(), failed());
  expect(mayKeep(worth)).toBe(false);
  pass(5_000);
  expect(ask(worth, unnamed)).toBe(false);
});

test('twenty named answers in a row, and names count again; a pool in which only some name requests never gets there', () => {
  const { worth } = naming();
  const forget = () => worth.answeredOnce(question(), ok());
  forget();
  for (let n = 0; n < 19; n++) ask(worth, named);
  expect(ask(worth, unnamed)).toBe(true);
  for (let n = 0; n < 19; n++) ask(worth, named);
  expect(ask(worth, unnamed)).toBe(true);
  for (let n = 0; n < 20; n++) ask(worth, named);
  expect(ask(worth, unnamed)).toBe(false);
});

test('spoken unasked: no kept connection for five seconds, unless surplus answers are recognized by name', () => {
  const silent = atTime();
  ask(silent.worth, unnamed);
  silent.worth.spokeUnasked();
  expect(mayKeep(silent.worth)).toBe(false);
  silent.pass(5_000);
  expect(mayKeep(silent.worth)).toBe(true);

  const { worth } = naming();
  worth.spokeUnasked();
  expect(mayKeep(worth)).toBe(true);
});

test('an id recognizes the question it came with, again and again, and no other one', () => {
  const { worth } = naming();
  expect(worth.mayCarry({ id: 'a', text: 'John' })).toBe(true);
  // A retry, or a caller who asks the same again: either answer is right.
  expect(worth.mayCarry({ id: 'a', text: 'John' })).toBe(true);
  expect(worth.mayCarry({ id: 'a', text: 'Jane' })).toBe(false);
  expect(worth.mayCarry({ id: 'b', text: 'Jane' })).toBe(true);
  expect(worth.mayCarry({ id: 'a', text: 'Jane' })).toBe(false);
});

test('the last five thousand ids are remembered, and no more than twice as many', () => {
  const { worth } = naming();
  const others = (count: number) => {
    for (let n = 0; n < count; n++) mayKeep(worth);
  };
  worth.mayCarry({ id: 'a', text: 'John' });
  others(5_000);
  expect(worth.mayCarry({ id: 'a', text: 'Jane' })).toBe(false);
  others(10_000);
  expect(worth.mayCarry({ id: 'a', text: 'Jane' })).toBe(true);
});

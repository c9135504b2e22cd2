/**
 * Functions of x as people write them: `2x^2 - 1`, `sin(x)/x`. A grammar of our own, never the language's evaluator.
 * Bounded in length and depth, and the twin of `whiteboard_crdt/expression.py`; vectors hold both to the same values.
 */
import things from '@spec/things.json';
import { countChars } from './fields';

/** Why something is no function of x, and what is said about each; `{what}` is the part that is meant. */
const PROBLEMS = {
  long: `A function has at most ${things.plot.expression_chars} characters.`,
  strange: '“{what}” is not understood.',
  unknown: '“{what}” is not known. Functions are written with x.',
  misplaced: '“{what}” does not belong there.',
  unfinished: 'Something is missing at the end.',
  deep: 'There are too many brackets inside each other.',
  bare: 'Write {what} with brackets: {what}(x).',
  open: 'A bracket is not closed.',
} as const;

export type ExpressionProblem = keyof typeof PROBLEMS;

/** What is written is no function of x; the message is English, `problem` is for whoever says it in another language. */
export class ExpressionError extends Error {
  constructor(
    readonly problem: ExpressionProblem,
    readonly what = '',
  ) {
    super(PROBLEMS[problem].replaceAll('{what}', () => what));
  }
}

type Operation = string | number;

const HEAD = /^[ \t]*(?:y|[fgh][ \t]*\([ \t]*x[ \t]*\))[ \t]*=/u;
const TOKEN = /[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+|[a-z]+|[-+*/^()]/uy;
const SAME: ReadonlyMap<string, string> = new Map([
  ['·', '*'],
  ['×', '*'],
  ['÷', '/'],
  ['−', '-'],
  ['–', '-'],
  ['π', 'pi'],
  ['√', 'sqrt'],
  ['²', '^2'],
  ['³', '^3'],
  ['[', '('],
  [']', ')'],
]);
const DEEPEST = 24;

const FUNCTIONS: ReadonlyMap<string, (value: number) => number> = new Map([
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['asin', Math.asin],
  ['acos', Math.acos],
  ['atan', Math.atan],
  ['sqrt', Math.sqrt],
  ['abs', Math.abs],
  ['exp', Math.exp],
  ['ln', Math.log],
  ['log', Math.log10],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
]);
const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);
/** The longest first, so that `xsin` is x times sin. */
const NAMES = [...FUNCTIONS.keys(), ...CONSTANTS.keys(), 'x'].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));

/** A function of x, ready to be evaluated. */
export class Expression {
  constructor(private readonly operations: readonly Operation[]) {}

  /** Whether x does not stand in it. */
  get isConstant(): boolean {
    return !this.operations.includes('x');
  }

  /** Its value; NaN where it has none, or one that is not finite on the way. */
  at(x: number): number {
    const stack: number[] = [];
    const pop = (): number => stack.pop() ?? Number.NaN;
    for (const operation of this.operations) {
      let value: number;
      const run = typeof operation === 'string' ? FUNCTIONS.get(operation) : undefined;
      if (typeof operation === 'number') value = operation;
      else if (operation === 'x') value = x;
      else if (operation === 'neg') value = -pop();
      else if (run) value = run(pop());
      else {
        const right = pop();
        value = combine(operation, pop(), right);
      }
      if (!Number.isFinite(value)) return Number.NaN;
      stack.push(value);
    }
    return pop();
  }
}

function combine(operation: string, left: number, right: number): number {
  switch (operation) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left ** right;
  }
}

/** Raises ExpressionError. */
export function parseExpression(text: string): Expression {
  if (countChars(text) > things.plot.expression_chars) throw new ExpressionError('long');
  return new Expression(new Parser(tokensOf(text)).whole());
}

function tokensOf(text: string): string[] {
  const plain = [...text]
    .map((letter) => SAME.get(letter) ?? letter)
    .join('')
    .toLowerCase()
    .replace(HEAD, '');
  const tokens: string[] = [];
  for (let at = 0; at < plain.length; ) {
    if (plain[at] === ' ' || plain[at] === '\t') {
      at += 1;
      continue;
    }
    TOKEN.lastIndex = at;
    const [found] = TOKEN.exec(plain) ?? [];
    if (found === undefined) {
      throw new ExpressionError('strange', String.fromCodePoint(plain.codePointAt(at) ?? 0));
    }
    tokens.push(...(/^[a-z]/u.test(found) ? wordsOf(found) : [found]));
    at += found.length;
  }
  return tokens;
}

function wordsOf(letters: string): string[] {
  const words: string[] = [];
  for (let rest = letters; rest !== ''; ) {
    const name = NAMES.find((each) => rest.startsWith(each));
    if (name === undefined) throw new ExpressionError('unknown', letters);
    words.push(name);
    rest = rest.slice(name.length);
  }
  return words;
}

/** Recursive descent: sums of products of signs of powers. */
class Parser {
  private at = 0;
  private depth = 0;
  private readonly out: Operation[] = [];

  constructor(private readonly tokens: readonly string[]) {}

  whole(): readonly Operation[] {
    this.sum();
    if (this.next !== undefined) throw new ExpressionError('misplaced', this.next);
    return this.out;
  }

  private get next(): string | undefined {
    return this.tokens[this.at];
  }

  private take(): string {
    const token = this.next;
    if (token === undefined) throw new ExpressionError('unfinished');
    this.at += 1;
    return token;
  }

  private deeper(run: () => void): void {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new ExpressionError('deep');
    run();
    this.depth -= 1;
  }

  private sum(): void {
    this.deeper(() => {
      this.product();
      while (this.next === '+' || this.next === '-') {
        const operation = this.take();
        this.product();
        this.out.push(operation);
      }
    });
  }

  private product(): void {
    this.signed();
    while (this.next !== undefined && !['+', '-', ')'].includes(this.next)) {
      // What stands side by side is multiplied.
      const operation = this.next === '*' || this.next === '/' ? this.take() : '*';
      this.signed();
      this.out.push(operation);
    }
  }

  private signed(): void {
    let isNegative = false;
    while (this.next === '+' || this.next === '-') {
      if (this.take() === '-') isNegative = !isNegative;
    }
    this.power();
    if (isNegative) this.out.push('neg');
  }

  private power(): void {
    this.atom();
    if (this.next === '^') {
      this.take();
      this.deeper(() => this.signed());
      this.out.push('^');
    }
  }

  private atom(): void {
    const token = this.take();
    const constant = CONSTANTS.get(token);
    if (token === 'x') this.out.push('x');
    else if (constant !== undefined) this.out.push(constant);
    else if (FUNCTIONS.has(token)) {
      if (this.next !== '(') throw new ExpressionError('bare', token);
      this.take();
      this.brackets();
      this.out.push(token);
    } else if (token === '(') this.brackets();
    else if (/^[0-9.,]/u.test(token)) this.out.push(Number(token.replace(',', '.')));
    else throw new ExpressionError('misplaced', token);
  }

  private brackets(): void {
    this.sum();
    if (this.next !== ')') throw new ExpressionError('open');
    this.take();
  }
}

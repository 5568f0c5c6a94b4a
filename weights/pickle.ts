/**
 * What a pickle can hold here. Tuples and lists are arrays, dictionaries are maps, and everything
 * else is what `PickleWorld` makes of it.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | object;

/** A class or function that a pickle names. It is never looked up, only compared by its name. */
export class PickleGlobal {
  /** `module name`, e.g. `torch FloatStorage`. */
  constructor(readonly name: string) {}
}

/** What a pickle may refer to, besides plain containers. */
export interface PickleWorld {
  /** The result of a call; refuse by throwing. Both `f(*args)` and `cls.__new__(cls, *args)`. */
  call(callee: PickleGlobal, args: readonly PickleValue[]): PickleValue;
  /** Sets the state of an object that `call` made. */
  build?(object: PickleValue, state: PickleValue): PickleValue;
  /** The object that a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** What is wrong with a pickle; whoever read it names the file. */
export class PickleError extends Error {}

/** Most values on the stack and in the memo: real checkpoints have some ten thousand. */
const MOST_VALUES = 5_000_000;

const MARK = Symbol("mark");
type Slot = PickleValue | typeof MARK;

/**
 * Reads one pickle of protocol 2 to 5. No code is run: a name stays a name (`PickleGlobal`), and
 * what the pickle wants to call is handed to `world`, which knows the few calls that rebuild
 * tensors and refuses all others. Nothing is recursive, so depth costs no stack, and every length
 * is checked against the bytes that are there before memory is asked for.
 *
 * @returns the object and the position behind the pickle
 * @throws {PickleError}
 */
export function unpickle(
  bytes: Uint8Array,
  world: PickleWorld,
  start = 0,
): { value: PickleValue; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Slot[] = [];
  const memo = new Map<number, PickleValue>();
  let at = start;

  const fail = (what: string): never => {
    throw new PickleError(`${what} (byte ${at} of its pickle)`);
  };
  const take = (length: number): number => {
    if (!(length >= 0 && at + length <= bytes.length)) {
      fail(`it is cut off, or claims ${length} bytes where ${bytes.length - at} are left`);
    }
    at += length;
    return at - length;
  };
  const push = (value: Slot) => {
    if (stack.length >= MOST_VALUES) fail("it holds too many values");
    stack.push(value);
  };
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined || value === MARK) fail("its stack is broken");
    return value as PickleValue;
  };
  const top = (): PickleValue => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popToMark = (): PickleValue[] => {
    const from = stack.lastIndexOf(MARK);
    if (from < 0) fail("its stack has no mark");
    const values = stack.splice(from);
    values.shift();
    return values as PickleValue[];
  };
  const remember = (index: number) => {
    if (memo.size >= MOST_VALUES) fail("it remembers too many values");
    memo.set(index, top());
  };
  const recall = (index: number) => {
    const value = memo.get(index);
    if (value === undefined) fail(`it recalls value ${index}, which it never stored`);
    push(value!);
  };
  const text = (length: number): string => {
    const from = take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(from, at));
    } catch {
      return fail("a text is not UTF-8");
    }
  };
  const latin1 = (length: number): string => {
    const from = take(length);
    let out = "";
    for (let i = from; i < at; i++) out += String.fromCharCode(bytes[i]);
    return out;
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || end - at > 1000) fail("a name does not end");
    const from = at;
    at = end + 1;
    return new TextDecoder().decode(bytes.subarray(from, end));
  };
  const u8 = () => view.getUint8(take(1));
  const u32 = () => view.getUint32(take(4), true);
  const u64 = () => Number(view.getBigUint64(take(8), true));
  const long = (length: number): number | bigint => {
    const from = take(length);
    if (length > 16) fail(`an integer has ${length} bytes`);
    let value = 0n;
    for (let i = at - 1; i >= from; i--) value = (value << 8n) | BigInt(bytes[i]);
    value = BigInt.asIntN(8 * Math.max(length, 1), value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  };
  const list = (value: PickleValue): PickleValue[] => {
    if (!Array.isArray(value)) fail("it appends to something that is not a list");
    return value as PickleValue[];
  };
  const setItems = (target: PickleValue, items: readonly PickleValue[]) => {
    if (!(target instanceof Map) || items.length % 2 !== 0) {
      fail("it sets items of something that is not a dictionary");
    }
    for (let i = 0; i < items.length; i += 2) {
      (target as Map<PickleValue, PickleValue>).set(items[i], items[i + 1]);
    }
  };
  const call = () => {
    const args = pop();
    const callee = pop();
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) {
      return fail("it calls something that is not a function");
    }
    push(world.call(callee, args));
  };
  const global = (module: string, name: string) => push(new PickleGlobal(`${module} ${name}`));

  while (true) {
    const opcode = u8();
    switch (opcode) {
      case 0x80: // PROTO
        if (u8() > 5) fail("its protocol is newer than 5");
        break;
      case 0x95: // FRAME
        u64();
        break;
      case 0x2e: // STOP
        return { value: pop(), end: at };
      case 0x28: // MARK
        push(MARK);
        break;
      case 0x30: // POP
        if (stack.pop() === undefined) fail("its stack is broken");
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x4a: // BININT
        push(view.getInt32(take(4), true));
        break;
      case 0x4b: // BININT1
        push(u8());
        break;
      case 0x4d: // BININT2
        push(view.getUint16(take(2), true));
        break;
      case 0x8a: // LONG1
        push(long(u8()));
        break;
      case 0x47: // BINFLOAT
        push(view.getFloat64(take(8), false));
        break;
      case 0x58: // BINUNICODE
        push(text(u32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        push(text(u8()));
        break;
      case 0x8d: // BINUNICODE8
        push(text(u64()));
        break;
      case 0x54: // BINSTRING, of Python 2
        push(latin1(u32()));
        break;
      case 0x55: // SHORT_BINSTRING, of Python 2
        push(latin1(u8()));
        break;
      case 0x42: // BINBYTES
        push(bytes.slice(take(u32()), at));
        break;
      case 0x43: // SHORT_BINBYTES
        push(bytes.slice(take(u8()), at));
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        push([]);
        break;
      case 0x7d: // EMPTY_DICT
        push(new Map());
        break;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        push(popToMark());
        break;
      case 0x85: // TUPLE1
        push([pop()]);
        break;
      case 0x86: // TUPLE2
      case 0x87: { // TUPLE3
        const values = [pop(), pop()];
        if (opcode === 0x87) values.push(pop());
        push(values.reverse());
        break;
      }
      case 0x64: { // DICT
        const items = popToMark();
        const map = new Map<PickleValue, PickleValue>();
        setItems(map, items);
        push(map);
        break;
      }
      case 0x61: { // APPEND
        const value = pop();
        list(top()).push(value);
        break;
      }
      case 0x65: { // APPENDS
        const values = popToMark();
        const target = list(top());
        for (const value of values) target.push(value);
        break;
      }
      case 0x73: { // SETITEM
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        break;
      }
      case 0x75: { // SETITEMS
        const items = popToMark();
        setItems(top(), items);
        break;
      }
      case 0x71: // BINPUT
        remember(u8());
        break;
      case 0x72: // LONG_BINPUT
        remember(u32());
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        recall(u8());
        break;
      case 0x6a: // LONG_BINGET
        recall(u32());
        break;
      case 0x63: { // GLOBAL
        const module = line();
        global(module, line());
        break;
      }
      case 0x93: { // STACK_GLOBAL
        const name = pop();
        const module = pop();
        if (typeof name !== "string" || typeof module !== "string") fail("a name is not a text");
        global(module as string, name as string);
        break;
      }
      case 0x51: // BINPERSID
        push(world.persistent(pop()));
        break;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        call();
        break;
      case 0x62: { // BUILD
        const state = pop();
        const object = pop();
        if (!world.build) fail("it sets the state of an object");
        push(world.build!(object, state));
        break;
      }
      default:
        fail(`its instruction 0x${opcode.toString(16).padStart(2, "0")} is not allowed`);
    }
  }
}

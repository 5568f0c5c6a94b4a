import { PickleBytes, PickleError } from "./pickle_bytes.ts";
import { readLiteral } from "./pickle_literals.ts";
import { shown } from "./shown.ts";

export { PickleError };

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

/**
 * Stands for an object that is not built, because its class or the function that makes it is not
 * known here. It takes any state and any items, and keeps none.
 */
export class UnbuiltObject {
  /** Who would have built it, e.g. `argparse.Namespace`. */
  constructor(readonly name: string) {}
}

/** What a pickle may refer to, besides plain containers. */
export interface PickleWorld {
  /**
   * The result of a call; refuse by throwing. Both `f(*args)` and `cls.__new__(cls, *args)`.
   *
   * @param spend to be told of values that are copied out of `args`, which may be shared
   */
  call(
    callee: PickleGlobal,
    args: readonly PickleValue[],
    spend: (values: number) => void,
  ): PickleValue;
  /** Sets the state of an object that `call` made. */
  build?(object: PickleValue, state: PickleValue): PickleValue;
  /** The object that a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/**
 * Most values that a pickle makes or recalls, those in lists and dictionaries among them: real
 * checkpoints have some ten thousand.
 */
const MOST_VALUES = 5_000_000;

/** Longest name of a class with its module, which is compared each time that it is called. */
const LONGEST_NAME = 500;

const MARK = Symbol("mark");
type Slot = PickleValue | typeof MARK;

/**
 * Reads one pickle of protocol 2 to 5. No code is run: a name stays a name (`PickleGlobal`), and
 * what the pickle wants to call is handed to `world`, which knows the few calls that rebuild
 * tensors. Nothing is recursive, so depth costs no stack, and the work is bounded by the number of
 * values.
 *
 * @returns the object and the position behind the pickle
 * @throws {PickleError}
 */
export function unpickle(
  bytes: Uint8Array,
  world: PickleWorld,
  start = 0,
): { value: PickleValue; end: number } {
  const input = new PickleBytes(bytes, start);
  const stack: Slot[] = [];
  const memo = new Map<number, PickleValue>();
  let values = 0;

  const fail = (what: string): never => input.fail(what);
  const spend = (count: number) => {
    values += count;
    if (values > MOST_VALUES) fail(`it holds more than ${MOST_VALUES} values`);
  };
  const push = (value: Slot) => {
    spend(1);
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
  const append = (target: PickleValue, values: readonly PickleValue[]) => {
    if (target instanceof UnbuiltObject) return;
    if (!Array.isArray(target)) return fail("it appends to something that is not a list");
    for (const value of values) target.push(value);
  };
  const setItems = (target: PickleValue, items: readonly PickleValue[]) => {
    if (target instanceof UnbuiltObject) return;
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
    if (callee instanceof UnbuiltObject) return push(callee);
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) {
      return fail(`it calls something that is not a function: ${shown(callee)}`);
    }
    push(world.call(callee, args, spend));
  };
  const global = (module: string, name: string) => {
    if (module.length + name.length > LONGEST_NAME) fail("a name is too long");
    push(new PickleGlobal(`${module} ${name}`));
  };

  while (true) {
    const opcode = input.u8();
    switch (opcode) {
      case 0x80: // PROTO
        if (input.u8() > 5) fail("its protocol is newer than 5");
        break;
      case 0x95: // FRAME
        input.u64();
        break;
      case 0x2e: // STOP
        return { value: pop(), end: input.at };
      case 0x28: // MARK
        push(MARK);
        break;
      case 0x30: // POP
        if (stack.pop() === undefined) fail("its stack is broken");
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        push([]);
        break;
      case 0x7d: // EMPTY_DICT
        push(new Map());
        break;
      case 0x8f: // EMPTY_SET
        push(new UnbuiltObject("builtins.set"));
        break;
      case 0x91: // FROZENSET
        popToMark();
        push(new UnbuiltObject("builtins.frozenset"));
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
        append(top(), [value]);
        break;
      }
      case 0x65: // APPENDS
      case 0x90: { // ADDITEMS
        const values = popToMark();
        append(top(), values);
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
        remember(input.u8());
        break;
      case 0x72: // LONG_BINPUT
        remember(input.u32());
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        recall(input.u8());
        break;
      case 0x6a: // LONG_BINGET
        recall(input.u32());
        break;
      case 0x63: { // GLOBAL
        const module = input.line();
        global(module, input.line());
        break;
      }
      case 0x93: { // STACK_GLOBAL
        const name = pop();
        const module = pop();
        if (typeof name !== "string" || typeof module !== "string") fail("a name is not a string");
        global(module as string, name as string);
        break;
      }
      case 0x51: // BINPERSID
        push(world.persistent(pop()));
        break;
      case 0x92: // NEWOBJ_EX: keyword arguments are of no use to what is rebuilt here
        pop();
        call();
        break;
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        call();
        break;
      case 0x62: { // BUILD
        const state = pop();
        const object = pop();
        if (object instanceof UnbuiltObject) push(object);
        else if (world.build) push(world.build(object, state));
        else fail("it sets the state of an object");
        break;
      }
      default: {
        const value = readLiteral(opcode, input);
        if (value !== undefined) push(value);
        else fail(`its instruction 0x${opcode.toString(16).padStart(2, "0")} is not allowed`);
      }
    }
  }
}

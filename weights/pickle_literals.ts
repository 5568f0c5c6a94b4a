import type { PickleBytes } from "./pickle_bytes.ts";

/**
 * The number, text or bytes that an instruction pushes; undefined when it does something else.
 *
 * @throws {PickleError} when it is cut off
 */
export function readLiteral(
  opcode: number,
  input: PickleBytes,
): null | boolean | number | bigint | string | Uint8Array | undefined {
  switch (opcode) {
    case 0x4e: // NONE
      return null;
    case 0x88: // NEWTRUE
      return true;
    case 0x89: // NEWFALSE
      return false;
    case 0x4a: // BININT
      return input.i32();
    case 0x4b: // BININT1
      return input.u8();
    case 0x4d: // BININT2
      return input.u16();
    case 0x8a: // LONG1
      return input.integer(input.u8());
    case 0x8b: // LONG4
      return input.integer(input.u32());
    case 0x47: // BINFLOAT
      return input.f64();
    case 0x58: // BINUNICODE
      return input.utf8(input.u32());
    case 0x8c: // SHORT_BINUNICODE
      return input.utf8(input.u8());
    case 0x8d: // BINUNICODE8
      return input.utf8(input.u64());
    case 0x54: // BINSTRING, of Python 2
      return input.latin1(input.u32());
    case 0x55: // SHORT_BINSTRING, of Python 2
      return input.latin1(input.u8());
    case 0x42: // BINBYTES
      return input.copy(input.u32());
    case 0x43: // SHORT_BINBYTES
      return input.copy(input.u8());
    case 0x8e: // BINBYTES8
    case 0x96: // BYTEARRAY8
      return input.copy(input.u64());
    default:
      return undefined;
  }
}

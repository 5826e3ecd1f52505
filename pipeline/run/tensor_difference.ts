/** Where two safetensors files differ most. */

/** One tensor as the header of a safetensors file states it. */
interface Header {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

interface Tensors {
  readonly headers: ReadonlyMap<string, Header>;
  readonly metadata: string;
  /** Where the data begin. */
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The header of a safetensors file; null when it is none. */
function readTensors(bytes: Uint8Array<ArrayBuffer>): Tensors | null {
  try {
    const length = Number(
      new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true),
    );
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length));
    const { __metadata__: metadata, ...headers } = JSON.parse(text) as Record<string, Header>;
    const start = 8 + length;
    for (const { shape, data_offsets: [from, to] } of Object.values(headers)) {
      if (!Array.isArray(shape) || !(from >= 0 && from <= to && start + to <= bytes.length)) {
        return null;
      }
    }
    const map = new Map(Object.entries(headers));
    return { headers: map, metadata: JSON.stringify(metadata), start, bytes };
  } catch {
    return null;
  }
}

const VIEWS: Readonly<
  Record<string, new (buffer: ArrayBuffer) => ArrayLike<number> | ArrayLike<bigint>>
> = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Float16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** A tensor's values; null for types without numbers that are known here. */
function valuesOf(
  { bytes, start }: Tensors,
  { dtype, data_offsets: [from, to] }: Header,
): ArrayLike<number> | ArrayLike<bigint> | null {
  // A copy of its own, so that every type is aligned.
  const { buffer } = bytes.slice(start + from, start + to);
  if (dtype === "BF16") {
    return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
  }
  return VIEWS[dtype] === undefined ? null : new VIEWS[dtype](buffer);
}

/** The largest difference of two tensors, by one measure. */
interface Largest {
  readonly difference: number;
  readonly index: number;
  readonly values: readonly [number, number];
}

interface Compared {
  readonly name: string;
  readonly header: Header;
  readonly absolute: Largest;
  readonly relative: Largest;
  readonly count: number;
}

/**
 * Says which tensor of two safetensors files differs most, by how much and where.
 *
 * @returns null when one of them is no such file, or when no number differs.
 */
export function tensorDifference(
  first: Uint8Array<ArrayBuffer>,
  second: Uint8Array<ArrayBuffer>,
): string | null {
  const [a, b] = [readTensors(first), readTensors(second)];
  if (a === null || b === null) return null;
  for (const name of new Set([...a.headers.keys(), ...b.headers.keys()])) {
    const [left, right] = [a.headers.get(name), b.headers.get(name)];
    if (left === undefined) return `tensor ${quoted(name)} is only in the second`;
    if (right === undefined) return `tensor ${quoted(name)} is only in the first`;
    const [was, is] = [describe(left), describe(right)];
    if (was !== is) return `tensor ${quoted(name)} is ${was} in the first, ${is} in the second`;
  }
  let worst: Compared | null = null;
  let differing = 0;
  for (const [name, header] of a.headers) {
    const compared = compare(name, header, a, b);
    if (compared === null) continue;
    differing++;
    if (worst === null || compared.absolute.difference > worst.absolute.difference) {
      worst = compared;
    }
  }
  if (worst === null) {
    return a.metadata === b.metadata ? null : "the metadata in the header differ";
  }
  const { absolute, relative, header } = worst;
  const others = differing === 1 ? "" : ` (the largest of ${differing} tensors that differ)`;
  return `tensor ${quoted(worst.name)}, ${describe(header)}${others}: ` +
    `${worst.count} of ${header.shape.reduce((n, d) => n * d, 1)} numbers differ, ` +
    `by at most ${size(absolute, header)}, relatively ${size(relative, header)}`;
}

function compare(name: string, header: Header, a: Tensors, b: Tensors): Compared | null {
  const left = valuesOf(a, header);
  const right = valuesOf(b, b.headers.get(name)!);
  if (left === null || right === null) return null;
  let count = 0;
  let absolute: Largest | null = null;
  let relative: Largest | null = null;
  for (let index = 0; index < left.length; index++) {
    // Other bits of one number, as of -0 and 0 or of two kinds of NaN, are no difference in size.
    if (Object.is(left[index], right[index])) continue;
    count++;
    const values = [Number(left[index]), Number(right[index])] as const;
    const gap = Number.isNaN(values[0]) !== Number.isNaN(values[1])
      ? Infinity
      : typeof left[index] === "bigint"
      ? Math.abs(Number(BigInt(left[index]) - BigInt(right[index])))
      : Math.abs(values[0] - values[1]);
    const share = gap === 0 ? 0 : gap / Math.max(Math.abs(values[0]), Math.abs(values[1]));
    if (absolute === null || gap > absolute.difference) {
      absolute = { difference: gap, index, values };
    }
    const ratio = Number.isNaN(share) ? Infinity : share;
    if (relative === null || ratio > relative.difference) {
      relative = { difference: ratio, index, values };
    }
  }
  if (absolute === null || relative === null) return null;
  return { name, header, absolute, relative, count };
}

function size({ difference, index, values }: Largest, { shape }: Header): string {
  const [was, is] = values.map((value) => Object.is(value, -0) ? "-0" : String(value));
  return `${Number(difference.toPrecision(3))} at [${place(index, shape)}] (${was} and ${is})`;
}

/** Row-major index → index along each dimension. */
function place(index: number, shape: readonly number[]): string {
  const parts: number[] = [];
  for (const length of [...shape].reverse()) {
    parts.unshift(index % length);
    index = Math.floor(index / length);
  }
  return parts.join(", ");
}

function describe({ dtype, shape }: Header): string {
  return `${dtype} [${shape.join(", ")}]`;
}

function quoted(name: string): string {
  return JSON.stringify(name);
}

// Concrete arrays on the host: construction, conversion, size.
import { type DType, type HostData, type NdArray, type Spec, TensorError } from "./types.ts";

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

const BYTES: Record<DType, number> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bool: 1,
};

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype];
}

/** Bytes of an array of this type and shape. */
export function bytesOf({ dtype, shape }: Spec): number {
  return sizeOf(shape) * bytesPerElement(dtype);
}

/** Zero-filled host storage. */
export function storage(dtype: DType, length: number): HostData {
  switch (dtype) {
    case "float16":
      return new Float16Array(length);
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
    case "bool":
      return new Uint8Array(length);
  }
}

/** The dtype that stores itself in this kind of typed array. */
export function dtypeOf(data: HostData): DType {
  if (data instanceof Float16Array) return "float16";
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof BigInt64Array) return "int64";
  return "bool";
}

/**
 * An array over existing typed data (not copied); shape defaults to one axis.
 * @throws TensorError `shape` when the shape does not hold exactly the data.
 */
export function ndarray(data: HostData, shape: readonly number[] = [data.length]): NdArray {
  if (sizeOf(shape) !== data.length) {
    throw new TensorError(
      "shape",
      `ndarray: ${data.length} elements do not fill shape [${shape.join(", ")}] of ${
        sizeOf(shape)
      }`,
    );
  }
  return { dtype: dtypeOf(data), shape: [...shape], data };
}

/** @throws TensorError `dtype` unless the number is whole. */
function bigint(value: number): bigint {
  if (Number.isInteger(value)) return BigInt(value);
  throw new TensorError("dtype", `${value} is not an int64; round it or use a float dtype`);
}

/** An array filled with one value. */
export function full(shape: readonly number[], value: number, dtype: DType = "float32"): NdArray {
  const data = storage(dtype, sizeOf(shape));
  if (value !== 0 || Object.is(value, -0)) {
    if (data instanceof BigInt64Array) data.fill(bigint(value));
    else data.fill(data instanceof Uint8Array ? 1 : value);
  }
  return { dtype, shape: [...shape], data };
}

/** An array of zeros. */
export function zeros(shape: readonly number[], dtype: DType = "float32"): NdArray {
  return full(shape, 0, dtype);
}

/** An array of ones. */
export function ones(shape: readonly number[], dtype: DType = "float32"): NdArray {
  return full(shape, 1, dtype);
}

/** Numbers, or arrays of arrays of numbers of equal lengths. */
export type Nested = number | readonly Nested[];

/**
 * An array from nested lists of numbers, e.g. `fromNested([[1, 2], [3, 4]])`.
 * @throws TensorError `shape` when the lists are ragged.
 */
export function fromNested(nested: Nested, dtype: DType = "float32"): NdArray {
  const shape: number[] = [];
  for (let level = nested; typeof level !== "number"; level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const flat: number[] = [];
  const visit = (x: Nested, depth: number) => {
    if (typeof x === "number") {
      if (depth !== shape.length) {
        throw new TensorError("shape", "fromNested: a number beside lists; lists are ragged");
      }
      flat.push(x);
      return;
    }
    if (x.length !== shape[depth]) {
      throw new TensorError(
        "shape",
        `fromNested: a list of ${x.length} beside ${
          shape[depth] === undefined ? "numbers" : `lists of ${shape[depth]}`
        }; lists are ragged`,
      );
    }
    for (const item of x) visit(item, depth + 1);
  };
  visit(nested, 0);
  return fromNumbers(flat, shape, dtype);
}

/**
 * An array from a flat list of numbers in row-major order; as `bool`, what is not 0 is true.
 * @throws TensorError `dtype` for an int64 that is not whole.
 */
export function fromNumbers(
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType = "float32",
): NdArray {
  const data = storage(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    if (data instanceof BigInt64Array) data[i] = bigint(values[i]);
    else data[i] = data instanceof Uint8Array ? Number(values[i] !== 0) : values[i];
  }
  return ndarray(data, shape);
}

/** Elements as JavaScript numbers, row-major. */
export function toNumbers(x: NdArray): number[] {
  return Array.from(x.data as ArrayLike<number | bigint>, Number);
}

/** Whether a value is a host array. */
export function isNdArray(x: unknown): x is NdArray {
  return typeof x === "object" && x !== null && "data" in x && "dtype" in x && "shape" in x &&
    ArrayBuffer.isView((x as NdArray).data);
}

/** Whether two specs have the same dtype and shape. */
export function sameSpec(a: Spec, b: Spec): boolean {
  return a.dtype === b.dtype && a.shape.length === b.shape.length &&
    a.shape.every((d, i) => d === b.shape[i]);
}

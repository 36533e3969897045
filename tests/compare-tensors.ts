import { type TensorData, toFloat64 } from '@hubfuse/tensors';

type Tensors = ReadonlyMap<string, TensorData>;

/** How close two files must be. `ulps` are steps between neighbours of a 16-bit dtype. */
export type Tolerance = { rtol: number; atol: number } | { ulps: number; share: number };

/**
 * What is wrong with a file, one line per finding; empty where it equals the reference within the tolerance.
 * @param ambiguous BOOL tensors, true where a position is not to be compared
 */
export function differences(options: {
  found: Tensors;
  expected: Tensors;
  tolerance: Tolerance;
  ambiguous?: Tensors;
}): string[] {
  const { found, expected, tolerance } = options;
  const problems = [...found.keys()].filter((name) => !expected.has(name)).map((name) => `${name} should not be there`);
  let compared = 0;
  let moved = 0;
  for (const [name, reference] of expected) {
    const tensor = found.get(name);
    if (tensor === undefined) problems.push(`${name} is missing`);
    else if (layout(tensor) !== layout(reference)) {
      problems.push(`${name} is ${layout(tensor)} instead of ${layout(reference)}`);
    } else {
      const result = compareTensor(tensor, reference, { tolerance, ignore: options.ambiguous?.get(name)?.data });
      compared += result.compared;
      moved += result.moved;
      if (result.far > 0) problems.push(`${name}: ${result.far} values too far, the worst by ${result.worst}`);
    }
  }
  if ('share' in tolerance && moved > tolerance.share * compared) {
    problems.push(`${moved} of ${compared} values are rounded otherwise, more than ${tolerance.share} of them`);
  }
  return problems;
}

const layout = ({ dtype, shape }: TensorData) => `${dtype} [${shape.join(', ')}]`;

function compareTensor(
  tensor: TensorData,
  reference: TensorData,
  options: { tolerance: Tolerance; ignore: Uint8Array | undefined },
): { compared: number; moved: number; far: number; worst: number } {
  const { tolerance, ignore } = options;
  const steps = 'ulps' in tolerance;
  const values = (source: TensorData) => (steps ? orderedCodes(source) : toFloat64(source.data, source.dtype));
  const x = values(tensor);
  const y = values(reference);
  const result = { compared: 0, moved: 0, far: 0, worst: 0 };
  for (let i = 0; i < y.length; i++) {
    if (ignore?.[i] === 1) continue;
    result.compared++;
    const expected = y[i] as number;
    const distance = Math.abs((x[i] as number) - expected);
    if (distance !== 0) result.moved++;
    const allowed = steps ? tolerance.ulps : tolerance.atol + tolerance.rtol * Math.abs(expected);
    if (distance <= allowed) continue;
    result.far++;
    result.worst = Number.isNaN(distance) ? distance : Math.max(result.worst, distance);
  }
  return result;
}

/** Codes of a 16-bit float in the order of their values, so that neighbours differ by one. */
function orderedCodes({ data }: TensorData): Float64Array {
  const codes = new Uint16Array(data.slice().buffer);
  return Float64Array.from(codes, (code) => (code & 0x8000 ? -(code & 0x7fff) : code));
}

/** Eigenvalues and eigenvectors of a symmetric matrix. */
export interface Eigen {
  values: number[];
  /** Column k belongs to value k: `vectors[row][k]`. */
  vectors: number[][];
}

const MOST_SWEEPS = 50;

/** Cyclic Jacobi rotations: exact enough and always the same operations, which suits matrices of some dozens of rows. */
export function symmetricEigen(matrix: readonly (readonly number[])[]): Eigen {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = Array.from({ length: n }, (_, row) =>
    Array.from({ length: n }, (_, column) => Number(row === column)),
  );
  const at = (rows: readonly (readonly number[])[], row: number, column: number) => rows[row]?.[column] ?? Number.NaN;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let outside = 0;
    let inside = 0;
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        if (row === column) inside += at(a, row, row) ** 2;
        else outside += at(a, row, column) ** 2;
      }
    }
    if (outside <= Number.EPSILON ** 2 * inside) break;
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate({ a, vectors, p, q });
  }
  return { values: a.map((_, index) => at(a, index, index)), vectors };
}

/** Makes the entry (p, q) zero. */
function rotate({ a, vectors, p, q }: { a: number[][]; vectors: number[][]; p: number; q: number }): void {
  const [rowP, rowQ] = [a[p], a[q]];
  if (rowP === undefined || rowQ === undefined) return;
  const [app = 0, apq = 0, aqq = 0] = [rowP[p], rowP[q], rowQ[q]];
  if (apq === 0) return;
  const theta = (aqq - app) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(t * t + 1);
  const sine = t * cosine;
  for (const row of a) turn(row, p, q, cosine, sine);
  for (let column = 0; column < a.length; column++) {
    const [x = 0, y = 0] = [rowP[column], rowQ[column]];
    rowP[column] = cosine * x - sine * y;
    rowQ[column] = sine * x + cosine * y;
  }
  for (const row of vectors) turn(row, p, q, cosine, sine);
}

function turn(row: number[], p: number, q: number, cosine: number, sine: number): void {
  const [x = 0, y = 0] = [row[p], row[q]];
  row[p] = cosine * x - sine * y;
  row[q] = sine * x + cosine * y;
}
